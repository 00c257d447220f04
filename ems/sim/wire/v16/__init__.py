"""OCPP 1.6 as simulated stations speak it."""
