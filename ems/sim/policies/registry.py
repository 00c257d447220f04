"""The baseline policies by the name that `--policy` spells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Final

from ems.errors import EmsError
from ems.model.site import Site
from ems.sim.policies.equal import Equal
from ems.sim.policies.evcc import Evcc
from ems.sim.policies.everest import Everest
from ems.sim.policies.openwb import OpenWb
from ems.sim.policies.ports import Policy
from ems.sim.policies.smartevse import SmartEvse
from ems.sim.policies.uncontrolled import Uncontrolled


class UnknownPolicy(EmsError):
    """Nobody registered a policy of that name."""

    code: ClassVar[str] = "unknown_policy"


POLICIES: Final[Mapping[str, Callable[[Site], Policy]]] = {
    "evcc": Evcc,
    "evcc-10": lambda site: Evcc(site, name="evcc-10", tick_s=10.0),
    "openwb": OpenWb,
    "smartevse": SmartEvse,
    "equal": Equal,
    "everest": Everest,
    "uncontrolled": Uncontrolled,
}
"""Each makes a fresh policy for one run."""

IN_TURN: Final = frozenset({"evcc", "evcc-10"})
"""Those that look at one station per tick."""

WITHOUT_SUN: Final = frozenset({"equal", "everest", "uncontrolled"})
"""Those that have no solar mode: their cars charge at once."""

DESCRIPTIONS: Final[Mapping[str, str]] = {
    "evcc": "evcc's rules at its 30 s: one charger per tick, start after 60 s, stop after 180 s",
    "evcc-10": "evcc's rules at 10 s, as many users run it",
    "openwb": "openWB's rules: every 10 s minimums, fast cars, then sun within 5 A a cycle",
    "smartevse": "SmartEVSE's rules: one current for the group, moved by every meter sample",
    "equal": "free current under the fuses, divided equally every 30 s; no solar mode",
    "everest": "EVerest's rules: half an ampere in turns under the fuses every second; no solar mode",
    "uncontrolled": "full current whenever plugged; the fuse is on its own",
}
"""One line for people, under the same names."""


def policy_named(name: str, site: Site) -> Policy:
    """A fresh policy of that name for `site`; raises `UnknownPolicy` with the names there are."""
    make = POLICIES.get(name)
    if make is None:
        raise UnknownPolicy(f"no policy is called {name!r}; there are {', '.join(POLICIES)}")
    return make(site)
