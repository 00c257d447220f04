"""One day in plots, policy by policy: power, fuse, thermal image, and every charger with its reasons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

import numpy as np

from ems.model.decision import LimitReason
from ems.model.electrical import NOMINAL_V
from ems.sim.lab.records import DaySeconds, RunRecord, Series
from ems.sim.lab.report.fuses import fuse_figures
from ems.sim.lab.report.headline import in_short
from ems.sim.lab.report.markup import Markup, element
from ems.sim.lab.report.plots import DayAxis, Frame, Key, Lane, Layer, Scale, figure, stacked
from ems.sim.lab.report.shapes import Report
from ems.sim.lab.report.words import clock_time, number, ours_first, policy_name, reason_name, span, zone

W_PER_KW: Final = 1000.0
WS_PER_KWH: Final = 3.6e6
METERING_A: Final = 1.0
"""A car may seem to draw this much above its maximum, as mains are not always at 230 V."""

LEAST_A: Final = 6.0
"""Below this no car charges (IEC 61851-1)."""

CAR_LOOKS: Final = 4
"""How many colours of cars the style sheet has."""

FAMILIES: Final[Mapping[str, str]] = {
    LimitReason.SOLAR_SURPLUS: "sun",
    LimitReason.BATTERY_FIRST: "sun",
    LimitReason.SETTLING: "wait",
    LimitReason.MAIN_FUSE: "alarm",
    LimitReason.CIRCUIT_FUSE: "alarm",
    LimitReason.PHASE_IMBALANCE: "alarm",
    LimitReason.NOT_COMMISSIONED: "alarm",
    LimitReason.METER_LOST: "fault",
    LimitReason.STATION_SILENT: "fault",
    LimitReason.IGNORES_LIMIT: "fault",
    LimitReason.NONE: "house",
}
"""Colour of a reason's band; all others are settings and have `choice`."""


def day_section(report: Report) -> Markup | None:
    """The day of every record that has a picture, Fusewise first and open, the others folded; None without pictures."""
    drawn = {record.policy: record for record in report.records if record.picture and len(record.picture.pv_w)}
    if not drawn:
        return None
    order = [drawn[policy] for policy in ours_first(drawn)]
    folded = [element("details", _summary(each.policy, report), *_figures(each, report)) for each in order[1:]]
    return element(
        "section",
        element("h2", "One day"),
        element("p", _intro(order[0], report)),
        element("h3", policy_name(order[0].policy)),
        *_figures(order[0], report),
        *folded,
        class_="day",
    )


def _summary(policy: str, report: Report) -> Markup:
    row = next((row for row in report.rows if row.get("policy") == policy), None)
    said = in_short(row, report) if row else None
    return element("summary", element("h3", policy_name(policy)), *([element("small", said)] if said else []))


def _intro(record: RunRecord, report: Report) -> str:
    where = zone(report.zone).key
    return f"{_date(record, report)}, every second of it; peaks are drawn in full height. Times are {where}."


def _date(record: RunRecord, report: Report) -> str:
    start = record.picture.start_utc if record.picture else record.start_utc
    local = start.astimezone(zone(report.zone))
    return f"{local:%A}, {local.day} {local:%B %Y}"


def _figures(record: RunRecord, report: Report) -> list[Markup]:
    picture = record.picture
    if picture is None:
        return []
    axis = DayAxis(start_utc=picture.start_utc, seconds=len(picture.pv_w), zone=zone(report.zone))
    return [
        _power(picture, axis),
        *([_battery(picture, axis)] if np.any(picture.battery_w) else []),
        *fuse_figures(picture, record.ratings_a, axis, report.main_circuit),
        *(_station(station_id, place, record, picture, axis) for place, station_id in enumerate(picture.cars_w)),
    ]


def _power(picture: DaySeconds, axis: DayAxis) -> Markup:
    uses = [("house", picture.house_w), *picture.cars_w.items()]
    if np.any(picture.battery_w < 0):
        uses.append(("into the battery", np.maximum(0.0, -picture.battery_w)))
    tops = stacked(*(series / W_PER_KW for _, series in uses))
    looks = ["house", *(_car_look(i) for i in range(len(picture.cars_w))), "battery"]
    layers = [Layer(values=top, look=look, base=0.0) for top, look in zip(tops, looks, strict=False)]
    sun_kw = picture.pv_w / W_PER_KW
    keys = [Key(look="sun stroke", text=f"sun {_kwh(picture.pv_w)}")]
    keys += [Key(look=look, text=f"{name} {_kwh(w)}") for (name, w), look in zip(uses, looks, strict=False)]
    frame = Frame(
        says="Power over the day. " + ", ".join(key.text for key in keys),
        layers=[*layers[::-1], Layer(values=sun_kw, look="sun stroke")],
        scale=Scale.around(float(sun_kw.max()), float(tops[-1].max())),
        keys=keys,
    )
    return figure("Sun, house and cars", "kW, uses stacked; the sun as a line", axis, [frame])


