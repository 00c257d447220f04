"""What a station of version 2 is asked on every connection, once it has its limit: what it is, holds and owes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

from ems.csms.fields import text
from ems.csms.v201.variables import VariablesV201
from ems.errors import StationRefused, StationSilent

LOGGER = logging.getLogger(__name__)

QUEUE_EVERY_S: Final = 10.0
QUEUE_LOOKS: Final = 12
PROFILES_WITHIN_S: Final = 30.0


class LookbackV201(VariablesV201):
    """GetBaseReport, GetChargingProfiles and GetTransactionStatus."""

    async def prepare(self) -> None:
        """Learn what it is and what it holds."""
        await self.read_model()
        await self.read_profiles()

    def features(self) -> Mapping[str, str]:
        return {}

    async def read_profiles(self) -> None:
        """Have it say which charging profiles it holds; those that are not ours are told to people."""
        request_id = self._number()
        installed = self._book.installed
        installed.expect(request_id)
        try:
            answer = await self._ask("GetChargingProfiles", {"requestId": request_id, "chargingProfile": {}})
            if text(answer.payload, "status") != "Accepted":
                return
            async with self._clock.timeout(PROFILES_WITHIN_S):
                await installed.complete.wait()
        except (StationRefused, StationSilent) as err:
            LOGGER.info("%s", err)
        except TimeoutError:
            LOGGER.info("%s did not end its report of charging profiles", self._station)

    async def catch_up(self) -> None:
        """Ask until no message waits in it any more, two minutes at most; only then is known which sessions it had."""
        self._book.queue_waits = None
        try:
            for look in range(QUEUE_LOOKS):
                answer = await self._ask("GetTransactionStatus", {})
                self._book.queue_waits = answer.payload.get("messagesInQueue") is True
                if not self._book.queue_waits:
                    return
                if look == 0:
                    LOGGER.info("%s still has messages of the time without connection", self._station)
                await self._clock.sleep(QUEUE_EVERY_S)
        except (StationRefused, StationSilent) as err:
            LOGGER.info("%s", err)
