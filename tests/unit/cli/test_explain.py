"""The chain on a terminal."""

from __future__ import annotations

from rich.console import Console

from ems.cli.explain import headline, print_chain
from ems.control.explain import explain
from ems.model.explanation_sentences import chain
from tests.house import House


def printed(house: House, station_id: str) -> list[str]:
    console = Console(width=40, highlight=False, no_color=True)
    with console.capture() as captured:
        print_chain(explain(house.snapshot(), house.memory, station_id), console)
    return captured.get().splitlines()


def test_the_setpoint_comes_first_and_then_every_step_on_a_line_of_its_own() -> None:
    house = House(sun_w=8000).with_car("garage").run(minutes=3)
    told = explain(house.snapshot(), house.memory, "garage")
    lines = printed(house, "garage")

    assert lines[0] == headline(told) == f"garage: {told.setpoint.limit_a:.1f} A on 3 phases"
    assert [line.strip(" →") for line in lines[1:]] == chain(told)


def test_a_paused_station_is_told_so() -> None:
    house = House().with_car("garage", fallback_a=0.0).run(minutes=3)

    assert printed(house, "garage")[0] == "garage: pause"
