"""The OCPP central system: stations connect here, and limits leave from here as leases.

`central_system` the whole · `listener` `throttle` `addresses` the door, `security` who may come in · `visit` one
connection · `rpc` `lane` `wire_json` its messages · `messages` what they mean, `v16` `v201` `v21` in each version ·
`station` `connector` `transactions` `car_meter` `meter_values` `station_clock` what is known, `quirks` of its kind ·
`limits` `charging_profiles` `capabilities` leases · `attendant` `setup` what is done unasked · `pace` every waiting
time · `service` firmware, files, tags and settings · `observer` who follows a station, `relay` a second central system.
"""
