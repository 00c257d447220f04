"""`ems commission`: the installer's work from the command line, through the API of the running service."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ValidationError

from ems.api.wire_commissioning import (
    AdoptWish,
    CommissioningState,
    ConnectionLimits,
    HandOver,
    HandOverWish,
    LimitsAnswer,
    ProofState,
    ProofWish,
    StationBench,
    UnlockWish,
)
from ems.cli.commission_client import PATH, InstallersService
from ems.cli.commission_tables import print_answer, print_connection, print_meters, print_result, print_status
from ems.clock import WallClock
from ems.commissioning.findings import Verdict
from ems.config.problems import SiteFileError
from ems.errors import EmsError

TOKEN_VARIABLE: Final = "FUSEWISE_TOKEN"  # noqa: S105 (the name of the variable, not what is in it)
LOOKS_EVERY_S: Final = 1.0
LOCAL_URL: Final = "http://127.0.0.1:8480"
"""Where the service of this machine is when nobody says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """How to reach the service."""

    site: Path | None
    """Says where the service is; None where `url` does."""

    url: str | None
    certificate: str | None
    as_json: bool
    path: str = PATH
    """The part of the API."""


Work = Callable[[InstallersService], Awaitable[int]]


def at_desk(door: Door, work: Work) -> int:
    """Do that work with the running service. The exit code: 1 for what went wrong, 2 for a missing token."""
    token = os.environ.get(TOKEN_VARIABLE, "")
    if not token:
        print(f"give an installer's token in the environment variable {TOKEN_VARIABLE}", file=sys.stderr)
        return 2
    try:
        url = door.url or (LOCAL_URL if door.site is None else _url_of(door.site))
        return asyncio.run(_work(url, token, door, work))
    except SiteFileError as error:
        print(error, file=sys.stderr)
    except (EmsError, OSError) as error:
        print(error, file=sys.stderr)
    return 1


async def _work(url: str, token: str, door: Door, work: Work) -> int:
    async with InstallersService(url, token, certificate=door.certificate, path=door.path) as service:
        return await work(service)


async def show_status(service: InstallersService, *, as_json: bool) -> int:
    """Steps, stations, strangers; 1 while a step is open."""
    state = await service.get("", CommissioningState)
    _tell(state, print_status, as_json=as_json)
    return 0 if all(step.condition == "done" for step in state.steps) else 1


async def state_connection(
    service: InstallersService, told: Mapping[str, object], again_a: float | None, *, as_json: bool
) -> int:
    """Show the connection, or state it: what is not told stays, and the rating of the fuse is typed a second time."""
    state = await service.get("", CommissioningState)
    if not told:
        _tell(state, print_connection, as_json=as_json)
        return 0 if state.commissioned and state.covered else 1
    try:
        limits = ConnectionLimits.model_validate({**state.draft.model_dump(), **told})
    except ValidationError as error:
        first = error.errors()[0]
        raise BadLimit(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    answer = await service.send("PUT", "/connection", limits, LimitsAnswer)
    if answer.outcome == "type_again":
        typed_a = _typed_again() if again_a is None else again_a
        second = limits.model_copy(update={"main_fuse_a": typed_a})
        answer = await service.send("PUT", "/connection", second, LimitsAnswer)
    _tell(answer, print_answer, as_json=as_json)
    return 0 if all(row.covered for row in answer.fuses) else 1


async def check_meter(service: InstallersService, wish: ProofWish | None, *, as_json: bool) -> int:
    """Show live values, or test the sign against a load or the sun."""
    if wish is not None:
        return await prove(service, wish, as_json=as_json)
    state = await service.get("", CommissioningState)
    _tell(state, print_meters, as_json=as_json)
    good = all(meter.fresh and meter.sum_agrees is not False for meter in state.meters)
    return 0 if good else 1


async def prove_station(
    service: InstallersService, station: str, *, adopt: str | None, take_wiring: bool, as_json: bool
) -> int:
    """Let a stranger in as this station, or run its charger proof, and take the wiring that was found if asked."""
    if adopt is not None:
        wish = AdoptWish(identity=adopt)
        bench = await service.send("POST", f"/stations/{station}/adopt", wish, StationBench)
        _tell(bench, lambda known: print(f"{known.id} connects to {known.url}"), as_json=as_json)
        return 0
    code = await prove(service, ProofWish(kind="charger", station=station), as_json=as_json)
    if code == 0 and take_wiring:
        await service.send("POST", f"/stations/{station}/wiring", None, LimitsAnswer)
    return code


async def prove(service: InstallersService, wish: ProofWish, *, as_json: bool) -> int:
    """Run a proof to its end and print what it found; Ctrl-C aborts it. 0 only when it passed."""
    proof = await service.send("POST", "/proofs", wish, ProofState)
    clock, told = WallClock(), ""
    try:
        while proof.running:
            if proof.stage.text != told:
                told = proof.stage.text
                print(f"{proof.progress:4.0%} {told}", file=sys.stderr, flush=True)
            await clock.sleep(LOOKS_EVERY_S)
            proof = await service.get("/proofs/current", ProofState)
    except asyncio.CancelledError:  # Ctrl-C
        proof = await service.send("DELETE", "/proofs/current", None, ProofState)
    _tell(proof, print_result, as_json=as_json)
    return 0 if proof.result is not None and proof.result.verdict is Verdict.PASSED else 1


async def hand_over(service: InstallersService, wish: HandOverWish, page: Path | None, *, as_json: bool) -> int:
    """Sign and lock; the page to print goes to a file if one is named."""
    document = await service.send("POST", "/hand-over", wish, HandOver)
    if page is not None:
        text = await service.text("/hand-over.html")
        await asyncio.to_thread(page.write_text, text, encoding="utf-8")
    _tell(
        document,
        lambda signed: print(f"handed over; SHA-256 of the limits {signed.limits_hash}, key {signed.key}"),
        as_json=as_json,
    )
    return 0


async def unlock(service: InstallersService, wish: UnlockWish, *, as_json: bool) -> int:
    """Let limits be changed again."""
    state = await service.send("POST", "/unlock", wish, CommissioningState)
    _tell(state, lambda _: print("the limits can be changed"), as_json=as_json)
    return 0


def _tell(told: BaseModel, in_words: Callable[..., None], *, as_json: bool) -> None:
    if as_json:
        print(told.model_dump_json())
    else:
        in_words(told)


def _typed_again() -> float:
    """The rating of the main fuse, read once more from the keyboard."""
    print("type the rating of the main fuse again, in A: ", end="", file=sys.stderr, flush=True)
    try:
        return float(sys.stdin.readline().strip().removesuffix("A").strip())
    except ValueError as error:
        raise NotANumber("that is no number; nothing was changed") from error


class BadLimit(EmsError):
    """A value that no house has."""

    code = "bad_limit"


class NotANumber(EmsError):
    """What was typed is no current."""

    code = "not_a_number"


def _url_of(site: Path) -> str:
    """Where the service of that site file has its API. Raises SiteFileError."""
    from ems.config.loader import load_site  # noqa: PLC0415 (half a second that `--url` saves)

    section = load_site(site).api
    scheme = "http" if section.tls is None else "https"
    host = "127.0.0.1" if section.host in {"0.0.0.0", "::"} else section.host  # noqa: S104 (it listens everywhere)
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}:{section.port}{section.base_path}"
