"""What a second central system is told keeps to the schema, whatever the station said."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ems.csms.capabilities import RateUnit
from ems.csms.messages import Boot
from ems.csms.relay import spelling
from ems.csms.relay.caps import Segment
from ems.csms.relay.entries import Account, Begin, End, Meter
from ems.csms.v16.vocabulary import call_complaint, result_complaint
from ems.model.station import ConnectorStatus

NOON = datetime(2026, 6, 21, 12, tzinfo=UTC)
TEXT = st.text(max_size=80)
WHEN = st.integers(-(10**8), 10**8).map(lambda by_s: NOON + timedelta(seconds=by_s))
WH = st.integers(0, 2**31 - 1)
TENTHS = st.integers(0, 800).map(lambda tenths: tenths / 10)
SEGMENTS = st.builds(Segment, start_s=st.integers(0, 86_400), limit_a=st.none() | TENTHS)
ACCOUNTS = st.builds(
    Account,
    transaction=st.just("1"),
    named=st.just("1"),
    connector=st.just(1),
    id_tag=TEXT,
    began=WHEN,
    meter_wh=WH,
    theirs=st.integers(-(2**31), 2**31 - 1),
)


@given(st.builds(Boot, vendor=TEXT, model=TEXT, firmware=TEXT, serials=st.lists(TEXT, max_size=2).map(tuple)))
def test_boots(boot: Boot) -> None:
    assert call_complaint("BootNotification", spelling.boot(boot)) is None


@given(st.integers(0, 9), st.sampled_from(ConnectorStatus), TEXT, WHEN)
def test_states(connector: int, status: ConnectorStatus, error: str, at: datetime) -> None:
    assert call_complaint("StatusNotification", spelling.status(connector, status.value, error, at)) is None


@given(
    st.builds(
        Begin, transaction=st.just("1"), named=TEXT, connector=st.integers(1, 9), id_tag=TEXT, meter_wh=WH, at=WHEN
    ),
    st.none() | st.text(min_size=1, max_size=20),
)
def test_starts(begin: Begin, own_tag: str | None) -> None:
    assert call_complaint("StartTransaction", spelling.start(begin, own_tag)) is None


@given(st.builds(End, transaction=st.just("1"), meter_wh=WH, at=WHEN, reason=TEXT), ACCOUNTS)
def test_stops(end: End, account: Account) -> None:
    assert call_complaint("StopTransaction", spelling.stop(end, account)) is None


@given(
    st.builds(
        Meter,
        transaction=st.just("1"),
        connector=st.just(1),
        at=WHEN,
        current_a=st.none() | st.lists(st.floats(-1000, 1000), min_size=1, max_size=3).map(tuple),
        power_w=st.none() | st.floats(-1e6, 1e6),
        energy_wh=WH,
        soc=st.none() | st.floats(0, 1),
    ),
    ACCOUNTS,
)
def test_meter_values(meter: Meter, account: Account) -> None:
    assert spelling.has_values(meter)
    assert call_complaint("MeterValues", spelling.meter_values(meter, account)) is None


@given(
    st.lists(
        st.builds(
            Segment, start_s=st.integers(0, 86_400), limit_a=st.none() | st.integers(0, 800).map(lambda x: x / 10)
        ),
        min_size=1,
        max_size=48,
    ).map(tuple),
    st.integers(0, 800).map(lambda tenths: tenths / 10),
    st.sampled_from(RateUnit),
)
def test_composite_schedules_never_promise_more_than_is_allowed(
    caps: tuple[Segment, ...], allowed_a: float, unit: RateUnit
) -> None:
    periods = spelling.composite_periods(caps, allowed_a, unit, 3)
    most = allowed_a if unit is RateUnit.AMPERE else allowed_a * 690.0 + 0.5
    schedule = {"duration": 86_400, "chargingRateUnit": unit.value, "chargingSchedulePeriod": periods}
    answer = {"status": "Accepted", "connectorId": 1, "chargingSchedule": schedule}

    assert result_complaint("GetCompositeSchedule", answer) is None
    assert all(float(str(each["limit"])) <= most for each in periods)
