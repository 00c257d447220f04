"""The report card of one charging station: what it really supports and obeys."""
