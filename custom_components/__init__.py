"""Integrations for Home Assistant."""
