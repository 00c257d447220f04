"""The pages: what the house does and why, and the installer's commissioning, on the same server as the API."""
