"""SunSpec's model 124: nothing is bounded that would not end by itself; nothing else of the model is ever written."""

from __future__ import annotations

import asyncio

import pytest

from ems.config.schema import BatteryEntry
from ems.devices.battery.entry import valve_of
from ems.devices.battery.profile import StorageControl
from ems.devices.battery.valve import Valve
from ems.devices.profile import SunSpecProfile, parse_profile
from ems.errors import NoAnswer, Nonsense, Refused
from tests.unit.devices.paper_batteries import BASE, HEADER, IN, MODE, OUT, REVERT, Fate, PaperStorage, storage

PROFILE = parse_profile(
    "id: any\nvendor: any\nmodel: any\ntransport: sunspec\nkinds: [battery]\ncontrol: {forgets: true}\n"
)
ENTRY = BatteryEntry.model_validate({"id": "cellar", "profile": "any", "modbus": {"host": "192.0.2.1"}})
TIMER_S = 60


def valve(battery: PaperStorage) -> Valve:
    assert isinstance(PROFILE, SunSpecProfile)
    assert isinstance(PROFILE.control, StorageControl)
    return valve_of(ENTRY, PROFILE, lambda *_: battery)


def hold(made: Valve) -> None:
    asyncio.run(made.bound(charge_at_most_w=None, discharge_at_most_w=0.0))


def free(made: Valve) -> None:
    asyncio.run(made.bound(charge_at_most_w=None, discharge_at_most_w=None))


def test_the_timer_goes_in_before_the_rate_and_the_rate_before_the_bit() -> None:
    battery = storage()

    hold(valve(battery))

    assert battery.written == [
        (HEADER + REVERT, (TIMER_S,)),
        (HEADER + OUT, (0,)),
        (HEADER + MODE, (2,)),
    ]


def test_a_charge_bound_is_a_share_of_what_the_device_can_charge_and_never_more_than_asked_for() -> None:
    battery = storage()

    asyncio.run(valve(battery).bound(charge_at_most_w=1234.7, discharge_at_most_w=None))

    assert (battery.bits, battery.registers[HEADER + IN]) == (1, 2469)


def test_a_bound_above_what_it_can_charge_is_none() -> None:
    battery = storage()

    asyncio.run(valve(battery).bound(charge_at_most_w=9000.0, discharge_at_most_w=None))

    assert battery.written == []


def test_letting_go_takes_the_bits_out_and_nothing_else() -> None:
    battery = storage()
    made = valve(battery)
    hold(made)
    battery.written.clear()

    free(made)
    free(made)

    assert battery.written == [(HEADER + MODE, (0,))]


def test_a_bound_that_is_not_wanted_any_more_goes_before_another_comes() -> None:
    battery = storage()
    made = valve(battery)
    asyncio.run(made.bound(charge_at_most_w=1000.0, discharge_at_most_w=0.0))
    battery.written.clear()

    asyncio.run(made.bound(charge_at_most_w=2000.0, discharge_at_most_w=None))

    assert battery.written[0] == (HEADER + MODE, (1,))
    assert (battery.bits, battery.registers[HEADER + IN]) == (1, 4000)


def test_a_device_without_a_timer_is_refused_with_place_and_cure_and_nothing_is_enabled() -> None:
    battery = storage()
    battery.keeps_timer = False

    with pytest.raises(Refused, match=r"register 40017 \(InOutWRte_RvrtTms .* reads 0 s .* take `control` out") as err:
        hold(valve(battery))

    assert "cellar is not bounded" in str(err.value)
    assert [address for address, _ in battery.written] == [HEADER + REVERT]
    assert battery.bits == 0


def test_a_device_that_loses_its_timer_is_let_go() -> None:
    battery = storage()
    made = valve(battery)
    hold(made)
    battery.keeps_timer = False
    battery.registers[HEADER + REVERT] = 0

    with pytest.raises(Refused):
        hold(made)

    assert battery.bits == 0


def test_another_scale_factor_in_between_is_noticed_and_the_bound_let_go() -> None:
    battery = storage()
    made = valve(battery)
    # Marker, model and end of the chain, the model itself, the timer written and read back; then the rate.
    battery.fates = [Fate.FINE] * 6 + [Fate.OTHER_SCALE]

    with pytest.raises(Nonsense, match="does not hold the bound"):
        asyncio.run(made.bound(charge_at_most_w=1000.0, discharge_at_most_w=None))

    assert battery.bits == 0


def test_the_bound_of_another_program_is_not_touched() -> None:
    battery = storage(mode=1, revert_s=0)
    made = valve(battery)

    for ask in (hold, free, lambda _: asyncio.run(made.clear())):
        with pytest.raises(Refused, match="bounded by another program"):
            ask(made)

    assert battery.written == []


def test_what_an_earlier_run_left_is_taken_back() -> None:
    battery = storage(mode=2, revert_s=TIMER_S)

    asyncio.run(valve(battery).clear())

    assert battery.bits == 0


@pytest.mark.parametrize("changed", [{"length": 20}, {"mode": 0}])
def test_a_device_without_the_whole_model_is_refused(changed: dict[str, int]) -> None:
    battery = storage(**changed)
    if "length" not in changed:
        battery.registers[HEADER] = 126

    with pytest.raises(Refused, match="no SunSpec model 124"):
        asyncio.run(valve(battery).clear())

    assert battery.written == []


def test_a_device_that_takes_one_register_at_a_time_is_told_so() -> None:
    battery = storage()
    battery.one_register_alone = True

    hold(valve(battery))

    assert battery.bits == 2


def test_a_discharge_in_watts_is_refused() -> None:
    with pytest.raises(Refused, match="it can only be held"):
        asyncio.run(valve(storage()).bound(charge_at_most_w=None, discharge_at_most_w=800.0))


def test_charging_is_not_bounded_where_the_device_does_not_tell_its_most() -> None:
    battery = storage()
    battery.registers[HEADER + 2] = 0xFFFF

    with pytest.raises(Refused, match="what 100 % of its charging are"):
        asyncio.run(valve(battery).bound(charge_at_most_w=800.0, discharge_at_most_w=0.0))

    assert battery.bits == 0


def test_what_was_bound_goes_where_the_next_order_is_refused() -> None:
    battery = storage()
    made = valve(battery)
    hold(made)
    battery.registers[HEADER + 2] = 0

    with pytest.raises(Refused, match="what 100 % of its charging are"):
        asyncio.run(made.bound(charge_at_most_w=800.0, discharge_at_most_w=None))

    assert battery.bits == 0


def test_a_device_that_does_not_even_refuse_a_wrong_address_is_found_at_the_next() -> None:
    battery = storage()
    battery.registers = {at - BASE: word for at, word in battery.registers.items()}
    battery.writable = {at - BASE for at in battery.writable}
    battery.silent_from = BASE
    made = valve(battery)

    with pytest.raises(NoAnswer):
        asyncio.run(made.clear())
    hold(made)

    assert battery.registers[HEADER - BASE + MODE] == 2
