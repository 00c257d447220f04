"""A list of faults to play: what breaks, when, for how long, and where. Read from YAML."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated, ClassVar, Final, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ems.config.marked import Document, read_marked
from ems.config.problems import Place
from ems.errors import EmsError

LONGEST_S: Final = 3600.0
MOST_BYTES: Final = 100_000


_Wrong: TypeAlias = tuple[int | None, str]
"""Line, and problem with its cure."""


class FaultKind(StrEnum):
    """The rows of the fault table (design §6), as a script spells them."""

    NOTHING = "nothing"
    """No fault at all: whether the sudden load alone is too much."""

    METER_LATE = "meter_late"
    METER_LOST = "meter_lost"
    METER_FROZEN = "meter_frozen"
    METER_BACKWARDS = "meter_backwards"
    METER_IMPOSSIBLE = "meter_impossible"
    STATION_DISCONNECTS = "station_disconnects"
    STATION_REBOOTS = "station_reboots"
    STATION_REJECTS = "station_rejects"
    STATION_TIMES_OUT = "station_times_out"
    STATION_IGNORES = "station_ignores"
    SERVICE_DIES = "service_dies"
    NETWORK_CUT = "network_cut"
    INVERTER_LOST = "inverter_lost"
    CLOCK_JUMPS = "clock_jumps"
    STORE_FULL = "store_full"
    SITE_FILE_WRONG = "site_file_wrong"
    NOT_COMMISSIONED = "not_commissioned"


ONE_STATION: Final = frozenset(
    {
        FaultKind.STATION_DISCONNECTS,
        FaultKind.STATION_REBOOTS,
        FaultKind.STATION_REJECTS,
        FaultKind.STATION_TIMES_OUT,
        FaultKind.STATION_IGNORES,
    }
)
"""One station keeps what it has, and the others have to make room."""


class FaultRow(BaseModel):
    """One fault of a script."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fault: FaultKind
    at: Annotated[float | None, Field(ge=30, le=LONGEST_S)] = None
    """Seconds from the start of the run; None: once the cars charge."""

    lasts: Annotated[float | None, Field(gt=0, le=LONGEST_S, alias="for")] = None
    """Seconds; None: as long as the verdict needs."""

    target: str | None = None
    """Station or metered circuit; None: the first station, the main meter."""

    @property
    def label(self) -> str:
        """The fault, and what the script says of it."""
        at = "" if self.at is None else f" at {self.at:g} s"
        lasts = "" if self.lasts is None else f" for {self.lasts:g} s"
        return f"{self.fault}{'' if self.target is None else f' {self.target}'}{at}{lasts}"


class FaultScriptError(EmsError):
    """A fault script cannot be played; the message names file, line, problem and cure."""

    code: ClassVar[str] = "fault_script"


def read_faults(path: Path, stations: Collection[str], circuits: Collection[str]) -> tuple[FaultRow, ...]:
    """The rows of a script, `faults:` with a list. Raises FaultScriptError with everything that is wrong."""
    document = read_marked(_text(path))
    wrong: list[_Wrong] = [(finding.line, f"{finding.problem}: {finding.cure}") for finding in document.findings]
    entries = document.value.get("faults") if isinstance(document.value, dict) else None
    if not wrong and (not isinstance(entries, list) or not entries):
        wrong.append((None, "has no list of faults: write `faults:` and under it rows like `- {fault: meter_lost}`"))
    rows: list[FaultRow] = []
    for i, entry in enumerate(entries if isinstance(entries, list) else ()):
        try:
            rows.append(FaultRow.model_validate(entry))
        except ValidationError as error:
            wrong += _told(document, error, ("faults", i))
        else:
            wrong += _unknown_target(document, rows[-1], ("faults", i, "target"), stations, circuits)
    if wrong:
        raise FaultScriptError("\n".join(_sentence(path, *each) for each in wrong))
    return tuple(rows)


def _sentence(path: Path, line: int | None, problem: str) -> str:
    return f"{path.name}: {problem}" if line is None else f"{path.name} line {line}: {problem}"


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
        if len(content) > MOST_BYTES:
            raise FaultScriptError(f"{path.name}: is larger than {MOST_BYTES // 1000} kB: is this the right file?")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise FaultScriptError(f"{path.name}: cannot be read ({error.strerror}): check the path") from error
    except UnicodeDecodeError as error:
        raise FaultScriptError(f"{path.name}: is not UTF-8 text: save it with the encoding UTF-8") from error


def _told(document: Document, error: ValidationError, row: Place) -> Iterator[_Wrong]:
    for detail in error.errors(include_url=False):
        key = ".".join(str(step) for step in detail["loc"]) or "the row"
        said, cure = detail["msg"], "docs/simulate.md says what may stand there"
        if detail["loc"] == ("fault",):
            said, cure = f"{detail['input']} is no fault", _cure(str(detail["input"]), list(FaultKind))
        elif detail["type"] == "extra_forbidden":
            said, cure = "is no key of a row", "a row has fault, at, for and target"
        yield document.line_of((*row, *detail["loc"])), f"{key}: {said}: {cure}"


def _unknown_target(
    document: Document, row: FaultRow, place: Place, stations: Collection[str], circuits: Collection[str]
) -> Iterator[_Wrong]:
    of_meter = row.fault.value.startswith("meter_")
    known, what = (circuits, "metered circuit") if of_meter else (stations, "station")
    if row.target is not None and row.target not in known:
        yield document.line_of(place), f"{row.target} is no {what}: {_cure(row.target, list(known))}"


def _cure(word: str, known: list[str]) -> str:
    near = get_close_matches(word, known, 1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
