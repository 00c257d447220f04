"""OCPP 2.1 to and from the version-neutral words of `messages`."""
