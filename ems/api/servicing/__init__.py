"""What API and pages do to a station beside charging: commands, settings, tags, firmware, logs."""
