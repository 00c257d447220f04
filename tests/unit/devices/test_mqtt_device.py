"""How messages become readings, without a broker."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.clock import VirtualClock, run_virtual
from ems.devices.messages import MAX_PAYLOAD_BYTES
from ems.devices.mqtt.device import MqttDevice, Topics
from ems.devices.mqtt.profile import TopicPoint
from ems.devices.newest import Newest
from ems.devices.newest_reading import silence_limit_s
from ems.devices.plausibility import Bounds
from ems.devices.views import GridView, Mounting
from ems.errors import DeviceError, LinkDown, NoAnswer, Nonsense
from ems.model.electrical import PHASES_OF, PerPhase
from ems.model.readings import GridReading

STATUS = "meter/status/em:0"
ENERGY = "meter/status/emdata:0"
ONLINE = TopicPoint(topic="meter/online")
ONE_TOPIC = {
    "power": TopicPoint(topic=STATUS, path="total"),
    "power_l1": TopicPoint(topic=STATUS, path="w.0"),
    "current_l1": TopicPoint(topic=STATUS, path="a.0"),
    "power_l2": TopicPoint(topic=STATUS, path="w.1"),
    "power_l3": TopicPoint(topic=STATUS, path="w.2"),
    "voltage_l1": TopicPoint(topic=STATUS, path="v.0"),
    "energy_import": TopicPoint(topic=ENERGY, path="wh", scale=0.001),
}
PLAIN = {name: TopicPoint(topic=f"house/{name}") for name in ("power_l1", "power_l2", "power_l3")}
FULL = {"total": 2070, "w": [2300, -460, 230], "a": [10.1]}


class Bench:
    """A meter, and somebody who publishes for it."""

    def __init__(self, clock: VirtualClock, points: dict[str, TopicPoint], *, silence_s: float = 5.0) -> None:
        self.clock = clock
        live = frozenset(name for name in points if name.startswith(("power", "current")))
        self.meter: MqttDevice[GridReading] = MqttDevice(
            name="grid",
            period_s=1.0,
            silence_s=silence_s,
            topics=Topics(points=points, required=live, availability=ONLINE),
            view=GridView(Mounting(bounds=Bounds(phases=PHASES_OF[3], fuse_a=35))).reading,
            clock=clock,
        )
        self.meter.link_changed(up=True)

    def publish(self, topic: str, content: object, *, retained: bool = False) -> None:
        payload = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.meter.heard(topic, payload, retained=retained)

    def read(self) -> GridReading:
        return run_virtual(self.meter.read(), self.clock)


@pytest.fixture
def bench() -> Bench:
    return Bench(VirtualClock(), ONE_TOPIC)


@pytest.fixture
def plain() -> Bench:
    return Bench(VirtualClock(), PLAIN)


def test_a_full_message_is_a_reading(bench: Bench) -> None:
    bench.publish(STATUS, FULL)

    reading = bench.read()

    assert reading.current_a == PerPhase(10.1, -2.0, 1.0)
    assert reading.power_w == 2070
    assert reading.taken_at_s == bench.clock.monotonic_s()


def test_a_partial_message_is_merged_over_what_is_known(bench: Bench) -> None:
    bench.publish(STATUS, FULL)
    bench.publish(STATUS, {"total": 2300, "w": [2530]})

    reading = bench.read()

    assert reading.power_w == 2300
    assert reading.current_a == PerPhase(10.1, -2.0, 1.0)


def test_a_message_without_all_required_points_is_no_reading(bench: Bench) -> None:
    bench.publish(STATUS, {"total": 2070})

    with pytest.raises(NoAnswer, match="grid published nothing usable for 5 s"):
        bench.read()


def test_a_counter_message_is_no_reading_but_is_remembered(bench: Bench) -> None:
    bench.publish(ENERGY, {"wh": 1_234_500})
    with pytest.raises(NoAnswer):
        bench.read()
    bench.clock.advance(300)
    bench.publish(STATUS, FULL)

    assert bench.read().energy_import_kwh == 1234.5


def test_the_newest_of_many_messages_wins(bench: Bench) -> None:
    for watts in range(100):
        bench.publish(STATUS, {**FULL, "total": watts})

    assert bench.read().power_w == 99
    with pytest.raises(NoAnswer):
        bench.read()


def test_plain_numbers_from_separate_topics_are_as_old_as_the_oldest(plain: Bench) -> None:
    plain.publish("house/power_l1", b"2300")
    plain.clock.advance(1.0)
    plain.publish("house/power_l2", b"-460.0")
    plain.publish("house/power_l3", b"0")

    reading = plain.read()

    assert reading.current_a == PerPhase(10.0, -2.0, 0.0)
    assert reading.power_w == 1840
    assert plain.clock.monotonic_s() - reading.taken_at_s == 1.0


def test_a_phase_that_is_not_published_any_more_ends_the_readings(plain: Bench) -> None:
    plain.publish("house/power_l1", b"2300")
    plain.clock.advance(6.0)
    plain.publish("house/power_l2", b"0")
    plain.publish("house/power_l3", b"0")

    with pytest.raises(NoAnswer):
        plain.read()


def test_a_retained_message_is_no_sample(bench: Bench) -> None:
    bench.publish(STATUS, FULL, retained=True)

    with pytest.raises(NoAnswer):
        bench.read()


def test_a_broker_that_marks_live_messages_as_retained_is_understood(bench: Bench) -> None:
    bench.publish(STATUS, FULL, retained=True)
    bench.publish(STATUS, {**FULL, "total": 2100}, retained=True)

    assert bench.read().power_w == 2100


def test_offline_is_link_down_until_it_is_online_again(bench: Bench) -> None:
    bench.publish(STATUS, FULL)
    bench.publish("meter/online", b"false")
    with pytest.raises(LinkDown, match="announced offline"):
        bench.read()
    bench.publish("meter/online", b"true")
    bench.publish(STATUS, FULL)

    assert bench.read().power_w == 2070


def test_a_retained_last_will_counts(bench: Bench) -> None:
    bench.publish("meter/online", b"false", retained=True)

    with pytest.raises(LinkDown):
        bench.read()


def test_a_live_message_is_newer_than_an_old_last_will(bench: Bench) -> None:
    bench.publish("meter/online", b"false", retained=True)
    bench.publish(STATUS, FULL)

    assert bench.read().power_w == 2070


def test_a_lost_broker_forgets_what_was_known(bench: Bench) -> None:
    bench.publish(STATUS, FULL)
    bench.meter.link_changed(up=False)
    with pytest.raises(LinkDown, match="broker is away"):
        bench.read()
    bench.meter.link_changed(up=True)
    bench.publish(STATUS, {"total": 2300})

    with pytest.raises(NoAnswer):
        bench.read()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"not json {", "neither JSON nor a number in meter/status/em:0"),
        (b"\xff\xff", "not text"),
        (b"9" * (MAX_PAYLOAD_BYTES + 1), "65537 bytes is larger than 65536"),
        ({**FULL, "total": "lots"}, "text where a number belongs as power in meter/status/em:0"),
        ({**FULL, "total": None}, "null where a number belongs"),
        ({**FULL, "total": True}, "true or false where a number belongs"),
        ({**FULL, "a": [500]}, "500 A on L1"),
        ({**FULL, "total": 90_000}, "90000 W"),
        (b'{"total": 1e999}', "not finite"),
    ],
)
def test_nonsense_is_said_and_forgotten(bench: Bench, content: object, words: str) -> None:
    bench.publish(STATUS, FULL)
    bench.publish(STATUS, content)
    with pytest.raises(Nonsense, match=f"grid: .*{words}"):
        bench.read()
    bench.publish(STATUS, FULL)

    assert bench.read().power_w == 2070


def test_a_broken_optional_point_is_just_unknown(bench: Bench) -> None:
    bench.publish(ENERGY, {"wh": "soon"})
    bench.publish(STATUS, FULL)

    assert bench.read().energy_import_kwh is None


def test_a_waiting_reader_hears_the_broker_go(bench: Bench) -> None:
    async def lose_it() -> None:
        reading = asyncio.create_task(bench.meter.read())
        await bench.clock.sleep(1)
        bench.meter.link_changed(up=False)
        with pytest.raises(LinkDown):
            await reading

    run_virtual(lose_it(), bench.clock)


@given(st.lists(st.tuples(st.sampled_from([STATUS, ENERGY, "meter/online"]), st.binary(max_size=80), st.booleans())))
def test_no_message_can_crash_a_device(messages: list[tuple[str, bytes, bool]]) -> None:
    bench = Bench(VirtualClock(), ONE_TOPIC)
    for topic, payload, retained in messages:
        bench.publish(topic, payload, retained=retained)

    try:
        bench.read()
    except DeviceError:
        return


def test_silence_is_five_periods_but_at_least_five_seconds() -> None:
    assert silence_limit_s(0.5) == 5.0
    assert silence_limit_s(10.0) == 50.0
    assert silence_limit_s(1.0, 90.0) == 90.0


async def test_two_takers_get_one_item_each() -> None:
    newest: Newest[int] = Newest()
    takers = [asyncio.create_task(newest.take()) for _ in range(2)]
    newest.put(1)
    done, _ = await asyncio.wait(takers, return_when=asyncio.FIRST_COMPLETED)
    newest.put(2)

    assert sorted(await asyncio.gather(*takers)) == [1, 2]
    assert len(done) == 1


@given(st.integers(0, 60), st.binary(min_size=1, max_size=1))
def test_a_message_that_lost_a_byte_on_its_way_is_no_other_reading_unless_it_is_whole(at: int, byte: bytes) -> None:
    """MQTT has no checksum of its own: what is still JSON with numbers in place is for plausibility to judge."""
    bench = Bench(VirtualClock(), ONE_TOPIC)
    payload = json.dumps(FULL).encode()
    spoilt = payload[:at] + byte + payload[at + 1 :]
    bench.publish(STATUS, spoilt)
    try:
        reading = bench.read()
    except DeviceError:
        return
    content = json.loads(spoilt)

    assert reading.power_w == pytest.approx(float(content["total"]))


def test_a_message_cut_short_is_no_reading() -> None:
    payload = json.dumps(FULL).encode()
    for end in range(len(payload)):
        bench = Bench(VirtualClock(), ONE_TOPIC)
        bench.publish(STATUS, payload[:end])
        with pytest.raises(DeviceError):
            bench.read()


def test_a_message_that_comes_twice_is_the_same_reading_twice(bench: Bench) -> None:
    bench.publish(STATUS, FULL)
    first = bench.read()
    bench.publish(STATUS, FULL)

    assert bench.read().power_w == first.power_w


def test_an_older_counter_that_comes_late_is_not_believed(bench: Bench) -> None:
    """Answers out of their order: counters only run forward."""
    told = []
    for wh in (5000, 4000):
        bench.publish(ENERGY, {"wh": wh})
        bench.publish(STATUS, FULL)
        told.append(bench.read().energy_import_kwh)

    assert told == [5.0, None]


def test_another_devices_message_says_nothing(bench: Bench) -> None:
    bench.publish("shed/status/em:0", FULL)

    with pytest.raises(NoAnswer):
        bench.read()
