"""Meters, inverters and batteries: real protocols behind three small ports (`ports`)."""
