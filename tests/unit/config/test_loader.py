from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ems.config.loader import MAX_BYTES, MAX_PROBLEMS, load_site
from ems.config.problems import Problem, SiteFileError
from ems.model.goals import ChargeMode
from tests.unit.config.files import GOOD, loaded, problems_of, said, swapped, written


def test_good_file_loads_with_safe_defaults(tmp_path: Path) -> None:
    file = loaded(tmp_path, GOOD)

    assert file.connection.main_fuse_a == 25
    assert file.stations[1].fallback_a == 0
    assert not file.stations[1].lease_verified


def test_problem_names_file_line_place_and_cure(tmp_path: Path) -> None:
    assert said(tmp_path, swapped("main_fuse_a: 25", "main_fuse_a: 1000")) == [
        "site.yaml line 3: connection.main_fuse_a is 1000: home fuses are 6 to 125 A; did you mean watts?"
    ]


def test_all_problems_come_at_once_in_the_order_of_their_lines(tmp_path: Path) -> None:
    text = (
        GOOD.replace("phases: 3\n  main_fuse_a: 25", "phases: 2\n  fuse_a: 25")
        .replace("circuit: garage", "circuit: gargae")
        .replace("{id: family, phases: 3}", "{id: family, max_a: 5}\n  - {id: family}")
    )

    problems = problems_of(tmp_path, text)

    assert [(p.line, p.place) for p in problems] == [
        (2, "connection.phases"),
        (3, "connection.fuse_a"),
        (11, "stations[carport].circuit"),
        (13, "vehicles[family].max_a"),
        (14, "vehicles[family].id"),
    ]


def test_nothing_is_concluded_from_a_wrong_value(tmp_path: Path) -> None:
    """max_a is no number, so nobody knows whether it is below min_a."""
    text = swapped("fallback_a: 6,", 'fallback_a: 20, min_a: 20, max_a: "16",')

    assert [p.place for p in problems_of(tmp_path, text)] == ["stations[drive].max_a"]


def test_entry_that_is_no_section_does_not_shift_the_places_of_the_others(tmp_path: Path) -> None:
    text = swapped("  - {id: drive,", "  - just a word\n  - {id: drive, vehicle: famly,")

    assert said(tmp_path, text) == [
        "site.yaml line 10: stations[#1] is 'just a word': it is a section: give keys, such as {id: …}",
        "site.yaml line 11: stations[drive].vehicle is famly, and there is no such vehicle: did you mean family?",
    ]


