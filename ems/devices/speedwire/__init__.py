"""Energy meters of SMA and TQ that speak by themselves, to everybody on the network (Speedwire, UDP multicast).

`datagram` reads one message, `ear` is the socket that all meters of the site file share, `device` follows one meter of
those that are heard. Nothing is ever sent to them.
"""
