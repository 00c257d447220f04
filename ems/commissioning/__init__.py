"""Proofs on the real house that an installer runs: stations obey, fall back, and are wired as the site file says."""
