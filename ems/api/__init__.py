"""The local API: what the house is doing and why, for pages, Home Assistant and other programs.

`wire` the shapes, the contract with everybody outside · `ports` what the API needs from the service.
"""
