"""Finding out what a device is: read-only, bounded, with the reasons of every guess."""
