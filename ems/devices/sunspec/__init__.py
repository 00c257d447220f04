"""Devices that describe themselves by SunSpec models, over the connection of `modbus`."""