def test_missing_required_keys_do_not_hide_other_problems(tmp_path: Path) -> None:
    text = GOOD.replace("{id: garage, fuse_a: 20}", "{id: garage}").replace("circuit: garage", "circuit: attic")

    assert [(p.place, p.problem) for p in problems_of(tmp_path, text)] == [
        ("circuits[garage].fuse_a", "is missing"),
        ("stations[carport].circuit", "is attic, and there is no such circuit"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("phases: 3\n  m", "phases: '3'\n  m", "connection.phases is '3': write 3, without quotes"),
        ("main_fuse_a: 25", "main_fuse: 25", "connection.main_fuse is not a known key: did you mean main_fuse_a?"),
        (
            "fallback_a: 6,",
            "fallback_a: 6,5,",
            ".5 is not a known key: a comma ends a value; numbers have a decimal point",
        ),
        ("main_fuse_a: 25", "lease_s: 60", "connection.lease_s is not a known key: it belongs in policy"),
        (
            "main_fuse_a: 25",
            "derating:",
            "derating is empty: give it a value (a number), or delete the line",
        ),
        ("main_fuse_a: 25", "main_fuse_a: '25 A'", "is '25 A': write 25: a plain number with a decimal point"),
        ("main_fuse_a: 25", "main_fuse_a: 2,5", "is '2,5': write 2.5: a plain number"),
        ("main_fuse_a: 25", "main_fuse_a: '25'", "is '25': write 25, without quotes"),
        ("main_fuse_a: 25", "main_fuse_a: true", "is true: give a number from 6 to 125"),
        ("main_fuse_a: 25", "main_fuse_a: .nan", "is '.nan': give a number from 6 to 125"),
        ("main_fuse_a: 25", "main_fuse_a: 1e999", "give a number from 6 to 125"),
        ("main_fuse_a: 25", "main_fuse_a: [25]", "is a list: give a number from 6 to 125"),
        ("main_fuse_a: 25", "derating: 95", "did you mean per cent? 95 % is 0.95"),
        ("main_fuse_a: 25", "main_fuse_device: mcb-b", "choose from mcb_b, mcb_c, mcb_d, sls, gg; did you mean mcb_b?"),
        ("host: 127.0.0.1", "host: 'http://meter'", "there is no http:// in front"),
        ("host: 127.0.0.1", "host: '127.0.0.1:502'", "a port goes into `port`"),
        ("host: 127.0.0.1", "port: 502", "meters[grid].modbus.host is missing: add the address"),
        ("host: 127.0.0.1", "host: a, unit: 300", "Modbus units are 0 to 255"),
        ("host: 127.0.0.1", "host: a, timeout_s: 0", "above 0 s, at most 30 s"),
        ("host: 127.0.0.1", "host: a, timeout_s: 1000", "did you mean milliseconds? 1000 ms is 1"),
        ("{id: grid,", "{id: 12,", 'meters[#1].id is 12: write it in quotes: "12"'),
        ("{id: grid,", "{id: grid, invert: maybe,", "is 'maybe': write true or false"),
        ("fallback_a: 6", "wired: L1", "is 'L1': it is a list: write [L1]"),
        ("fallback_a: 6", "wired: []", "is an empty list: name at least one phase, such as [L1]"),
        ("fallback_a: 6", "wired: [L1, L4]", "stations[drive].wired[#2] is 'L4': choose from L1, L2, L3"),
        ("fallback_a: 6", "quirks: {stak: 1}", "stations[drive].quirks.stak is not a known key: did you mean stack?"),
        ("fallback_a: 6", "quirks: {stack: top}", "stations[drive].quirks.stack is 'top': choose from 0, 1, 2"),
        ("fallback_a: 6", "quirks: {unit: amps}", "stations[drive].quirks.unit is 'amps': choose from A, W"),
        (
            "fallback_a: 6",
            "quirks: {ping_s: off}",
            "stations[drive].quirks.ping_s is 'off': give a number from 0 to 600",
        ),
        ("fallback_a: 6", "quirks: {ocpp_pin: 1.5}", "quirks.ocpp_pin is '1.5': choose from 1.6, 2.0.1, 2.1"),
        ("fallback_a: 6", "quirks: {step_amps: 2}", "quirks.step_amps is 2: it is a list: write [2]"),
        ("fallback_a: 6", "mode: sun", "choose from off, solar, min_solar, fast"),
        ("fallback_a: 6", "mode: true", "is true: choose from off"),
        ("fallback_a: 6", "priority: 1.5", "is 1.5: give a whole number"),
        ("fallback_a: 6", "max_a: 11000", "charging currents are 6 to 80 A; did you mean watts?"),
        ("fallback_a: 6", "fallback_a: -1", "it may be 0 to 32 A; 0 means pause"),
        ("id: family, phases: 3", "id: a, battery_kwh: 77000", "did you mean watt hours? 77000 Wh is 77"),
        ("vehicles:", "simulation: {start: 690}\nvehicles:", 'write the time in quotes, such as "11:30"'),
        ("vehicles:", "simulation: {cars: {station: drive}}\nvehicles:", "start every entry with a dash"),
        ("vehicles:", "site: {name: 2024}\nvehicles:", 'site.name is 2024: write it in quotes: "2024"'),
        ("fallback_a: 6", "wired: [L1, L2, L3, L1]", "has too many entries: a house has three phases at most"),
        ("fallback_a: 6", "identity: [a]", "stations[drive].identity is a list: give a single word or text"),
        ("fallback_a: 6", "password: {env: 12}", "stations[drive].password.env is not a text: write it in quotes"),
        ("fallback_a: 6", "password: {env: ''}", "stations[drive].password.env is an empty text: give it a value"),
        ("fallback_a: 6", "serial: " + 60 * "x", "is too long: shorten it"),
        ("fallback_a: 6", "min_a: 6 A or so", "is '6 A or so': write 6"),
        ("fallback_a: 6", "min_a: six", "is 'six': give a number from 6 to 32"),
        ("fallback_a: 6", "min_a: -.inf", "give a number"),
        ("fallback_a: 6", "max_a: 100.0", "is 100: charging currents are 6 to 80 A"),
        ("fallback_a: 6", "max_a: 100.5", "is 100.5: charging currents are 6 to 80 A"),
        ("vehicles:", "simulation: {cars: [{station: drive, arrives_after_s: -1}]}\nvehicles:", "may be 0 s or more"),
        ("vehicles:", "simulation: {seed: a}\nvehicles:", "simulation.seed is 'a': give a number"),
        ("vehicles:", 'site: {name: "a\\tb"}\nvehicles:', "give it letters and signs that can be printed"),
        ("id: garage, ", "id: garage, fed_from: [main], ", "circuits[garage].fed_from is a list: give a single word"),
        ("fuse_a: 20}", "fuse_a: }", "circuits[garage].fuse_a is empty: add the rating printed on the fuse"),
        ("vehicles:", "csms: []\nvehicles:", "csms is a list: it is a section"),
        ("vehicles:", "csms:\nvehicles:", "csms is empty"),
        ("vehicles:", "chargers: []\nvehicles:", "chargers is not a known key: did you mean stations?"),
        (
            "main_fuse_a: 25",
            "max_import_kw: 11000",
            "contracts of a house are 1 to 200 kW; did you mean watts? 11000 W",
        ),
        ("main_fuse_a: 25", "peak_tariff: {}", "connection.peak_tariff.limit_kw is missing: add the mean import"),
        (
            "main_fuse_a: 25",
            "peak_tariff: {limit_kw: 3, window_min: 20}",
            "window_min is 20: choose from 15, 30, 60",
        ),
        ("fuse_a: 20}", "fuse_a: 20, max_kw: 0.5}", "circuits in a house carry 1 to 200 kW"),
        ("vehicles:", "grid_operator: {devices: 2}\nvehicles:", "rule is missing: name the operator's rule"),
        ("vehicles:", "grid_operator: {rule: de14b, devices: 2}\nvehicles:", "choose from de14a; did you mean de14a?"),
        ("vehicles:", "policy: {keenness: kean}\nvehicles:", "choose from keen, balanced, normal, purist"),
        ("vehicles:", "policy: {battery_share: 50}\nvehicles:", "did you mean per cent? 50 % is 0.5"),
        ("vehicles:", "storage: {journal_mb: 5}\nvehicles:", "the journal takes 10 to 5000 MB"),
        (
            "vehicles:",
            "simulation: {cars: [{station: drive, home: [{arrives: 9am}]}]}\nvehicles:",
            'give the time of day as "17:30"',
        ),
        ("vehicles:", "solar: [{id: r, profile: sunspec, modbus: {host: a}, peak_w: 9}]\nvehicles:", "9 kW is 9000"),
    ],
)
def test_wrong_value_is_named_with_its_cure(tmp_path: Path, old: str, new: str, expected: str) -> None:
    (problem,) = said(tmp_path, swapped(old, new))

    assert expected in problem


