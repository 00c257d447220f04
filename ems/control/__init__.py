"""Control: pure, synchronous, deterministic. `cycle.decide` is the whole of it, told as a story."""
