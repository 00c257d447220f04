"""Writes traces in the layout that `read_trace` takes; the same trace gives the same bytes."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final, TextIO

import numpy as np

from ems.sim.traces.errors import TraceError
from ems.sim.traces.trace import PRICE, Series, Trace

SUFFIXES: Final = (".csv", ".csv.gz")
_POWER: Final = ("load_w", "pv_w", "load_l1_w", "load_l2_w", "load_l3_w", "battery_w")


def write_trace(path: Path, trace: Trace) -> None:
    """Write a trace, replacing a file of that name only once all of it is written. Powers keep 0.1 W.

    Columns without any reading are left out. Raises TraceError when the name or the folder does not do.
    """
    names, columns = _columns(trace)
    partial = path.with_name(f".{path.name}")
    try:
        with opened_for_rows(partial, path) as file:
            file.write(",".join(("time", *names)) + "\n")
            file.writelines(",".join(cells) + "\n" for cells in zip(_times(trace), *columns, strict=True))
        partial.replace(path)
    except OSError as error:
        raise not_writable(path, error) from error
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def opened_for_rows(path: Path, named: Path | None = None) -> Iterator[TextIO]:
    """A text file for rows, gzip'd when the name ends so, and complete once the block ends. Raises TraceError.

    `named` is the name that counts, where the file is written under another one first.
    """
    name = (named or path).name
    if not name.endswith(SUFFIXES):
        raise TraceError(name, "has no name for a trace", f"let it end in {' or '.join(SUFFIXES)}")
    with path.open("wb") as raw:
        if not name.endswith(".gz"):
            with _text(raw) as file:
                yield file
            return
        # Neither name nor time inside, so that the same rows are the same bytes.
        with (
            gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6, mtime=0) as packed,
            _text(packed) as file,
        ):
            yield file


def not_writable(path: Path, error: OSError) -> TraceError:
    """The error for a place that cannot be written to."""
    said = error.strerror or str(error)
    return TraceError(path.name, f"cannot be written ({said})", "check that the folder exists and has room")


def time_text(at: datetime) -> str:
    """As in the column `time`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def cell(number: float | None, decimals: int = 1) -> str:
    """A number without needless digits; empty for no reading."""
    if number is None or number != number:
        return ""
    text = f"{number:.{decimals}f}"
    short = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if short == "-0" else short


def _times(trace: Trace) -> Iterator[str]:
    start_s = int(trace.start_utc.timestamp())
    seconds = start_s + np.arange(len(trace.load_w), dtype=np.int64) * trace.step_s
    for text in np.datetime_as_string(seconds.astype("datetime64[s]"), unit="s").tolist():
        yield f"{text}Z"


def _text(raw: IO[bytes] | gzip.GzipFile) -> TextIO:
    return io.TextIOWrapper(raw, encoding="utf-8", newline="")


def _columns(trace: Trace) -> tuple[Sequence[str], Sequence[Iterable[str]]]:
    names: list[str] = []
    columns: list[Iterable[str]] = []
    for name in (*_POWER, PRICE):
        series: Series | None = getattr(trace, name)
        if series is None or np.isnan(series).all():
            continue
        decimals = 5 if name == PRICE else 1
        names.append(name)
        columns.append([cell(number, decimals) for number in series.tolist()])
    if not names:
        raise TraceError(trace.name, "has no reading at all", "give at least one column")
    return names, columns
