"""What stations told an earlier run."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from ems.model.transaction import Transaction

if TYPE_CHECKING:
    from ems.runtime.recorder import Recorder

LOGGER: Final = logging.getLogger(__name__)


def earlier_transactions(recorder: Recorder | None, stations: Iterable[str]) -> Sequence[Transaction]:
    """The last transactions of these stations, oldest first; none while the database is away.

    Stations then tell of what runs, and what they repeat begins anew.
    """
    engine = None if recorder is None else recorder.engine
    if engine is None:
        return ()
    from ems.store.errors import JournalError  # noqa: PLC0415 (the recorder brought it: large, and not always there)
    from ems.store.transactions import load_transactions  # noqa: PLC0415 (the same)

    try:
        return load_transactions(engine, stations)
    except JournalError as error:
        LOGGER.warning("the stations' earlier transactions are not known: %s", error)
        return ()
