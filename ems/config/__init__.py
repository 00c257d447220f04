"""The site file: `schema` says what may stand in it, `loader` reads it with line numbers and cures."""
