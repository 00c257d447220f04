"""The asyncio glue: the only place where control meets devices and stations."""
