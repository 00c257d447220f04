"""What must hold when something breaks, judged by what cars drew and fuses carried, not by what anybody said.

Where only Fusewise has a promise (its reasons, its messages, its steps), only Fusewise is asked for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from ems.model.decision import LimitReason
from ems.sim.lab.fault_looks import (
    comes_back,
    falls_back,
    follows_the_sun,
    goes_on,
    makes_room,
    no_fuse_trips,
    raises_nothing,
    stays_at_six_amps_on_one_phase,
)
from ems.sim.lab.fault_looks_ours import (
    escalates,
    raises_again,
    renews_leases,
    reserves_its_hardware_maximum,
    says,
    tries_again_ever_slower,
    waits_for_good_samples,
)
from ems.sim.lab.fault_scene import Check, Scene, Seen
from ems.sim.lab.fault_script import FaultKind
from ems.sim.lab.records import RunRecord
from ems.sim.lab.report.shapes import FaultVerdict

Look: TypeAlias = Callable[[Seen], Check | None]
"""None: this policy is not asked."""


def verdict(
    scene: Scene, record: RunRecord, *, looks_every_s: float = 0.0, with_inverter: RunRecord | None = None
) -> FaultVerdict:
    """How the policy of this run came through the fault. A run without its seconds gets no verdict.

    `with_inverter` is the same run with nothing broken, for policies that follow the sun.
    """
    if record.picture is None:
        return not_played(scene.label, record.policy, "the run kept no seconds to look at")
    seen = Seen(
        scene=scene,
        record=record,
        seconds=record.picture,
        looks_every_s=looks_every_s,
        with_inverter=None if with_inverter is None else with_inverter.picture,
    )
    checks = [check for look in EXPECTED[scene.fault] if (check := look(seen)) is not None]
    return judged(scene.label, record.policy, checks)


def judged(label: str, policy: str, checks: Iterable[Check]) -> FaultVerdict:
    """One verdict of several checks; its sentence tells what failed, or all that held."""
    checks = tuple(checks)
    failed = [check for check in checks if not check.held]
    return FaultVerdict(
        fault=label,
        policy=policy,
        passed=not failed,
        figure="; ".join(check.figure for check in checks if check.figure),
        sentence="; ".join(check.sentence for check in failed or checks) + ".",
    )


def not_played(label: str, policy: str, why: str) -> FaultVerdict:
    """A row without a verdict, and why."""
    return FaultVerdict(fault=label, policy=policy, passed=None, figure="", sentence=f"Not played: {why}.")


METER_GONE: Final = (falls_back, says(LimitReason.METER_LOST), waits_for_good_samples, comes_back, no_fuse_trips)
BY_LEASE: Final = (falls_back, comes_back, no_fuse_trips)
DEAF: Final = (makes_room, tries_again_ever_slower, comes_back, no_fuse_trips)

EXPECTED: Final[dict[FaultKind, tuple[Look, ...]]] = {
    FaultKind.NOTHING: (no_fuse_trips,),
    FaultKind.METER_LATE: (raises_nothing, raises_again, no_fuse_trips),
    FaultKind.METER_LOST: METER_GONE,
    FaultKind.METER_FROZEN: METER_GONE,
    FaultKind.METER_BACKWARDS: METER_GONE,
    FaultKind.METER_IMPOSSIBLE: METER_GONE,
    FaultKind.STATION_DISCONNECTS: (makes_room, *BY_LEASE),
    FaultKind.STATION_REBOOTS: (makes_room, *BY_LEASE),
    FaultKind.STATION_REJECTS: DEAF,
    FaultKind.STATION_TIMES_OUT: DEAF,
    FaultKind.STATION_IGNORES: (makes_room, reserves_its_hardware_maximum, escalates, no_fuse_trips),
    FaultKind.SERVICE_DIES: BY_LEASE,
    FaultKind.NETWORK_CUT: BY_LEASE,
    FaultKind.INVERTER_LOST: (follows_the_sun, makes_room, no_fuse_trips),
    FaultKind.CLOCK_JUMPS: (goes_on, makes_room, renews_leases, no_fuse_trips),
    FaultKind.STORE_FULL: (makes_room, no_fuse_trips),
    FaultKind.NOT_COMMISSIONED: (stays_at_six_amps_on_one_phase,),
}
"""What each fault must show; those without a row are not played as a run of their own."""


def problems(verdicts: Iterable[FaultVerdict], policy: str) -> list[FaultVerdict]:
    """The rows that this policy did not come through."""
    return [each for each in verdicts if each.policy == policy and each.passed is False]
