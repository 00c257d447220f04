"""What is wrong with a file of the simulation lab: place, problem, cure."""

from __future__ import annotations

from typing import ClassVar, Final

from ems.errors import EmsError


class TraceError(EmsError):
    """A trace or sessions file cannot be used; the message names the file, its line, the problem and the cure."""

    code: ClassVar[str] = "trace"

    def __init__(self, file: str, problem: str, cure: str, *, line: int | None = None) -> None:
        self.file: Final = file
        """Name of the file, without its folder."""

        self.line: Final = line
        """Counted from 1, the header is line 1; None when the problem is about the file as a whole."""

        self.problem: Final = problem
        self.cure: Final = cure
        where = file if line is None else f"{file} line {line}"
        super().__init__(f"{where}: {problem}: {cure}")
