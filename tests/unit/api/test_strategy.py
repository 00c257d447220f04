"""How keen on sun the house is, as a person chose: cars follow it, and it stays until somebody chooses otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ems.api.errors import StrategyFixed
from ems.model.goals import ChargeMode
from ems.model.site import Keenness, Policy
from tests.live import LiveBench, WatchedHouse, sunny_house

WHO = "anna"

LITTLE_SUN_W = 1500.0
"""With 0.7 kW of the house: more than a keen single phase asks for, less than a purist one."""


def little_sun(policy: Policy | None = None) -> LiveBench:
    house = sunny_house(sun_w=LITTLE_SUN_W)
    if policy is not None:
        house.policy = policy
    bench = LiveBench(house)
    bench.live.set_mode("garage", ChargeMode.OFF, who=WHO)
    return bench


def charges(bench: LiveBench) -> bool:
    return bench.station("carport").limit_a > 0.0


def test_a_keen_house_charges_where_a_purist_waits() -> None:
    bench = little_sun()
    bench.live.set_strategy(Keenness.PURIST, who=WHO)
    state = bench.run(300)
    assert (state.strategy, state.user_strategy, charges(bench)) == (Keenness.PURIST, Keenness.PURIST, False)

    bench.live.set_strategy(Keenness.KEEN, who=WHO)
    state = bench.run(300)

    assert (state.strategy, state.user_strategy, charges(bench)) == (Keenness.KEEN, Keenness.KEEN, True)
    assert bench.diary.notes[-1] == ("wish", WHO, "strategy keen on sun")


def test_null_is_the_site_file_s_at_once() -> None:
    bench = little_sun(Policy(keenness=Keenness.BALANCED))
    bench.run(2)
    bench.live.set_strategy(Keenness.PURIST, who=WHO)
    assert bench.run(2).strategy is Keenness.PURIST

    bench.live.set_strategy(None, who=WHO)

    state = bench.live.state()
    assert (state.strategy, state.user_strategy, state.strategy_fixed) == (Keenness.BALANCED, None, False)
    assert bench.diary.notes[-1][2] == "strategy of the site file"


def test_it_lives_on_over_a_restart() -> None:
    bench = little_sun()
    bench.live.set_strategy(Keenness.KEEN, who=WHO)

    bench.started()

    assert bench.run(300).strategy is Keenness.KEEN
    assert charges(bench)


def test_a_site_file_may_keep_it() -> None:
    bench = little_sun()
    bench.live.set_strategy(Keenness.KEEN, who=WHO)
    fixed = LiveBench(_fixed(bench.house), shelf=bench.shelf)

    with pytest.raises(StrategyFixed, match=r"policy\.keenness_fixed"):
        fixed.live.set_strategy(Keenness.KEEN, who=WHO)

    state = fixed.run(2)
    assert (state.strategy, state.user_strategy, state.strategy_fixed) == (Keenness.NORMAL, None, True)


def _fixed(house: WatchedHouse) -> WatchedHouse:
    anew = sunny_house(sun_w=LITTLE_SUN_W)
    anew.policy = replace(house.policy, keenness_fixed=True)
    return anew
