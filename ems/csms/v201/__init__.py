"""OCPP 2.0.1 to and from the version-neutral words of `messages`."""
