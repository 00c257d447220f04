"""A real Home Assistant beside the house of `ems demo` and its service; each side can be killed and started again."""