def test_each_missing_section_is_named(tmp_path: Path) -> None:
    assert [p.place for p in problems_of(tmp_path, "site: {name: A}\n")] == ["connection", "meters", "stations"]


@pytest.mark.parametrize("mode", ["off", '"off"', "false"])
def test_mode_off_is_a_mode_and_no_boolean(tmp_path: Path, mode: str) -> None:
    file = loaded(tmp_path, swapped("fallback_a: 6", f"mode: {mode}"))

    assert file.stations[0].mode is ChargeMode.OFF


@pytest.mark.parametrize("version", ["1.6", '"1.6"'])
def test_version_of_ocpp_needs_no_quotes(tmp_path: Path, version: str) -> None:
    quirks = loaded(tmp_path, swapped("fallback_a: 6", f"quirks: {{ocpp_pin: {version}}}")).stations[0].quirks

    assert quirks is not None
    assert quirks.ocpp_pin == "1.6"


@pytest.mark.parametrize("word", ["true", "True", "TRUE"])
def test_true_is_true_in_every_spelling_of_yaml(tmp_path: Path, word: str) -> None:
    assert loaded(tmp_path, swapped("fallback_a: 6", f"phase_switching: {word}")).stations[0].phase_switching


@pytest.mark.parametrize("word", ["yes", "on", "'true'", "1", "1.0"])
def test_what_only_looks_like_true_is_refused(tmp_path: Path, word: str) -> None:
    problem = problems_of(tmp_path, swapped("lease_verified: true", f"lease_verified: {word}"))[0]

    assert (problem.place, problem.cure) == ("stations[drive].lease_verified", "write true or false, without quotes")


def test_file_of_yaml_1_1_reads_the_same(tmp_path: Path) -> None:
    text = "%YAML 1.1\n---\n" + swapped("fallback_a: 6", "mode: off")

    assert loaded(tmp_path, text).stations[0].mode is ChargeMode.OFF


