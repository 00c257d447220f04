"""Devices that publish by themselves over MQTT, and the grid operator's call that comes the same way."""
