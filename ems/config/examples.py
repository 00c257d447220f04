"""The example site files: beside the package in a source checkout, inside of it in an installed wheel."""

from __future__ import annotations

from pathlib import Path

from ems.config.problems import Problem, SiteFileError


def example(name: str) -> Path:
    """The path of an example such as `two_cars`. Raises SiteFileError when there is no such example."""
    if name not in examples():
        problem = Problem(
            file=f"{name}.yaml",
            line=None,
            place="",
            problem="is no example",
            cure=f"there are {', '.join(examples())}",
        )
        raise SiteFileError([problem])
    return _folder() / f"{name}.yaml"


def examples() -> tuple[str, ...]:
    """The names of all examples."""
    return tuple(sorted(path.stem for path in _folder().glob("*.yaml")))


def _folder() -> Path:
    package = Path(__file__).resolve().parents[1]
    packaged = package / "examples"
    return packaged if packaged.is_dir() else package.parent / "config"
