"""What outlives a restart: the journal of every cycle, for replays, and the memory of control.

`codec` values as JSON and back, exactly · `packing` small packets · `tables`, `migrations` the layout · `database`,
`upgrade` open a file or a server · `journal` writes · `segments` reads · `replay` decides again · `moments` finds one
cycle with its memory · `memory_file` control memory over restarts.
"""
