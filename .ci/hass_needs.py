"""What Home Assistant would fetch at its start for the parts that it always runs and those of configuration.yaml.

    .venv-hass/bin/python .ci/hass_needs.py

One requirement a line, as its own manifests pin them: the group `hass` of pyproject.toml, so that it starts without an
index. After a change of its release: build .venv-hass anew, run this, put the lines there, `make requirements`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

from homeassistant import bootstrap, components

PARTS: Final = ("recorder", "history", "logbook", "energy", "system_health", "zeroconf")
"""`zeroconf`: our integration asks for it."""

FOLDER: Final = Path(components.__path__[0])


def needs(*parts: str) -> set[str]:
    """Of these parts and all that they depend on."""
    todo, seen, found = set(parts), set[str](), set[str]()
    while todo:
        part = todo.pop()
        seen.add(part)
        manifest = FOLDER / part / "manifest.json"
        if not manifest.exists():
            continue
        told = json.loads(manifest.read_text(encoding="utf-8"))
        found |= set(told.get("requirements", ()))
        # Of parts that need not be there too: their requirements are asked for all the same.
        todo |= {*told.get("dependencies", ()), *told.get("after_dependencies", ())} - seen
    return found


if __name__ == "__main__":
    always = (*bootstrap.DEFAULT_INTEGRATIONS, *bootstrap.LOGGING_AND_HTTP_DEPS_INTEGRATIONS)
    sys.stdout.write("\n".join(sorted(needs(*PARTS, *always), key=str.lower)) + "\n")
