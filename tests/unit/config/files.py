"""A small valid site file, and the means to spoil it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ems.config.loader import load_site
from ems.config.problems import Problem, SiteFileError
from ems.config.schema import SiteFile

GOOD = """\
connection:
  phases: 3
  main_fuse_a: 25
  largest_other_load_a: 13
circuits:
  - {id: garage, fuse_a: 20}
meters:
  - {id: grid, profile: eastron_sdm630, modbus: {host: 127.0.0.1}}
stations:
  - {id: drive, fallback_a: 6, lease_verified: true}
  - {id: carport, wired: [L2], max_a: 32, circuit: garage}
vehicles:
  - {id: family, phases: 3}
"""


def written(folder: Path, text: str) -> Path:
    """The text as a file named site.yaml."""
    path = folder / "site.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def loaded(folder: Path, text: str) -> SiteFile:
    return load_site(written(folder, text))


def problems_of(folder: Path, text: str) -> tuple[Problem, ...]:
    """What is wrong with a text that must not load."""
    with pytest.raises(SiteFileError) as caught:
        loaded(folder, text)
    return caught.value.problems


def said(folder: Path, text: str) -> list[str]:
    """The same as people read it."""
    return [str(problem) for problem in problems_of(folder, text)]


def swapped(old: str, new: str) -> str:
    """The good file with one place changed."""
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)
