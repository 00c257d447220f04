"""OCPP 1.6J to and from the version-neutral words of `messages`."""
