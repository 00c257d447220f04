"""Parts of the guard: thermal images of the fuses, and how limits may rise."""
