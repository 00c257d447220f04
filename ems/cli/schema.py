"""`ems schema`: the site file's JSON Schema, on the screen or in a file."""

from __future__ import annotations

import sys
from pathlib import Path

from ems.config.json_schema import json_schema_text


def print_schema(output: Path | None) -> int:
    """Print the schema, or write it to `output`. The exit code: 1 when that cannot be written."""
    if output is None:
        sys.stdout.write(json_schema_text())
        return 0
    try:
        output.write_text(json_schema_text(), encoding="utf-8")
    except OSError as error:
        sys.stderr.write(f"{output} cannot be written ({error.strerror}): name a file in a folder that exists\n")
        return 1
    return 0
