"""The sun: how much is left for the cars, and which of them charge from it, on how many phases."""
