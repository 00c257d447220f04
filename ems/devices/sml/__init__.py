"""Meters that speak SML (Smart Message Language): most smart meters in Germany, at their optical port.

`stream` cuts what comes into transport frames, `tree` reads the binary tree of one, `telegram` finds the numbers in it;
`tongue` makes values of them for a reading head on a cable or a bridge (`p1.speaking`), `page` asks a bridge over HTTP.

Our own small parser, since a fuse depends on it: of the libraries one has a licence (GPL) that this program cannot take
in, and the other takes whatever comes without bounds, untyped, and brings two serial and HTTP libraries of its own.
"""
