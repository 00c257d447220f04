"""What goes over the push socket."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from ems.api.wire.state import State
from ems.api.wire.words import API_VERSION, MIN_API, Shape


class ClientHello(Shape):
    """What a client may send first on the WebSocket: a token unless its request carried one, and what it speaks."""

    kind: Literal["hello"] = "hello"
    token: Annotated[str, Field(max_length=100)] | None = None
    api_version: Annotated[int, Field(ge=0, le=10**9)] = API_VERSION
    """The newest version that the client knows."""

    min_api: Annotated[int, Field(ge=0, le=10**9)] = MIN_API
    """The oldest that it can work with."""


class Hello(Shape):
    """The first message on the WebSocket."""

    kind: Literal["hello"] = "hello"
    api_version: int = API_VERSION
    min_api: int = MIN_API
    site_id: str
    version: str


class SnapshotMessage(Shape):
    """The second one, and again whenever the client fell behind."""

    kind: Literal["snapshot"] = "snapshot"
    state: State


class DeltaMessage(Shape):
    """What changed since `sequence - 1`: top-level keys of `State` with their new values.

    `circuits` and `stations` hold only those entries that changed, whole.
    """

    kind: Literal["delta"] = "delta"
    sequence: int
    at: datetime
    changes: dict[str, object]
