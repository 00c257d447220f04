"""`ems certs`: our own certificate authority from the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ems.cli.check import print_problems
from ems.cli.places import CannotWrite, check_writable
from ems.clock import WallClock
from ems.config.loader import load_site
from ems.config.problems import SiteFileError
from ems.config.schema import SiteFile
from ems.csms.addresses import own_names
from ems.csms.security import private_files
from ems.csms.security.authority import FOLDER, Authority, Bundle, Issued
from ems.csms.security.errors import BadCertificateRequest, SecurityTrouble
from ems.csms.security.key_kind import KeyKind
from ems.csms.security.requests import LONGEST

HOUSE = "Fusewise"


class NoFolder(SecurityTrouble):
    """The site file says nowhere to keep an authority."""

    code = "no_folder"


def begin(site: Path, names: Sequence[str], kind: KeyKind, *, as_json: bool) -> int:
    """`ems certs init`. The exit code: 1 where there is an authority already."""

    def work(file: SiteFile, authority: Authority) -> None:
        wanted = _names(file, names)
        authority.begin(HOUSE, wanted, kind)
        facts = {"ok": True, "folder": str(authority.folder), "names": wanted}
        _tell(facts, f"{authority.root_file}: give this to the stations; the door is {', '.join(wanted)}", as_json)

    return _with_authority(site, work)


def root(site: Path, out: Path | None, *, as_json: bool) -> int:
    """`ems certs root`."""

    def work(_: SiteFile, authority: Authority) -> None:
        pem = authority.root_pem()
        _give(pem.encode(), out, {"ok": True, "root": pem}, as_json)

    return _with_authority(site, work)


def issue(site: Path, name: str, kind: KeyKind, out: Path, *, as_json: bool) -> int:
    """`ems certs issue`."""

    def work(_: SiteFile, authority: Authority) -> None:
        check_writable(out)
        bundle = authority.issue(name, kind)
        _give(bundle.certificate_pem + (bundle.key_pem or b""), out, _about(bundle, name), as_json)

    return _with_authority(site, work)


def sign(site: Path, request: Path, name: str, out: Path | None, *, as_json: bool) -> int:
    """`ems certs sign`."""

    def work(_: SiteFile, authority: Authority) -> None:
        asked = private_files.content(request, LONGEST)
        if asked is None:
            raise BadCertificateRequest(f"there is no file {request}")
        if out is not None:
            check_writable(out)
        bundle = authority.sign(asked.decode("ascii", errors="replace"), [name])
        facts = {**_about(bundle, name), "certificate": bundle.certificate_pem.decode()}
        _give(bundle.certificate_pem, out, facts, as_json)

    return _with_authority(site, work)


def rotate(site: Path, names: Sequence[str], kind: KeyKind | None, *, as_json: bool) -> int:
    """`ems certs rotate`."""

    def work(file: SiteFile, authority: Authority) -> None:
        line = authority.rotate_server(_names(file, names), kind)
        _tell({"ok": True, **asdict(line)}, f"the door has certificate {line.serial} until {_day(line)}", as_json)

    return _with_authority(site, work)


def revoke(site: Path, serial: str, *, as_json: bool) -> int:
    """`ems certs revoke`."""

    def work(_: SiteFile, authority: Authority) -> None:
        line = authority.revoke(serial)
        _tell({"ok": True, **asdict(line)}, f"certificate {line.serial} of {line.name} opens nothing any more", as_json)

    return _with_authority(site, work)


def list_issued(site: Path, *, as_json: bool) -> int:
    """`ems certs list`."""

    def work(_: SiteFile, authority: Authority) -> None:
        authority.root_pem()
        lines = authority.issued()
        if as_json:
            sys.stdout.write(json.dumps({"ok": True, "issued": [asdict(each) for each in lines]}) + "\n")
            return
        table = Table("for", "name", "until", "revoked", "serial number", box=None)
        for each in lines:
            taken = "" if each.revoked_utc_s is None else f"{datetime.fromtimestamp(each.revoked_utc_s, UTC):%Y-%m-%d}"
            table.add_row(each.kind, each.name, _day(each), taken, each.serial)
        Console().print(table)

    return _with_authority(site, work)


def _with_authority(site: Path, work: Callable[[SiteFile, Authority], None]) -> int:
    try:
        file = load_site(site)
        if file.storage.path is None:
            raise NoFolder("the site file names no storage.path, so an authority has nowhere to be")
        work(file, Authority(Path(file.storage.path) / FOLDER, WallClock()))
    except SiteFileError as error:
        print_problems(error.problems)
        return 1
    except (SecurityTrouble, CannotWrite) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _names(file: SiteFile, said: Sequence[str]) -> tuple[str, ...]:
    from_site = () if file.csms.tls is None else file.csms.tls.names
    return tuple(said) or from_site or own_names(file.csms.host)


def _about(bundle: Bundle, name: str) -> dict[str, object]:
    return {"ok": True, "serial": bundle.serial, "name": name}


def _give(content: bytes, out: Path | None, facts: Mapping[str, object], as_json: bool) -> None:
    """Into the file, readable for its owner alone, or to the standard output."""
    if out is not None:
        private_files.replace(out, content)
        _tell({**facts, "file": str(out)}, f"{out} is written", as_json)
    elif as_json:
        sys.stdout.write(json.dumps(facts) + "\n")
    else:
        sys.stdout.write(content.decode())


def _tell(facts: Mapping[str, object], sentence: str, as_json: bool) -> None:
    sys.stdout.write((json.dumps(facts) if as_json else sentence) + "\n")


def _day(line: Issued) -> str:
    return f"{datetime.fromtimestamp(line.until_utc_s, UTC):%Y-%m-%d}"
