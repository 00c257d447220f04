"""The simulated devices behind real sockets: Modbus TCP server, MQTT publisher, OCPP stations."""
