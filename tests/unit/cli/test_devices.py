"""`ems devices list` and `show`: what people and programs read of the profiles."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from ems.cli import app
from ems.cli.device_probe import asked_at, probe_device
from ems.cli.device_search import SearchWish, search
from ems.cli.device_tables import unit_of
from ems.cli.devices import list_profiles, point_rows, show_profile
from ems.devices.library import profiles
from ems.devices.profile import Profile
from ems.devices.sample import BATTERY_POINTS, INVERTER_POINTS, METER_POINTS


def said(capsys: pytest.CaptureFixture[str]) -> Any:
    """The one JSON object that was printed."""
    output = capsys.readouterr().out
    assert output.count("\n") == 1
    return json.loads(output)


def test_list_names_every_profile_with_what_it_speaks(capsys: pytest.CaptureFixture[str]) -> None:
    assert list_profiles(as_json=False) == 0

    lines = [line.split() for line in capsys.readouterr().out.splitlines() if not line.startswith(("·", " "))]

    assert [line[0] for line in lines] == ["profile", *(each.id for each in profiles())]
    assert [line[-1] for line in lines[1:]] == [each.transport for each in profiles()]


def test_list_breaks_no_name_of_a_profile_on_a_terminal_of_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ems.cli.devices.console", lambda: Console(width=80))
    list_profiles(as_json=False)

    lines = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("·")]

    assert [line.split()[0] for line in lines if not line.startswith(" ")] == [
        "profile",
        *(each.id for each in profiles()),
    ]
    words = {word for line in lines for word in line.split()}
    assert {"experimental", "inverter,", "speedwire"} <= words
    assert "," not in words


def test_list_says_of_every_experimental_profile_why(capsys: pytest.CaptureFixture[str]) -> None:
    list_profiles(as_json=False)

    output = capsys.readouterr().out

    for each in profiles():
        for kind, reason in each.experimental_as.items():
            assert f"· {each.id} is experimental as {kind}: {reason}\n" in output


def test_list_as_json_is_an_array(capsys: pytest.CaptureFixture[str]) -> None:
    assert list_profiles(as_json=True) == 0

    heads = {each["id"]: each for each in said(capsys)}
    assert list(heads) == [each.id for each in profiles()]
    assert heads["eastron_sdm630"] == {
        "id": "eastron_sdm630",
        "vendor": "Eastron",
        "model": "SDM630 v1, v2, MCT",
        "kinds": ["meter"],
        "transport": "modbus",
        "status": "verified",
        "experimental": {},
        "direction_unsure": {},
    }


def test_show_tells_registers_types_units_and_signs(capsys: pytest.CaptureFixture[str]) -> None:
    assert show_profile("eastron_sdm630", as_json=False) == 0

    output = capsys.readouterr().out
    lines = [line.split() for line in output.splitlines()]

    assert ["current_l1", "input", "6-7", "float32", "A", "1", "direction", "from", "the", "power"] in lines
    assert ["power", "input", "52-53", "float32", "W", "1", "+", "import"] in lines
    assert ["energy_export", "input", "74-75", "float32", "kWh", "1"] in lines
    assert "· At most 80 registers per read, 100 ms between two." in output
    assert "· Addresses count from 0; of a long number the high word comes first." in output
    assert "· Some units answer short reads only" in output


def test_show_tells_where_a_device_answers_and_what_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    assert show_profile("foxess_h3", as_json=False) == 0
    assert show_profile("kostal_plenticore", as_json=False) == 0
    assert show_profile("finder_7m24", as_json=False) == 0

    output = capsys.readouterr().out

    assert "· Answers at port 502 as unit 247, where the site file does not say otherwise." in output
    assert "· RS-485 as it comes from its maker: 9600 baud, 8N1; set the gateway so." in output
    assert "· Connections at once: 1." in output
    assert "· Stands one sample every 5 s." in output
    assert "the low word comes first, unless the device says otherwise." in output
    assert "· Experimental as meter: Its powers come from one public source alone" in output


def test_show_tells_parts_and_what_is_made_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert show_profile("deye_3p_hybrid", as_json=False) == 0
    assert show_profile("solis_hybrid", as_json=False) == 0
    assert show_profile("solaredge", as_json=False) == 0

    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]

    assert "power holding 625+690 int32 W 1 + import meter" in lines
    assert "power power_first + power_second derived W 1 + discharge battery" in lines
    assert "power ± power_size, + while power_direction is 1 derived W 1 + discharge battery" in lines
    assert "power_direction input 33135 uint16 state 1 a part of ours battery" in lines
    assert "power holding 40083 int16 × 10^(40084) W 1 + production inverter" in lines


def test_show_tells_topics_and_when_a_device_counts_as_silent(capsys: pytest.CaptureFixture[str]) -> None:
    assert show_profile("shelly_pro3em", as_json=False) == 0

    output = capsys.readouterr().out

    assert "{prefix}/status/em:0 at a_current " in output
    assert "· Tells on {prefix}/online whether it is there." in output
    assert "· Counts as silent after 90 s without a message." in output


def test_show_of_a_device_that_describes_itself_tells_its_models_for_each_use(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert show_profile("sunspec", as_json=True) == 0

    points = said(capsys)["points"]

    assert {
        "kind": "inverter",
        "name": "power",
        "where": "model 101-103 + 14, W",
        "type": "int16 × 10^W_SF",
        "unit": "W",
        "factor": 1.0,
        "counts": "+ production",
    } in points
    assert {point["kind"] for point in points} == {"meter", "inverter", "battery"}


@pytest.mark.parametrize("chosen", profiles(), ids=lambda each: each.id)
def test_every_number_of_every_profile_is_shown_with_its_unit(chosen: Profile) -> None:
    rows = tuple(point_rows(chosen))

    assert rows
    assert all(row.unit for row in rows if row.type != "string")
    assert all(row.counts for row in rows if row.name.startswith(("power", "current")))


@pytest.mark.parametrize("name", [*METER_POINTS, *INVERTER_POINTS, *BATTERY_POINTS])
def test_every_point_has_a_unit(name: str) -> None:
    assert unit_of(name)


def test_texts_and_states_have_no_unit() -> None:
    assert [unit_of(name) for name in ("serial", "Mn", "Vr", "St", "N")] == [""] * 5


def test_unknown_profile_is_wrong_use_and_the_nearest_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert show_profile("sdm630", as_json=True) == 2

    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == ("there is no device profile sdm630: did you mean eastron_sdm630?\n")


def test_an_option_that_says_nothing_of_a_device_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert probe_device("shelly_pro3em", asked_at("127.0.0.1", {"unit": 1}), as_json=False) == 2
    assert "shelly_pro3em speaks mqtt, and --unit says nothing of that" in capsys.readouterr().err


def test_probing_a_url_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert probe_device("sunspec", asked_at("http://inverter", {"port": 502}), as_json=False) == 2
    assert "give a name or address alone" in capsys.readouterr().err


def test_a_path_is_a_serial_line() -> None:
    assert asked_at("/dev/ttyUSB0", {"baud": 19200}) == {"serial": "/dev/ttyUSB0", "baud": 19200}
    assert asked_at("10.0.0.7", {"unit": 3}) == {"host": "10.0.0.7", "unit": 3}


def test_a_secret_on_the_command_line_is_refused_and_not_repeated() -> None:
    said = CliRunner().invoke(
        app, ["devices", "record", "sonnen_batterie", "x.json", "--host", "10.0.0.7", "--token", "my-own-secret"]
    )

    assert said.exit_code == 2
    assert "env:NAME or file:PATH" in said.output
    assert "my-own-secret" not in said.output


@pytest.mark.parametrize("command", ["show", "probe", "record"])
def test_every_command_that_looks_at_a_device_takes_the_same_options(command: str) -> None:
    said = CliRunner().invoke(app, ["devices", command, "--help"]).output

    for option in ("--port", "--unit", "--over", "--baud", "--parity", "--prefix", "--user", "--password", "--token"):
        assert said.count(f" {option} ") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["probe", "sunspec"], id="no host"),
        pytest.param(["probe", "sunspec", "--host", "inverter", "--unit", "256"], id="no such unit"),
        pytest.param(["show"], id="no profile"),
        pytest.param(["read"], id="no such command"),
    ],
)
def test_command_used_wrongly_exits_with_2(arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", "ems", "devices", *arguments], capture_output=True, check=False)

    assert done.returncode == 2


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("sunspec", "add --host HOST"),
        ("http://meter", "host is 'http://meter'"),
        ("mqtt://", "mqtt:// is no broker: write mqtt://HOST"),
        ("mqtt://broker:0x1", "mqtt://broker:0x1 is no broker"),
        ("mqtt://me:secret@broker", "a login does not belong into a link"),
    ],
)
def test_a_search_at_a_profile_or_at_a_link_is_wrong_use(
    what: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert search(what, SearchWish(), as_json=False) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "secret" not in said
