"""The simulated house behind real sockets: Modbus TCP server, MQTT broker and publisher, OCPP stations.

`house` builds all of it from a site file · `modbus_devices`, `mqtt_devices`, `ocpp_station` are the devices alone.
A station is a box with physics (`station_box`), a tongue for its version of OCPP (`v16`, `v2`), and a socket.
"""
