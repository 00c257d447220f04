"""What is done to a station beside charging: firmware, logs, settings, tags, availability, reservations."""
