"""A second central system beside ours: it gets sessions and meter values of a station, and the limits stay ours.

`relays` all of them · `relay` one station's · `conversation` one connection · `door` how it is reached · `trickle` how
little of it is taken at once · `commands` what it may ask · `caps` `profiles` its limits · `tags` who may charge ·
`entries` `backlog` `disk` what waits for it · `spelling` OCPP 1.6.
"""
