"""What meters, stations and cars show: which samples count, what may be in force, what was drawn, who obeys."""
