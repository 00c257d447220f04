"""Sharing current and power: the rows and bounds, who is let in, who gets how much."""
