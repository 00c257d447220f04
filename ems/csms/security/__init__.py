"""Who a station is, and how safely it comes: certificates, passwords, profiles, and what happened at the door.

`gate` the whole · `admission` `credentials` the rules · `keyring` what is remembered · `tls` the encrypted door ·
`authority` `issuing` `requests` `key_kind` our certificates · `occurrences` what happened · `private_files` the disk.
"""
