"""Pure values of the house, standard library only: what every other layer speaks in.

`electrical` phases, wiring, circuits · `readings` what devices said · `station` what a charging station said ·
`goals` what people want · `site` what the installer set · `snapshot` one look at the house ·
`decision` the answer, with a reason on every set-point.
"""
