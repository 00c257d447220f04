"""What `ems simulate --report` writes: one HTML page that an installer can show a customer. Start at `page`."""
