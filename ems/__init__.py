"""Fusewise: cars charge from surplus sun, and the main breaker holds."""
