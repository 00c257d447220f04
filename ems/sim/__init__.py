"""The simulated house: `world` is its physics, `wire` puts it behind real sockets."""
