"""How fast Fusewise is on this machine: what `ems bench` measures (`docs/bench.md`)."""
