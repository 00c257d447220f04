"""Energy traces: reading, making, importing and recording them, and turning coarse steps into seconds."""
