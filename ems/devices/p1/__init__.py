"""The customer's port (P1) of smart meters in the Netherlands, Belgium, Luxembourg, Sweden and elsewhere.

`stream` cuts what comes into telegrams, `telegram` reads one, `tongue` makes values of it; `speaking` follows a meter
over TCP or a serial line (`line`), whatever its tongue. A meter speaks by itself, every second or every ten; nothing is
ever sent to it.

Our own small parser, since a fuse depends on it: memory is bounded whatever comes, a checksum cannot be left out by
whoever once gave one, every number that we use must be spelled as the standard spells it, and how many digits a current
has is known.
"""
