"""The OCPP central system: stations connect here, and limits leave from here as leases."""
