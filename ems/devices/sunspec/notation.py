"""The notation of `models.txt`, which says of itself how it is read. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from ems.devices.sunspec.layout import HEADER_REGISTERS, NOT_AVAILABLE, Field, Group, Layout, Row

BETWEEN: Final = " · "


@dataclass(slots=True)
class _Open:
    """A model or a group whose rows are still coming."""

    path: str
    count: str = ""
    rows: list[Field | _Open] = field(default_factory=list)

    def closed(self) -> tuple[Row, ...]:
        """Its rows, for good."""
        return tuple(
            row if isinstance(row, Field) else Group(path=row.path, count=row.count, rows=row.closed())
            for row in self.rows
        )

    def group(self, path: str, count: str) -> _Open:
        """The group with that path, in the group around it."""
        for row in self.rows:
            if isinstance(row, _Open) and path == row.path:
                return row
            if isinstance(row, _Open) and path.startswith(f"{row.path}."):
                return row.group(path, count)
        new = _Open(path, count)
        self.rows.append(new)
        return new


def layouts(text: str) -> Iterator[Layout]:
    """Every family of models in `text`. Raises ValueError where it is not in the notation."""
    for part in text.split("\nmodel ")[1:]:
        head, *lines = part.splitlines()
        ids, _, title = head.partition(":")
        rows = _rows([line for line in lines if line and not line.startswith("#")])
        yield Layout(ids=tuple(int(each) for each in ids.split()), title=title.strip(), rows=rows)


def _rows(lines: Sequence[str]) -> tuple[Row, ...]:
    model = _Open("")
    now, at = model, HEADER_REGISTERS
    for line in lines:
        if line.startswith("group "):
            _, path, *count = line.split()
            now = model.group(path, "".join(count))
            continue
        for cell in line.split(BETWEEN):
            one = _field(cell.split(), now.path)
            if one.offset != at:
                raise ValueError(f"{one.name} stands at {one.offset}, where {at} comes next")
            now.rows.append(one)
            at = one.end
    return model.closed()


def _field(cell: Sequence[str], group: str) -> Field:
    offset, name, kind, *more = cell
    exponents = [each[1:] for each in more if each.startswith("*")]
    units = [each for each in more if each != "rw" and not each.startswith("*")]
    base, _, length = kind.partition("x") if kind.startswith("string") else (kind, "", "")
    if base not in NOT_AVAILABLE or len(exponents) > 1 or len(units) > 1:
        raise ValueError(f"{' '.join(cell)} is no point")
    return Field(
        name=f"{group}.{name}" if group else name,
        offset=int(offset),
        type=base,
        length=int(length) if length else None,
        scale_factor=_exponent(exponents[0]) if exponents else None,
        unit="".join(units),
        writable="rw" in more,
    )


def _exponent(word: str) -> str | int:
    return int(word) if word.lstrip("-").isdigit() else word
