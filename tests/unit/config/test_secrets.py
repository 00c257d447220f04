from __future__ import annotations

from pathlib import Path

import pytest

from ems.config.problems import SecretError
from ems.config.schema import Secret
from ems.config.secrets import MAX_BYTES, reveal


def test_secret_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIVE_PASSWORD", "a b ")

    assert reveal(Secret(env="DRIVE_PASSWORD")) == "a b "


@pytest.mark.parametrize("content", [b"s3cret", b"s3cret\n", b"s3cret\r\n"])
def test_one_line_end_of_a_secret_file_is_dropped(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "password"
    path.write_bytes(content)

    assert reveal(Secret(file=str(path))) == "s3cret"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"s3cret\nmore", "holds more than one line"),
        (b"s3cret\xff", "is not UTF-8"),
        (b"s3cret" * MAX_BYTES, "is larger than 4 KiB"),
    ],
)
def test_file_that_holds_no_password_is_named_without_its_content(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "password"
    path.write_bytes(content)

    with pytest.raises(SecretError, match=said) as caught:
        reveal(Secret(file=str(path)))

    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.cure


def test_missing_variable_and_file_are_named_with_their_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOT_THERE", raising=False)
    monkeypatch.setenv("EMPTY", "")

    with pytest.raises(SecretError, match="NOT_THERE is not set: set NOT_THERE"):
        reveal(Secret(env="NOT_THERE"))
    with pytest.raises(SecretError, match="EMPTY is empty"):
        reveal(Secret(env="EMPTY"))
    with pytest.raises(SecretError, match="No such file"):
        reveal(Secret(file=str(tmp_path / "none")))
    with pytest.raises(SecretError, match="cannot be read"):
        reveal(Secret(file="a\0b"))
    with pytest.raises(SecretError, match="neither"):
        reveal(Secret())
