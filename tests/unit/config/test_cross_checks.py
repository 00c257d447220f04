"""What must fit together: each promise broken once, and the finding it gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from ems.config.loader import load_site
from ems.config.problems import SiteFileError
from tests.unit.config.files import GOOD, loaded, problems_of, said, swapped, written

GARAGE = "  - {id: garage, fuse_a: 20}"
GRID = "  - {id: grid, profile: eastron_sdm630, modbus: {host: 127.0.0.1}}"
DRIVE = "{id: drive, fallback_a: 6, lease_verified: true}"
CARPORT = "{id: carport, wired: [L2], max_a: 32, circuit: garage}"
FAMILY = "  - {id: family, phases: 3}"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        # Names.
        (GARAGE, f"{GARAGE}\n{GARAGE}", "line 7: circuits[garage].id is garage, as that of another circuit"),
        (GARAGE, f"{GARAGE}\n  - {{id: main, fuse_a: 20}}", "circuits[main].id is main: the house connection has"),
        (FAMILY, f"{FAMILY}\n{FAMILY}", "vehicles[family].id is family, as that of another vehicle"),
        (DRIVE, "{id: carport}", "stations[carport].id is carport, as that of another station"),
        (DRIVE, "{id: drive, identity: carport}", "stations[carport].id is carport, as that of another station"),
        (
            DRIVE,
            "{id: drive, serial: A}\n  - {id: b, serial: A}",
            "stations[b].serial is A, as that of another",
        ),
        # Connectors of one station.
        (
            DRIVE,
            "{id: drive, identity: CP}\n  - {id: b, identity: CP, connector: 1}",
            "line 11: stations[b].connector is 1, as that of drive, which is of the same station: give each connector",
        ),
        (
            DRIVE,
            (
                "{id: drive}\n  - {id: b, identity: drive, connector: 2, ocpp: '1.6'}\n"
                "  - {id: c, identity: drive, connector: 3, ocpp: '2.1'}"
            ),
            "line 12: stations[c].ocpp is 2.1, another than with b: both are connectors of one station",
        ),
        (
            DRIVE,
            "{id: drive, connector: 1, serial: A}\n  - {id: b, identity: drive, connector: 2, serial: B}",
            "stations[b].serial is B, another than with drive",
        ),
        (
            DRIVE,
            "{id: drive, password: {env: HOME}}\n  - {id: b, identity: drive, connector: 2, password: {env: PATH}}",
            "stations[b].password is another than with drive",
        ),
        (
            DRIVE,
            "{id: drive, password: {env: HOME}}\n  - {id: b, identity: drive, connector: 2, security_profile: 0}",
            "stations[b].security_profile is 0 beside a password",
        ),
        (
            DRIVE,
            (
                '{id: drive, upstream: {url: "ws://a"}}\n'
                '  - {id: b, identity: drive, connector: 2, upstream: {url: "ws://a"}}'
            ),
            "stations[b].upstream is ws://a/drive, as that of another station's second central system",
        ),
        (DRIVE, "{id: drive, connector: 9}", "stations[drive].connector is 9"),
        (DRIVE, '{id: a, identity: ""}\n  - {id: b, identity: ""}', 'stations[b].identity is "", as that of another'),
        (
            GRID,
            GRID + "\nsolar: [{id: grid, profile: sunspec, modbus: {host: a}}]",
            "solar[grid].id is grid, as that of another meter, inverter or battery",
        ),
        # Circuits.
        (GARAGE, "  - {id: garage, fuse_a: 20, fed_from: mian}", "fed_from is mian, and there is no such circuit: did"),
        (GARAGE, "  - {id: garage, fuse_a: 20, fed_from: garage}", "fed_from is garage, a circle: a circuit cannot"),
        (GARAGE, "  - {id: garage, fuse_a: 20, phases: [L2, L2]}", "phases names a phase twice: write [L2]"),
        (
            GARAGE,
            f"{GARAGE}\n  - {{id: a, fuse_a: 9, fed_from: b}}",
            "no such circuit: there are main, garage, a",
        ),
        (
            GARAGE,
            "  - {id: garage, fuse_a: 20, phases: [L2]}\n  - {id: a, fuse_a: 9, fed_from: garage, phases: [L1, L2]}",
            "circuits[a].phases has L1, which garage does not bring: choose from L2",
        ),
        # Stations.
        (
            DRIVE,
            "{id: drive, circuit: graage}",
            "circuit is graage, and there is no such circuit: did you mean",
        ),
        (
            DRIVE,
            "{id: drive, quirks: {unit: W, step_amps: [1]}}",
            "line 10: stations[drive].quirks.step_amps counts amperes, and unit is W: drop one of them",
        ),
        (DRIVE, "{id: drive, quirks: {step_amps: [10, 6]}}", "quirks.step_amps does not rise: write each current once"),
        (DRIVE, "{id: drive, quirks: {step_amps: [4, 6]}}", "step_amps begins with 4: no car charges with less than 6"),
        (DRIVE, "{id: drive, quirks: {purposes: [tx, tx]}}", "quirks.purposes names a purpose twice: write each once"),
        (
            DRIVE,
            "{id: drive, quirks: {min_pause_w: 1400, unit: A}}",
            "min_pause_w is a least power, and unit is A: only",
        ),
        (
            DRIVE,
            "{id: drive, quirks: {deadman: verified, persist_on_disconnect: false}}",
            "quirks.deadman is verified, and the station lets go of its limit when it is cut off: drop one of them",
        ),
        (
            DRIVE,
            "{id: drive, quirks: {kind: relative, purposes: [station_max]}}",
            "quirks.kind is relative, and only limits of the whole station are taken: those count from no start",
        ),
        (
            DRIVE,
            "{id: drive, quirks: {stop_style: remote_stop, needs_remote_start: false}}",
            "quirks.stop_style ends transactions, and none may be started from here: a car would never",
        ),
        (DRIVE, "{id: drive, wired: [L1, L1]}", "stations[drive].wired names a phase twice: write each once, such as"),
        (GARAGE, "  - {id: garage, fuse_a: 20, phases: [L1]}", "wired has L2, which circuit garage does not have"),
        (DRIVE, "{id: drive, min_a: 20}", "stations[drive].max_a is 16, below min_a 20"),
        (DRIVE, "{id: drive, hardware_max_a: 10}", "stations[drive].hardware_max_a is 10, below max_a 16"),
        (DRIVE, "{id: drive, fallback_a: 5}", "stations[drive].fallback_a is 5, between 0 and min_a 6: give 0 for a"),
        (DRIVE, "{id: drive, fallback_a: 20}", "stations[drive].fallback_a is 20, above max_a 16: lower fallback_a"),
        (DRIVE, "{id: drive, wired: [L1], phase_switching: true}", "phase_switching is true on one phase"),
        (DRIVE, "{id: drive, vehicle: famly}", "vehicle is famly, and there is no such vehicle: did you mean family?"),
        (DRIVE, "{id: drive, password: {env: A, file: B}}", "stations[drive].password names both"),
        (DRIVE, "{id: drive, password: {}}", "stations[drive].password names neither"),
        # Devices.
        (GRID, "  - {id: grid, profile: x}", "meters[grid] has no address: add modbus: {host: …}, http:"),
        (GRID, "  - {id: grid, modbus: {host: a}}", "meters[grid] has no profile: add `profile: …` from"),
        (
            GRID,
            "  - {id: grid, profile: x, modbus: {unit: 2}}",
            "meters[grid].modbus says neither host nor serial: add",
        ),
        (GRID, "  - {id: grid, profile: dsmr_p1, p1: {port: 23}}", "meters[grid].p1 says neither host nor serial: add"),
        (
            GRID,
            "  - {id: grid, profile: dsmr_p1, p1: {host: b, baud: 9600}}",
            "p1.baud stands without serial: a bridge",
        ),
        (GRID, "  - {id: grid, profile: dsmr_p1, p1: {serial: /dev/a, port: 23}}", "p1.port stands beside serial: a"),
        (
            GRID,
            "  - {id: grid, profile: dsmr_p1, p1: {host: b, authentication_key: {env: K}}}",
            "p1.authentication_key stands without key: add",
        ),
        (
            GRID,
            "  - {id: grid, profile: sml_head, sml: {port: 23}}",
            "meters[grid].sml says neither host nor serial: add",
        ),
        (GRID, "  - {id: grid, profile: sml_head, sml: {host: b}}", "meters[grid].sml has no port: add `port: …`"),
        (GRID, "  - {id: grid, rct: {host: b}}", "meters[grid] has no profile: add `profile: …` from"),
        (GRID, "  - {id: grid, speedwire: {}}", "meters[grid] has no profile: add `profile: …` from"),
        (GRID, "  - {id: grid, p1: {host: b}}", "meters[grid] has no profile: add `profile: …` from"),
        (GRID, "  - {id: grid, profile: x, modbus: {serial: /dev/a, host: b}}", "modbus.host stands beside serial"),
        (GRID, "  - {id: grid, profile: x, modbus: {serial: /dev/a, ca: b}}", "modbus.ca stands beside serial"),
        (GRID, "  - {id: grid, profile: x, modbus: {host: b, baud: 9600}}", "modbus.baud stands without serial"),
        (GRID, "  - {id: grid, profile: x, modbus: {host: b, ca: c}}", "modbus.ca stands without over: tls: add"),
        (
            GRID,
            "  - {id: grid, profile: x, modbus: {host: b, proxy_port: 8480}}",
            "proxy_port is 8480, as that of api.port",
        ),
        (GRID, "  - {id: grid, profile: x, modbus: {host: b, over: tls, key: c}}", "key stands without certificate"),
        (GRID, "  - {id: grid, profile: x, mqtt: {prefix: a}}", "meters[grid].mqtt needs a broker: add the section"),
        (GRID, "  - {id: g, profile: x, modbus: {host: a}, circuit: garage}", "meters has none at the main fuse"),
        (GRID, f"{GRID}\n{GRID.replace('id: grid', 'id: b')}", "meters[b].circuit is main, as that of another meter"),
        (GRID, f"{GRID}\nmqtt: {{host: a, password: {{env: A}}}}", "mqtt.password stands without username"),
        (GRID, f"{GRID}\nmqtt: {{host: a, username: u, password: {{}}}}", "mqtt.password names neither"),
        (
            GRID,
            "  - {id: grid, profile: x, modbus: {host: a}, mqtt: {prefix: a}}\nmqtt: {host: a}",
            "meters[grid] has both modbus and mqtt",
        ),
        (
            GRID,
            GRID + "\nsolar: [{id: roof, wired: [L2, L2], profile: sunspec, modbus: {host: a}}]",
            "solar[roof].wired names a phase twice: write each once, such as [L2]",
        ),
        (
            GRID,
            GRID + "\nbattery: {id: cellar, wired: [L2, L2], profile: sunspec, modbus: {host: a}}",
            "battery.wired names a phase twice: write each once, such as [L2]",
        ),
        (GRID, "  - {id: grid, pushed: true}", "meters[grid] is pushed and has no period_s: add `period_s: …`, the"),
        (
            GRID,
            "  - {id: grid, pushed: true, period_s: 60}",
            "period_s is 60, and pushed readings come every 1 to 30 s",
        ),
        (GRID, "  - {id: grid, pushed: true, period_s: 5, profile: x}", "meters[grid].profile stands beside pushed: a"),
        (
            GRID,
            "  - {id: grid, pushed: true, period_s: 5, modbus: {host: a}}",
            "meters[grid].modbus stands beside pushed: a program brings its readings; delete one of the two",
        ),
        (
            GRID,
            "  - {id: grid, pushed: true, period_s: 5}\napi: {enabled: false}",
            "meters[grid].pushed needs the API, which api.enabled switches off",
        ),
        # Rules of grid operators.
        (
            FAMILY,
            FAMILY + "\ngrid_operator: {rule: de14a, devices: 2, signal: {topic: a}}",
            "grid_operator.signal needs a broker: add the section",
        ),
        (
            FAMILY,
            FAMILY + "\ngrid_operator: {rule: de14a, devices: 1}",
            "grid_operator.devices is 1, fewer than the 2 stations above 4.2 kW: count every charging station",
        ),
        # The simulation.
        (
            FAMILY,
            FAMILY + "\nsimulation: {cars: [{station: drve}]}",
            "simulation.cars[drve].station is drve, and there is no such station: did you mean drive?",
        ),
        (
            FAMILY,
            FAMILY + "\nsimulation: {cars: [{station: drive}, {station: drive}]}",
            "simulation.cars[drive].station is drive, as that of another simulated car",
        ),
        (
            FAMILY,
            FAMILY + "\nsimulation: {stations: [{station: drve}]}",
            "simulation.stations[drve].station is drve, and there is no such station: did you mean drive?",
        ),
        (
            FAMILY,
            FAMILY + "\nsimulation: {stations: [{station: drive}, {station: drive}]}",
            "simulation.stations[drive].station is drive, as that of another simulated station",
        ),
    ],
)
def test_what_does_not_fit_together_is_named_once(tmp_path: Path, old: str, new: str, expected: str) -> None:
    (problem,) = said(tmp_path, swapped(old, new))

    assert expected in problem


def test_every_circuit_of_a_circle_is_named_at_its_own_line(tmp_path: Path) -> None:
    text = swapped(GARAGE, "  - {id: garage, fuse_a: 20, fed_from: b}\n  - {id: b, fuse_a: 9, fed_from: garage}")

    assert [(p.line, p.place) for p in problems_of(tmp_path, text)] == [
        (6, "circuits[garage].fed_from"),
        (7, "circuits[b].fed_from"),
    ]


def test_one_phase_house_asks_for_the_wiring_of_its_stations(tmp_path: Path) -> None:
    text = swapped("phases: 3\n  m", "phases: 1\n  m").replace(CARPORT, "{id: carport, wired: [L1]}")

    (problem,) = said(tmp_path, text)

    assert "stations[drive].wired has L2, L3, which the house connection does not have: choose from [L1]" in problem


def test_one_phase_house_has_nothing_to_balance(tmp_path: Path) -> None:
    text = swapped("phases: 3\n  m", "phases: 1\n  max_imbalance_a: 20\n  m").replace(CARPORT, "{id: b, wired: [L1]}")

    (problem,) = said(tmp_path, text.replace(DRIVE, "{id: drive, wired: [L1]}"))

    assert "connection.max_imbalance_a stands beside a single phase: one phase has nothing to be balanced" in problem


def test_small_stations_need_not_be_counted_as_controllable_devices(tmp_path: Path) -> None:
    text = swapped(CARPORT, "{id: carport, wired: [L2], max_a: 16}") + "grid_operator: {rule: de14a, devices: 1}\n"

    assert loaded(tmp_path, text).grid_operator is not None


def test_sub_fuse_may_be_larger_than_its_feeder(tmp_path: Path) -> None:
    assert loaded(tmp_path, swapped("fuse_a: 20", "fuse_a: 63")).circuits[0].fuse_a == 63


def test_device_with_points_of_its_own_needs_no_profile(tmp_path: Path) -> None:
    meter = "  - {id: grid, mqtt: {points: {power: {topic: p1/power}}}}\nmqtt: {host: broker}"

    assert loaded(tmp_path, swapped(GRID, meter)).meters[0].profile is None


def test_station_without_identity_may_be_there_once(tmp_path: Path) -> None:
    assert loaded(tmp_path, swapped(DRIVE, '{id: drive, identity: ""}')).stations[0].identity == ""


def test_nothing_is_wrong_with_the_good_file(tmp_path: Path) -> None:
    assert loaded(tmp_path, GOOD).circuits[0].fed_from == "main"


def test_an_inverter_is_wired_to_phases_that_the_house_has(tmp_path: Path) -> None:
    text = swapped("  phases: 3", "  phases: 1") + "solar: [{id: roof, wired: [L2], profile: x, modbus: {host: a}}]\n"

    assert any(
        "solar[roof].wired has L2, which the house connection does not have: choose from [L1]" in problem
        for problem in said(tmp_path, text)
    )


KINDS = {"eastron_sdm630": ("meter",), "sunspec": ("inverter", "meter"), "shelly_pro3em": ("meter",)}


def test_profiles_of_another_kind_are_all_told_with_those_that_fit(tmp_path: Path) -> None:
    roofs = (
        "  - {id: roof, profile: eastron_sdm630, modbus: {host: a}}\n"
        "  - {id: shed, profile: shelly_pro3em, modbus: {host: b}}"
    )

    with pytest.raises(SiteFileError) as caught:
        load_site(written(tmp_path, f"{GOOD}solar:\n{roofs}\n"), profiles=KINDS)

    assert [(each.place, each.line is not None, each.cure) for each in caught.value.problems] == [
        ("solar[roof].profile", True, "take one for an inverter: sunspec"),
        ("solar[shed].profile", True, "take one for an inverter: sunspec"),
    ]
    assert caught.value.problems[0].problem == "is eastron_sdm630, which describes a meter, not what stands under solar"


def test_battery_without_a_fitting_profile_is_told_to_use_points(tmp_path: Path) -> None:
    text = f"{GOOD}battery: {{id: cellar, profile: sunspec, modbus: {{host: a}}}}\n"

    with pytest.raises(SiteFileError, match=r"battery\.profile is sunspec, .*: give it MQTT points of its own instead"):
        load_site(written(tmp_path, text), profiles=KINDS)


def test_two_circles_are_told_apart(tmp_path: Path) -> None:
    pairs = (("a", "b"), ("b", "a"), ("c", "d"), ("d", "c"))
    circuits = "\n".join(f"  - {{id: {own}, fuse_a: 20, fed_from: {feeder}}}" for own, feeder in pairs)

    problems = [
        each for each in problems_of(tmp_path, swapped(GARAGE, f"{GARAGE}\n{circuits}")) if "circle" in each.problem
    ]

    assert ["(a, b)" in each.cure for each in problems] == [True, True, False, False]
    assert ["(c, d)" in each.cure for each in problems] == [False, False, True, True]
