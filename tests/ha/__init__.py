"""Tests of the Home Assistant integration; they run where Home Assistant is (`make test-ha`)."""
