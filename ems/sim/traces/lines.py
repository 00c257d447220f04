"""The rows of a CSV file, plain or gzip'd, read with bounded memory; what is unreadable becomes a `TraceError`."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final, TextIO

from ems.sim.traces.errors import TraceError

MAX_LINE: Final = 4096
"""Characters; a longer line is not of this kind of file."""

MAX_ROWS: Final = 6_000_000
"""A month of seconds twice over, or 11 years of minutes; more would not fit the memory of a small computer."""

OTHER_DELIMITERS: Final = ";,\t|"
_BATCH: Final = 50_000


def read_header(path: Path, *, delimiter: str = ",") -> list[str]:
    """The names in the first line, without blanks around them. Raises TraceError."""
    for batch in _batches(path, delimiter):
        return _names(path, batch[0])
    raise TraceError(path.name, "is empty", "write a header line and one row per step")


def read_rows(path: Path, *, delimiter: str = ",") -> Iterator[list[list[str]]]:
    """The rows after the header, in batches; every row has as many cells as the header.

    Raises TraceError for a file that cannot be read, a row of another length, and more than `MAX_ROWS` rows.
    """
    width, line = 0, 1
    for batch in _batches(path, delimiter):
        rows = batch
        if not width:
            width, rows = len(batch[0]), batch[1:]
        wrong = next((place for place, row in enumerate(rows) if len(row) != width), None)
        if wrong is not None:
            raise TraceError(
                path.name,
                f"has {len(rows[wrong])} cells in this row and {width} in the header",
                "write one cell per column; leave the cell empty where there is no reading",
                line=line + 1 + wrong,
            )
        line += len(rows)
        if line > MAX_ROWS:
            raise TraceError(path.name, f"has more than {MAX_ROWS} rows", "cut it into shorter files")
        yield rows


def _columns_cure(header: Sequence[str], delimiter: str) -> str:
    """A single long name mostly is a header cut with the wrong sign."""
    other = next((sign for sign in OTHER_DELIMITERS if sign != delimiter and sign in header[0]), None)
    if len(header) > 1 or other is None:
        return f"name one of its columns: {', '.join(header)}"
    return f"name its only column {header[0][:80]}, or is it --delimiter '{other}'?"


def read_cells(path: Path, names: Sequence[str], *, delimiter: str = ",") -> Iterator[tuple[int, tuple[str, ...]]]:
    """Line number and the cells of some columns, row by row. Raises TraceError, also when a column is missing."""
    header = read_header(path, delimiter=delimiter)
    for name in names:
        if name not in header:
            raise TraceError(path.name, f"has no column {name}", _columns_cure(header, delimiter), line=1)
    places = [header.index(name) for name in names]
    line = 2
    for rows in read_rows(path, delimiter=delimiter):
        for row in rows:
            yield line, tuple(row[place] for place in places)
            line += 1


def _names(path: Path, row: Sequence[str]) -> list[str]:
    names = [name.strip() for name in row]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise TraceError(path.name, f"has the column {twice[0]} twice", "keep one of them", line=1)
    return names


def _batches(path: Path, delimiter: str) -> Iterator[list[list[str]]]:
    """Rows as they stand, blank lines at the end dropped; none of the batches is empty."""
    with _told(path), _opened(path) as file:
        reader = csv.reader(_lines(path, file), delimiter=delimiter)
        while batch := list(islice(reader, _BATCH)):
            if len(batch) < _BATCH:
                while batch and not batch[-1]:
                    batch.pop()
            if batch:
                yield batch


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Every way in which a file cannot be read, as a TraceError."""
    try:
        yield
    except FileNotFoundError as error:
        raise TraceError(path.name, "does not exist", "check the path") from error
    except IsADirectoryError as error:
        raise TraceError(path.name, "is a folder", "name the file in it") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise TraceError(path.name, f"is not a whole gzip file ({error})", "pack or download it again") from error
    except UnicodeDecodeError as error:
        raise TraceError(path.name, "is not UTF-8 text", "save it as UTF-8") from error
    except csv.Error as error:
        raise TraceError(path.name, f"is not CSV ({error})", "write plain cells between commas") from error
    except OSError as error:
        said = error.strerror or str(error)
        raise TraceError(path.name, f"cannot be read ({said})", "let the user that runs ems read it") from error


def _opened(path: Path) -> TextIO:
    if path.name.endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _lines(path: Path, file: TextIO) -> Iterator[str]:
    number = 0
    while line := file.readline(MAX_LINE):
        number += 1
        if len(line) == MAX_LINE:
            raise TraceError(path.name, f"has a line of more than {MAX_LINE} characters", "check the file", line=number)
        yield line
