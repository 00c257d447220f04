"""What is peculiar about charging stations: rows by vendor, a person's own word, and what was learnt."""