def _battery(picture: DaySeconds, axis: DayAxis) -> Markup:
    battery_kw = picture.battery_w / W_PER_KW
    out, taken = np.maximum(0.0, picture.battery_w), np.maximum(0.0, -picture.battery_w)
    key = Key(look="battery", text=f"gave {_kwh(out)}, took {_kwh(taken)}")
    frame = Frame(
        says=f"Power of the home battery over the day: it {key.text}",
        layers=[Layer(values=battery_kw, look="battery", base=0.0)],
        scale=Scale.around(float(battery_kw.min()), float(battery_kw.max())),
        keys=[key],
        height="low",
    )
    return figure("Home battery", "kW, above zero it discharges", axis, [frame])


def _station(station_id: str, place: int, record: RunRecord, picture: DaySeconds, axis: DayAxis) -> Markup:
    limit_a = picture.limits_a.get(station_id, np.zeros(axis.seconds))
    drawn_a = _drawn_a(station_id, record, picture)
    peak = int(drawn_a.argmax())
    largest = f"drawn, at most {number(float(drawn_a[peak]), 1)} A"
    when = clock_time(axis.start_utc, peak, axis.zone)
    keys = [Key(look="ink stroke", text=f"limit, at most {number(float(limit_a.max()), 1)} A")]
    keys.append(Key(look=_car_look(place), text=f"{largest} at {when}" if drawn_a[peak] > 0 else "nothing drawn"))
    frame = Frame(
        says=f"Charger {station_id}: " + ", ".join(key.text for key in keys),
        layers=[Layer(values=drawn_a, look=_car_look(place), base=0.0), Layer(values=limit_a, look="ink stroke")],
        scale=Scale.around(float(limit_a.max()), float(drawn_a.max()), LEAST_A),
        keys=keys,
        height="middle",
        marks=sorted({0.0, LEAST_A, float(limit_a.max().round())}),
    )
    reasons = _reason_lanes(station_id, picture)
    note = "A per phase; below it why the limit was what it was" if reasons else "A per phase"
    return figure(f"Charger {station_id}", note, axis, [frame], [*_phase_lanes(station_id, picture), *reasons])


def _drawn_a(station_id: str, record: RunRecord, picture: DaySeconds) -> Series:
    """Current per phase from the power at 230 V: over the phases that both limit and car have.

    In the seconds of a phase change the limit may be ahead of the car; a current that the car cannot draw tells.
    """
    per_phase_a = picture.cars_w[station_id] / NOMINAL_V
    cars, most_a = np.full(len(per_phase_a), 3.0), np.full(len(per_phase_a), np.inf)
    offset_s = (picture.start_utc - record.start_utc).total_seconds()
    for stay in (outcome.stay for outcome in record.stays if outcome.stay.station_id == station_id):
        first, end = (max(0, int(at_s - offset_s)) for at_s in (stay.arrival_s, stay.departure_s))
        cars[first:end], most_a[first:end] = stay.phases, stay.max_a
    allowed = picture.phases.get(station_id, cars)
    drawn_a: Series = per_phase_a / np.minimum(cars, np.where(allowed > 0, allowed, cars))
    believed_a: Series = np.where(drawn_a > most_a + METERING_A, per_phase_a / cars, drawn_a)
    return believed_a


def _reason_lanes(station_id: str, picture: DaySeconds) -> list[Lane]:
    spans: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for from_s, to_s, code in picture.reasons.get(station_id, ()):
        spans[code].append((from_s, to_s))
    longest_first = sorted(spans.items(), key=lambda item: -_seconds(item[1]))
    return [
        Lane(name=reason_name(code), look=FAMILIES.get(code, "choice"), spans=each, total=span(_seconds(each)))
        for code, each in longest_first
    ]


def _phase_lanes(station_id: str, picture: DaySeconds) -> list[Lane]:
    """Where a car charged on one phase and on three: the time on one."""
    phases = picture.phases.get(station_id)
    if phases is None:
        return []
    charging = picture.cars_w[station_id] > 0
    single = charging & (phases == 1)
    if not np.any(single) or not np.any(charging & (phases > 1)):
        return []
    edges = np.flatnonzero(np.diff(single.astype(np.int8), prepend=0, append=0)).tolist()
    spans = [(float(a), float(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return [Lane(name="on one phase", look="ink", spans=spans, total=span(_seconds(spans)))]


def _seconds(spans: list[tuple[float, float]]) -> float:
    return sum(to_s - from_s for from_s, to_s in spans)


def _car_look(place: int) -> str:
    return f"car{place % CAR_LOOKS + 1}"


def _kwh(series_w: Series) -> str:
    return f"{number(float(series_w.sum()) / WS_PER_KWH, 1)} kWh"
