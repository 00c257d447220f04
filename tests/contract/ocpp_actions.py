"""Every action of every OCPP version, and what we do with it, read from the dialects themselves."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from unittest.mock import Mock

from ems.csms.messages import Heard
from ems.csms.not_used import NOT_USED
from ems.csms.pace import Pace
from ems.csms.v16.inbound import InboundV16
from ems.csms.v16.outbound import OutboundV16
from ems.csms.v16.vocabulary import VOCABULARY as WORDS_16
from ems.csms.v21.inbound import InboundV21
from ems.csms.v21.outbound import OutboundV21
from ems.csms.v21.vocabulary import VOCABULARY as WORDS_21
from ems.csms.v201.inbound import InboundV201
from ems.csms.v201.outbound import OutboundV201
from ems.csms.v201.vocabulary import VOCABULARY as WORDS_201
from tests.live import HandClock

WORDS = """
Authorize BatterySwap BootNotification ClearedChargingLimit ClosePeriodicEventStream DataTransfer
DiagnosticsStatusNotification FirmwareStatusNotification Get15118EVCertificate GetCertificateChainStatus
GetCertificateStatus Heartbeat LogStatusNotification MeterValues NotifyChargingLimit NotifyCustomerInformation
NotifyDERAlarm NotifyDERStartStop NotifyDisplayMessages NotifyEVChargingNeeds NotifyEVChargingSchedule NotifyEvent
NotifyMonitoringReport NotifyPeriodicEventStream NotifyPriorityCharging NotifyReport NotifySettlement
OpenPeriodicEventStream PublishFirmwareStatusNotification PullDynamicScheduleUpdate ReportChargingProfiles
ReportDERControl ReservationStatusUpdate SecurityEventNotification SignCertificate SignedFirmwareStatusNotification
StartTransaction StatusNotification StopTransaction TransactionEvent VatNumberValidation
"""
FROM_STATION = frozenset(WORDS.split())
"""What stations send; everything else, and DataTransfer, goes to them."""

COMMAND = "`FUSEWISE_GOLDEN=write pytest tests/contract/test_ocpp_actions.py`"
BOTH_WAYS = frozenset({"DataTransfer"})


@dataclass(frozen=True)
class Version:
    """One version of the protocol as we speak it."""

    name: str
    actions: frozenset[str]
    served: frozenset[str]
    sent: frozenset[str]

    def verdict(self, action: str) -> str:
        """One word, and a reason where we leave it on purpose."""
        words = []
        if action in FROM_STATION:
            words.append("handled" if action in self.served else self._left(action, "answered NotImplemented"))
        if action not in FROM_STATION or action in BOTH_WAYS:
            words.append("sent" if action in self.sent else self._left(action, "not sent"))
        return " and ".join(words)

    def undecided(self) -> set[str]:
        """Neither used nor left on purpose."""
        return {action for action in self.actions if "for now" in self.verdict(action)}

    @staticmethod
    def _left(action: str, word: str) -> str:
        return f"{word} on purpose: {NOT_USED[action]}" if action in NOT_USED else f"{word} for now"


def versions() -> tuple[Version, ...]:
    """All that we speak."""
    heard, clock, pace = cast("Heard", Mock()), HandClock(), Pace()
    return (
        Version(
            "1.6 with its security extension",
            WORDS_16.actions,
            _answered(InboundV16(heard, clock, pace, station="s")),
            sent_by(OutboundV16),
        ),
        Version(
            "2.0.1",
            WORDS_201.actions,
            _answered(InboundV201(heard, clock, pace, station="s")),
            sent_by(OutboundV201),
        ),
        Version("2.1", WORDS_21.actions, _answered(InboundV21(heard, clock, pace, station="s")), sent_by(OutboundV21)),
    )


def _answered(inbound: Any) -> frozenset[str]:
    return frozenset(inbound._answers)


def sent_by(outbound: type) -> frozenset[str]:
    """Every action that a dialect, or a family of requests that it is made of, asks of a station."""
    families = [each for each in inspect.getmro(outbound) if each.__module__.startswith("ems.")]
    return frozenset(action for each in families for action in _asked(inspect.getsource(each)))


def _asked(source: str) -> Iterator[str]:
    """`call.Reset(…)` of the package's dataclasses, and `self._ask("Reset", …)`."""
    for node in ast.walk(ast.parse(textwrap.dedent(source))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if isinstance(node.func.value, ast.Name) and node.func.value.id == "call":
            yield node.func.attr
        first = node.args[0] if node.args else None
        if node.func.attr == "_ask" and isinstance(first, ast.Constant):
            yield str(first.value)


def page() -> str:
    """`docs/ocpp-actions.md`."""
    spoken = versions()
    every = sorted({action for version in spoken for action in version.actions})
    rows = [_row(action, spoken) for action in every]
    lines = (
        "# Every OCPP action and what Fusewise does with it",
        "",
        f"This page is written by a test from the code itself ({COMMAND}), and the test fails when the two differ.",
        "*Handled* actions come from stations, *sent* ones go to them; a dash means that the version has no such",
        "action. How stations are connected and serviced is in [stations.md](stations.md).",
        "",
        *_counts(spoken),
        "",
        "| action | " + " | ".join(version.name for version in spoken) + " |",
        "|---|" + "---|" * len(spoken),
        *rows,
        "",
        *_reasons(every, spoken),
    )
    return "\n".join(lines)


def _row(action: str, spoken: Sequence[Version]) -> str:
    cells = [version.verdict(action).partition(":")[0] if action in version.actions else "–" for version in spoken]
    return f"| {action} | " + " | ".join(cells) + " |"


def _counts(spoken: Sequence[Version]) -> Iterator[str]:
    yield "| version | actions | handled | sent | left on purpose | for now neither |"
    yield "|---|---|---|---|---|---|"
    for version in spoken:
        handled = version.actions & version.served
        sent = version.actions & version.sent
        left = {action for action in version.actions if "on purpose" in version.verdict(action)}
        yield (
            f"| {version.name} | {len(version.actions)} | {len(handled)} | {len(sent)} | {len(left)} "
            f"| {len(version.undecided())} |"
        )


def _reasons(every: Sequence[str], spoken: Sequence[Version]) -> Iterator[str]:
    yield "## Left on purpose"
    yield ""
    why: Mapping[str, list[str]] = {reason: [] for reason in NOT_USED.values()}
    for action in every:
        if any(action in version.actions and "on purpose" in version.verdict(action) for version in spoken):
            why[NOT_USED[action]].append(action)
    for reason, actions in why.items():
        if actions:
            yield f"- {', '.join(actions)}: {reason}."
    yield ""