def test_byte_order_mark_and_windows_line_ends_are_no_problem(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())

    assert load_site(path).connection.main_fuse_a == 25


def test_stations_may_share_an_anchor(tmp_path: Path) -> None:
    text = swapped(
        "  - {id: drive, fallback_a: 6, lease_verified: true}",
        "  - &first {id: drive, fallback_a: 6, lease_verified: true}\n  - {<<: *first, id: second, fallback_a: 8}",
    )

    _, second, _ = loaded(tmp_path, text).stations

    assert (second.id, second.fallback_a, second.lease_verified) == ("second", 8, True)


def test_password_in_the_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    (problem,) = said(tmp_path, swapped("fallback_a: 6", "password: hunter2"))

    assert "stations[drive].password stands in the file itself" in problem
    assert "hunter2" not in problem


def test_secret_file_is_counted_from_the_folder_of_the_site_file(tmp_path: Path) -> None:
    file = loaded(tmp_path, swapped("fallback_a: 6", "password: {file: keys/drive}"))

    assert file.stations[0].password is not None
    assert file.stations[0].password.file == str(tmp_path / "keys/drive")


def test_unknown_profile_is_named_when_the_known_ones_are_given(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)

    with pytest.raises(SiteFileError, match="did you mean eastron_sdm72d"):
        load_site(path, profiles={"eastron_sdm72d", "sunspec"})


def test_problems_are_at_most_as_many_as_anybody_reads(tmp_path: Path) -> None:
    text = GOOD + "".join(f"wrong{i}: 1\n" for i in range(MAX_PROBLEMS + 50))

    assert len(problems_of(tmp_path, text)) == MAX_PROBLEMS


def test_missing_file_and_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(SiteFileError, match=r"^none\.yaml: does not exist"):
        load_site(tmp_path / "none.yaml")
    with pytest.raises(SiteFileError, match="is a folder"):
        load_site(tmp_path)
    with pytest.raises(SiteFileError, match="cannot be read"):
        load_site(Path("a\0b"))


def test_file_above_1_mib_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_bytes(b"#" * (MAX_BYTES + 1))

    with pytest.raises(SiteFileError, match="larger than 1 MiB"):
        load_site(path)


def test_text_that_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_bytes(GOOD.encode() + b"site: {name: Caf\xe9}\n")

    with pytest.raises(SiteFileError, match="line 14: is not UTF-8"):
        load_site(path)


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n", "---\n...\n"])
def test_empty_file_is_called_empty(tmp_path: Path, text: str) -> None:
    assert [p.problem for p in problems_of(tmp_path, text)] == ["is empty"]


@pytest.mark.parametrize("text", ["- a\n- b\n", "just a text\n", "12\n", "services: {web: {image: x}}\n"])
def test_other_files_are_not_quoted(tmp_path: Path, text: str) -> None:
    (problem,) = problems_of(tmp_path, text)

    assert problem.problem == "holds nothing of a site file"


def anything_wrong(path: Path) -> tuple[Problem, ...]:
    """The problems of a file, none for a good one; any other error is a failure of the test."""
    try:
        load_site(path)
    except SiteFileError as error:
        return error.problems
    return ()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cut=st.integers(0, len(GOOD)),
    junk=st.text(alphabet=st.sampled_from(list(" \t\n:-[]{}&*!|>%@`\"'#,?aé\0\x85")), max_size=8),
)
def test_spoilt_file_loads_or_tells_what_is_wrong(tmp_path: Path, cut: int, junk: str) -> None:
    path = written(tmp_path, GOOD[:cut] + junk + GOOD[cut:])

    assert all(problem.cure for problem in anything_wrong(path))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 2000)
    | st.floats()
    | st.sampled_from(["L1", "main", "garage", "x", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "host", "circuit"]), inner),
    max_leaves=5,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    key=st.sampled_from(["connection", "circuits", "meters", "stations", "vehicles", "mqtt", "simulation"]),
    value=VALUES,
)
def test_no_value_anywhere_makes_the_loader_stumble(tmp_path: Path, key: str, value: object) -> None:
    text = GOOD.replace(f"{key}:", f"was_{key}:") + f"{key}: {_flow(value)}\n"

    assert all(problem.cure for problem in anything_wrong(written(tmp_path, text)))


def _flow(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return '""' if value == "" else str(value)
