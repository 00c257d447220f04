"""The sections of the local API in the site file: where it listens, who may stand in front of it, what MQTT hears."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, Field

from ems.config.kinds import BesideSiteFile, Host, Port, Section, Switch


def _network(text: str) -> str:
    """An address or network, such as `192.168.1.5` or `172.30.32.0/23`."""
    ip_network(text)
    return text


Network = Annotated[str, Field(max_length=50), AfterValidator(_network)]


TopicPrefix = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$")]


class TlsSection(Section):
    """A certificate of your own, so that API and pages answer https."""

    certificate: BesideSiteFile
    """PEM file with the certificate and those between it and its root; counted from the folder of this file."""

    key: BesideSiteFile
    """PEM file with its private key, without a password."""


class ApiSection(Section):
    """The local API and the pages."""

    enabled: Switch = True
    host: Host = "0.0.0.0"  # noqa: S104 (phones and Home Assistant sit elsewhere on the home network; all must log in)
    port: Port = 8480
    tls: TlsSection | None = None
    base_path: Annotated[str, Field(max_length=100, pattern=r"^(/[A-Za-z0-9_.~-]+)*$")] = ""
    """Path under which a reverse proxy shows us, such as `/fusewise`; empty when it names the path in a header."""

    trusted_proxies: tuple[Network, ...] = ()
    """Addresses or networks of reverse proxies, whose `X-Forwarded-*` headers are believed."""

    announce: Switch = True
    """Tell the home network where we are (zeroconf, `_fusewise._tcp`)."""


class MqttPublishSection(Section):
    """State, and on request commands, over the broker of `mqtt`, with Home Assistant discovery."""

    commands: Switch = False
    """Whether modes, limits and boosts may be set over the broker; everybody who may publish there then may."""

    prefix: TopicPrefix = "fusewise"
    discovery_prefix: TopicPrefix = "homeassistant"
    """Where Home Assistant looks for devices."""
