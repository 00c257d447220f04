"""What a home battery may be told, and the way it is told."""
