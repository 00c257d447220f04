"""A station's settings are read in pages, whatever it makes of them."""

from __future__ import annotations

import pytest

from ems.csms.messages import Setting
from ems.csms.service.settings import read_everything, read_settings
from ems.errors import StationRefused, StationSilent
from tests.unit.csms.scripted import Payload, refusal, v16

KEYS = tuple(f"Key{number}" for number in range(25))


def at_most(count: int) -> object:
    """A station that answers no more than so many keys, and says nothing of the others."""

    def answer(payload: Payload) -> Payload:
        keys = payload["key"][:count]
        return {"configurationKey": [{"key": key, "readonly": False, "value": key.lower()} for key in keys]}

    return answer


async def test_they_are_asked_in_pages_of_the_size_that_the_station_told() -> None:
    """B07."""
    dialect, sent = v16(GetConfiguration=at_most(100))  # type: ignore[arg-type]

    found = await read_settings(dialect, KEYS, {"GetConfigurationMaxKeys": Setting(value="4", readonly=True)})

    assert len(found) == 25
    assert max(len(payload["key"]) for _, payload in sent) == 4


async def test_they_are_asked_in_no_larger_pages_than_its_kind_takes() -> None:
    """Q18, config_page."""
    dialect, sent = v16(GetConfiguration=at_most(100))  # type: ignore[arg-type]

    await read_settings(dialect, KEYS, {"GetConfigurationMaxKeys": Setting(value="4", readonly=True)}, page=2)

    assert max(len(payload["key"]) for _, payload in sent) == 2


@pytest.mark.parametrize("count", [1, 3, 7])
async def test_a_station_that_cuts_its_answer_is_asked_for_the_rest(count: int) -> None:
    """B07."""
    dialect, sent = v16(GetConfiguration=at_most(count))  # type: ignore[arg-type]

    found = await read_settings(dialect, KEYS, {})

    assert len(found) == 25
    assert len(sent) <= 26


async def test_unknown_keys_readonly_and_missing_values_are_told_apart() -> None:
    """B07."""
    answer = {
        "configurationKey": [{"key": "A", "readonly": True, "value": "1"}, {"key": "B", "readonly": False}],
        "unknownKey": ["C"],
    }
    dialect, _ = v16(GetConfiguration=answer)

    assert await read_settings(dialect, ("A", "B", "C"), {}) == {
        "A": Setting(value="1", readonly=True),
        "B": Setting(value="", readonly=False),
        "C": None,
    }


@pytest.mark.parametrize(
    ("error", "kind"), [(refusal("InternalError"), StationRefused), (StationSilent(""), StationSilent)]
)
async def test_a_station_that_tells_nothing_is_a_problem(error: Exception, kind: type[Exception]) -> None:
    dialect, sent = v16(GetConfiguration=error)

    with pytest.raises(kind):
        await read_settings(dialect, KEYS, {})
    assert len(sent) <= 60


async def test_everything_is_bounded() -> None:
    listed = [{"key": f"K{number}", "readonly": False, "value": ""} for number in range(1000)]
    dialect, sent = v16(GetConfiguration={"configurationKey": listed})

    assert len(await read_everything(dialect)) == 400
    assert sent == [("GetConfiguration", {})]
