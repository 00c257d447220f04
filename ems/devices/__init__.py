"""Meters, inverters and batteries: real protocols behind one small port (`ports`).

`catalog` devices from a site file (`entry_checks`, `entry_filling`, `entry_lines`, `entry_numbers`) · `library` the
profiles, `profile` what one may say (`profile_parts`, `profile_kinds`, `parameters`), `profiles/` one YAML file per
device family · `cautions` what an owner should know of them.
One room per way of speaking: `modbus` register maps and their shared connection · `sunspec` devices that describe
themselves · `mqtt` devices that publish · `http` devices that answer JSON (`messages`: what both of these say) · `p1`
the customer's port of smart meters · `sml` their optical port · `speedwire` energy meters that speak to everybody
(`obis_profile`: numbers by code) · `rct` inverters with numbered objects · `pushed` readings that a program brings.
`battery` what a home battery may be told · `inspection` devices as an installer sees them, found and recorded.
`sample`, `units` and `views` how numbers become readings · `sender_clock` which are new · `plausibility` what cannot be
true is no sample · `newest` the last of what comes, `newest_reading` what every device does with samples, and when it
is silent · `cancellation` tasks end when they are told to.
"""
