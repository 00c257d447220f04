"""Inverters with a battery that speak RCT Power's own framed language over TCP.

`frames` cuts what comes into frames and writes ours, `link` asks for objects over the one connection that such a device
serves, `device` makes readings of them, `profile` says which objects are which of our numbers.

Our own small part: the library for it has a licence (GPL) that this program cannot take in, and a frame is little code.
"""
