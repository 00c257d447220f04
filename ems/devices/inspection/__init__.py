"""Look at devices before they are in a site file: find them, show them, doubt them, record them.

`subject` the device that is meant · `looking` one look at it, whatever it speaks: `probe` registers, `described`
SunSpec models, `hearing` meters that speak by themselves, `published` topics (`broker_talk`), `objects` numbered
objects · `finding` what was found, `soundness` whether it can be true · `house_look` all devices of a site file,
`balance` whether they fit together · `site_lines` what the site file says of a device.
`search` finds out what a device is · `recorder` keeps what one says as a `recording`, by the module of `tapes` for its
carrier, without what an owner filled in (`named`).
"""
