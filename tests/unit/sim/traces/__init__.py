"""Energy traces."""
