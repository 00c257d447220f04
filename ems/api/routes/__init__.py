"""The routes of `/api/v1`, a module per subject; each one says which role it needs."""
