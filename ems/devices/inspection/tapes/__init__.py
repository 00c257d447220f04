"""One module per carrier: how what a device says there becomes a recording."""
