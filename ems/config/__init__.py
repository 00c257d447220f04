"""The site file: what may stand in it, and how it becomes the site that control sees.

`schema` the sections and their bounds · `loader` reads a file, or names all its problems with lines and cures ·
`translate` turns it into a `Site` · `secrets` reveals passwords · `json_schema` for editors · `examples` finds ours.
"""
