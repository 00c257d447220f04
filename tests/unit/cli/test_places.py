"""A place for a result is refused before the work begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from ems.cli.places import CannotWrite, check_writable
from ems.cli.simulate import simulate_site
from ems.cli.simulate_request import SimulateOptions


def test_place_in_a_folder_that_is_there_passes_and_stays_empty(tmp_path: Path) -> None:
    check_writable(tmp_path / "week.html")

    assert list(tmp_path.iterdir()) == []


def test_file_that_is_there_passes_and_keeps_its_content(tmp_path: Path) -> None:
    there = tmp_path / "week.html"
    there.write_text("old", encoding="utf-8")

    check_writable(there)

    assert there.read_text(encoding="utf-8") == "old"


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match=r"there is no folder .*nowhere; make it, or name another file"):
        check_writable(tmp_path / "nowhere" / "week.html")


def test_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match="it is a folder; name a file in it"):
        check_writable(tmp_path)


@pytest.mark.parametrize("option", ["report_to", "json_to"])
def test_simulate_refuses_before_it_reads_anything(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = tmp_path / "nowhere" / "week"
    place = {option: wanted if option == "report_to" else str(wanted)}
    options = SimulateOptions(site=tmp_path / "none.yaml", trace=tmp_path / "none.csv", **place)  # type: ignore[arg-type]

    code = simulate_site(options)

    assert code == 1
    assert "there is no folder" in capsys.readouterr().err
