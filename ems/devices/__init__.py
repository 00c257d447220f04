"""Meters, inverters and batteries: real protocols behind one small port (`ports`).

`catalog` the profiles, and devices from a site file · `profile` what a profile may say · `profiles/` one YAML file per
device family · `modbus_link` the shared connection, `modbus_device` a register map on it (`register_map`,
`register_types`) · `sunspec` devices that describe themselves (`sunspec_device`, `sunspec_models`) · `mqtt_link` the
broker, `mqtt_device` a device that publishes (`mqtt_messages`) · `sample` and `views` how numbers become readings ·
`plausibility` what cannot be true is no sample · `probe` one device as an installer sees it · `cancellation` tasks end
when they are told to.
"""
