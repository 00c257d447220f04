"""Meters, inverters and batteries: real protocols behind one small port (`ports`).

`catalog` devices from a site file · `library` the profiles, `profile` what one may say (`profile_parts`,
`modbus_profile`, `point_map`, `mqtt_profile`), `profiles/` one YAML file per device family · `cautions` what an owner
should know of them · `modbus_link` the shared connection, `modbus_address` where and how fast, `modbus_device` a
register map on it (`register_map`, `register_point`, `register_types`) · `sunspec` devices that describe themselves
(`sunspec_device`, `sunspec_models`) · `mqtt_link` the broker, `mqtt_device` a device that publishes (`entry_topics`) ·
`http_device` one that answers JSON (`http_profile`, `entry_requests`) · `messages` what both of them say · `p1` the
customer's port of smart meters · `speedwire` energy meters that speak to everybody · `obis_profile` numbers under the
codes of electricity meters · `sender_clock` which messages are new by their sender's own time · `modbus_wire` one
connection, `modbus_proxy` a door to it for other programs · `battery_control` writes the bounds of a battery that its
profile knows (`battery_profile`) · `hearing` a meter that speaks by itself, heard once ·
`sample` and `views` how numbers become readings · `plausibility` what cannot be true is no sample · `probe` one device
as an installer sees it, `soundness` whether it fits together · `cancellation` tasks end when they are told to.
"""
