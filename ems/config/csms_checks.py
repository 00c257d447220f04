"""Whether what is said of the door for stations fits together."""

from __future__ import annotations

from collections.abc import Iterator

from ems.config.connectors import identity_of
from ems.config.problems import Finding
from ems.config.schema import SiteFile


def tls(file: SiteFile) -> Iterator[Finding]:
    """The encrypted door has a port and papers of its own."""
    section = file.csms.tls
    if section is None:
        return
    if section.port == file.csms.port:
        cure = "plain and encrypted connections need a port each; 9000 and 9001 are usual"
        yield Finding(place=("csms", "tls", "port"), problem="is csms.port too", cure=cure)
    if section.key is not None and section.certificate is None:
        cure = "add certificate, or remove key: then our own authority makes both"
        yield Finding(place=("csms", "tls", "key"), problem="stands without certificate", cure=cure)
    if section.certificate is None and file.storage.path is None:
        cure = "name a folder (storage.path) where our own authority may keep them, or your own certificate and key"
        yield Finding(place=("csms", "tls"), problem="has no certificate and nowhere to keep one", cure=cure)


def profiles(file: SiteFile) -> Iterator[Finding]:
    """What a station must come by is there for it to come by."""
    for i, station in enumerate(file.stations):
        place = ("stations", i, "security_profile")
        if station.security_profile is None:
            continue
        if station.security_profile >= 2 and file.csms.tls is None:
            yield Finding(
                place=place, problem="needs an encrypted door, which is missing", cure="add csms.tls, such as `tls: {}`"
            )
        same = (each for each in file.stations if identity_of(each) == identity_of(station))
        if station.security_profile == 0 and any(each.password is not None for each in same):
            yield Finding(place=place, problem="is 0 beside a password", cure="leave it out; with a password it is 1")
