"""`ems replay --explain STATION`: one recorded cycle, worked out again and told step by step."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path

from ems.cli.explain import print_chain
from ems.cli.replay import iso, said, setpoint_json, utc_s_of
from ems.control.explain import explain
from ems.model.explanation import Explanation, Stage, Step
from ems.model.explanation_sentences import chain
from ems.store.database import open_for_reading
from ems.store.errors import JournalError
from ems.store.moments import Moment, moment_at


def explain_recorded(path: Path, station_id: str, *, at: str | None, as_json: bool) -> int:
    """Print the way to that station's set-point in the newest cycle at or before `at`, or of all.

    The exit code: 0, or 2 for a time, station or journal that cannot be read.
    """
    try:
        at_utc_s = utc_s_of(at)
        engine = open_for_reading(path)
        moment = moment_at(engine, at_utc_s)
        engine.dispose()
        explanation = _explained(moment, station_id)
    except JournalError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if as_json:
        sys.stdout.write(json.dumps(_as_json(moment, explanation), ensure_ascii=False) + "\n")
    else:
        _print(moment, explanation)
    return 0


def _explained(moment: Moment, station_id: str) -> Explanation:
    known = [station.station_id for station in moment.look.site.stations]
    if station_id not in known:
        raise JournalError(f"the site has no station {station_id} at that time; there are {', '.join(known)}")
    return explain(moment.look, moment.memory, station_id)


def _as_json(moment: Moment, explanation: Explanation) -> dict[str, object]:
    return {
        "at": iso(moment.utc_s),
        "at_s": moment.look.now_s,
        "station": explanation.station_id,
        "recorded_by": moment.version,
        "decided_by": version("fusewise"),
        "recorded": setpoint_json(moment.recorded.setpoints.get(explanation.station_id)),
        "now": setpoint_json(explanation.setpoint),
        "steps": [
            {
                "stage": step.stage.value,
                "says": says,
                "reason": _reason(step),
                "before_a": step.before_a,
                "limit_a": step.limit_a,
                "phases": step.phases,
                "facts": dict(step.facts),
            }
            for step, says in zip(explanation.steps, chain(explanation), strict=True)
        ],
    }


def _reason(step: Step) -> str | None:
    """None where a meter is well: the reason is what would hold if it were not."""
    return None if step.stage is Stage.METER and step.word == "good" else step.reason.code.value


def _print(moment: Moment, explanation: Explanation) -> None:
    sys.stdout.write(f"{iso(moment.utc_s)}\n")
    sys.stdout.flush()
    print_chain(explanation)
    recorded = moment.recorded.setpoints.get(explanation.station_id)
    if recorded != explanation.setpoint:
        sys.stdout.write(f"Fusewise {moment.version} decided otherwise then: {said(recorded)}\n")
