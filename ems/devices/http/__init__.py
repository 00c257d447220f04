"""Devices that are asked over HTTP and answer in JSON."""
