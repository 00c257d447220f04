"""Devices with registers: the shared connection, the checks of its frames, and the map from registers to numbers."""
