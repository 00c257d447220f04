"""Which measurands really come, and how often: bounded and total, whatever a station sends."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ems.csms.measurands_heard import LONGEST_NAME, MOST_NAMES, MeasurandsHeard


def block(*sampled: dict[str, object]) -> list[dict[str, object]]:
    return [{"timestamp": "2026-06-21T10:00:00Z", "sampledValue": list(sampled)}]


def test_names_phases_and_interval() -> None:
    heard = MeasurandsHeard()
    for at_s in (0.0, 10.0, 20.0, 80.0):
        heard.heard(
            block(
                {"value": "9.8", "measurand": "Current.Import", "phase": "L1"},
                {"value": "9.7", "measurand": "Current.Import", "phase": "L2-N"},
                {"value": "4711"},
            ),
            at_s,
        )

    assert heard.measurands == {"Current.Import": ("L1", "L2"), "Energy.Active.Import.Register": ()}
    assert heard.interval_s == 10.0
    assert heard.count == 4


def test_nothing_came_nothing_is_known() -> None:
    heard = MeasurandsHeard()
    heard.heard(None, 1.0)
    heard.heard([], 2.0)

    assert (heard.measurands, heard.interval_s, heard.count) == ({}, None, 0)


def test_a_station_that_makes_up_names_fills_no_memory() -> None:
    heard = MeasurandsHeard()
    for number in range(500):
        heard.heard(block({"measurand": f"Made.Up{number}" + "x" * 500, "phase": f"L{number}"}), float(number))

    assert len(heard.measurands) == MOST_NAMES
    assert max(map(len, heard.measurands)) <= LONGEST_NAME


json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["sampledValue", "measurand", "phase", "value"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(json)
def test_any_json_is_survived(meter_value: object) -> None:
    heard = MeasurandsHeard()
    heard.heard(meter_value, 0.0)

    assert heard.count in {0, 1}
