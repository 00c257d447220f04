"""How other systems decide, re-implemented from descriptions and played fairly (`baselines.md`)."""
