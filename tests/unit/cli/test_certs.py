"""`ems certs`: an authority from the command line."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from typer.testing import CliRunner, Result

from ems.cli import app
from tests.unit.config.files import GOOD
from tests.unit.csms.test_authority import request


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.yaml"
    path.write_text(f"{GOOD}\nstorage:\n  path: state\ncsms:\n  tls: {{names: [fusewise.lan]}}\n", encoding="utf-8")
    return path


def ems(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(each) for each in words])


def told(*words: str | Path) -> Any:
    result = ems(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_way_of_a_certificate(site: Path) -> None:
    begun = told("certs", "init", site)
    csr, out = site.parent / "garage.csr", site.parent / "garage.pem"
    csr.write_text(request("garage"))
    signed = told("certs", "sign", site, csr, "--name", "garage", "--out", out)
    revoked = told("certs", "revoke", site, signed["serial"])
    rotated = told("certs", "rotate", site, "--key", "rsa")
    listed = told("certs", "list", site)["issued"]

    leaf, root = x509.load_pem_x509_certificates(out.read_bytes())
    leaf.verify_directly_issued_by(root)
    assert begun["names"] == ["fusewise.lan"]
    assert told("certs", "root", site)["root"].strip().encode() in out.read_bytes()
    assert revoked["revoked_utc_s"] is not None
    assert rotated["name"] == "fusewise.lan"
    assert [each["kind"] for each in listed] == ["server", "station", "server"]
    assert "garage" in ems("certs", "list", site).stdout


def test_key_and_certificate_for_a_station_are_for_their_owner_alone(site: Path) -> None:
    told("certs", "init", site)
    out = site.parent / "garage.pem"
    told("certs", "issue", site, "garage", "--out", out)

    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert b"PRIVATE KEY" in out.read_bytes()


def test_what_cannot_be_done_is_said(site: Path) -> None:
    before = ems("certs", "list", site)
    ems("certs", "init", site)
    again = ems("certs", "init", site)
    csr = site.parent / "other.csr"
    csr.write_text(request("carport"))
    other = ems("certs", "sign", site, csr, "--name", "garage")

    assert [before.exit_code, again.exit_code, other.exit_code] == [1, 1, 1]
    assert "ems certs init" in before.stderr
    assert "already" in again.stderr
    assert "another station" in other.stderr
