"""Everything that the OpenAPI document promises is asked, with sense and with nonsense, and answered as promised."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode

from ems.api.wire import Role
from tests.api_bench import ApiBench
from tests.kept import a_day, kept
from tests.live import HandClock, LiveBench

EXAMPLES = 6
POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiBench]:
    with kept(tmp_path_factory.mktemp("house"), HandClock()) as store:
        store.write(a_day())
        yield asyncio.run(ApiBench(LiveBench(archive=store.archive), seconds=20).peopled())


@pytest.fixture(scope="module")
def document(api: ApiBench) -> Any:
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", api.app, headers=dict(api.bearer(Role.INSTALLER)))


def test_answers_are_as_the_document_says(api: ApiBench, document: Any) -> None:
    operations = [found.ok() for found in document.get_all_operations()]
    for operation in operations:
        ask_all_ways(api, operation)

    assert len(operations) > 30


def ask_all_ways(api: ApiBench, operation: Any) -> None:
    """With examples that fit the document, and with some that do not."""
    strategies = [operation.as_strategy(generation_mode=mode) for mode in (POSITIVE, NEGATIVE)]

    @given(case=st.one_of(strategies))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Case[Any]) -> None:
        api.bench.skip(3600.0)  # so that nobody has to wait between tries
        case.call_and_validate(headers=dict(api.bearer(Role.INSTALLER)))

    ask()
