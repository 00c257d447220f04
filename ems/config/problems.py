"""What is wrong with a site file: place, problem, cure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final, TypeAlias

from ems.errors import EmsError

Place: TypeAlias = tuple[str | int, ...]
"""Keys and list positions from the top of the file, such as `("stations", 0, "max_a")`."""

ANY: Final = "*"
"""In a pattern of places: any key or list position."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, said for the person who can cure it."""

    file: str
    """Name of the file, without its folder."""

    line: int | None
    """Counted from 1; None when the problem is about the file as a whole."""

    place: str
    """Such as `connection.main_fuse_a` or `stations[garage].max_a`; empty for the file as a whole."""

    problem: str
    cure: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file} line {self.line}"
        what = f"{self.place} {self.problem}" if self.place else self.problem
        return f"{where}: {what}: {self.cure}"


class SiteFileError(EmsError):
    """A site file cannot be used; `problems` names everything that is wrong with it, in the order of its lines."""

    code: ClassVar[str] = "site_file"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: Final = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class SecretError(EmsError):
    """A secret that the site file refers to cannot be read; the message never holds the secret."""

    code: ClassVar[str] = "secret"

    def __init__(self, problem: str, cure: str) -> None:
        self.problem: Final = problem
        self.cure: Final = cure
        super().__init__(f"{problem}: {cure}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A problem at a place, before anybody has looked up its line."""

    place: Place
    problem: str
    cure: str
    line: int | None = None
    """Only where the line is known and the place is not enough to find it."""

    rests_on: tuple[Place, ...] = ()
    """Patterns of the other places it was concluded from: it says nothing while one of those is wrong itself."""

    def doubtful(self, wrong: Iterable[Place]) -> bool:
        """Whether it was concluded from one of the `wrong` places."""
        return any(_related(bad, pattern) for bad in wrong for pattern in (self.place, *self.rests_on))


def _related(place: Place, pattern: Place) -> bool:
    """Whether one is the other or lies inside it."""
    return all(step == other or other == ANY for step, other in zip(place, pattern, strict=False))
