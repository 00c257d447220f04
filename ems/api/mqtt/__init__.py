"""The house over MQTT: state, and on request commands, with Home Assistant discovery.

`table` what there is, the one wire table · `topics` where it is published · `face` the connection to the broker.
"""
