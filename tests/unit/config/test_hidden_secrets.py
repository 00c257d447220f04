"""A secret that stands in the site file by mistake is never shown, wherever it stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from ems.config.cures import is_secret
from ems.config.loader import load_site
from ems.config.problems import SiteFileError
from ems.config.schema import Secret, SiteFile

SITE = """connection: {{phases: 1, main_fuse_a: 35}}
meters: [{{id: grid, profile: enphase_gateway, http: {{host: meter, {key}: {value}}}}}]
stations: [{{id: garage, wired: [L1]}}]
"""


def models_in(kind: object) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for inner in get_args(kind):
        yield from models_in(inner)


def secrets_of(model: type[BaseModel], place: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The place of every secret that a site file may name."""
    for name, each in model.model_fields.items():
        for inner in models_in(each.annotation):
            yield from [(*place, name)] if inner is Secret else secrets_of(inner, (*place, name))


def test_every_secret_of_the_schema_is_known_as_one() -> None:
    places = list(secrets_of(SiteFile))

    assert ("meters", "http", "token") in places
    assert [place for place in places if not is_secret(place)] == []
    assert not is_secret(("meters", 0, "modbus", "key"))


@pytest.mark.parametrize("key", ["password", "token"])
@pytest.mark.parametrize(
    "value", ["eyJ-private", "12345678", "[eyJ-private]", "{env: [eyJ-private]}", "{file: 12345678}"]
)
def test_what_stands_in_the_file_itself_is_not_repeated(key: str, value: str, tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(SITE.format(key=key, value=value), encoding="utf-8")
    with pytest.raises(SiteFileError) as refused:
        load_site(path)

    assert "eyJ" not in str(refused.value)
    assert "12345678" not in str(refused.value)
