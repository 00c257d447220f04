"""A simulated station gets its papers over an open connection, and comes back by them over TLS."""

import ssl
from dataclasses import replace
from pathlib import Path

from websockets.asyncio.server import serve

from tests.protocol.test_sim_station import BUILD, bench
from tests.unit.sim.small_authority import SmallAuthority


async def test_station_comes_by_its_own_certificate_once_it_was_told_to(tmp_path: Path) -> None:
    """T09, T15 and F08, from the other side."""
    authority = SmallAuthority()
    papers, root = tmp_path / "server.pem", tmp_path / "root.pem"
    papers.write_bytes(authority.server())
    root.write_text(authority.root_pem, encoding="utf-8")
    door = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    door.load_cert_chain(papers)
    door.load_verify_locations(root)
    door.verify_mode = ssl.CERT_REQUIRED
    async with bench(replace(BUILD, identity="garage")) as b, serve(b.csms.serve_one, "127.0.0.1", 0, ssl=door) as safe:
        port = int(next(iter(safe.sockets)).getsockname()[1])
        b.station.connect_to("127.0.0.1", b.csms.port, port)
        await b.csms.hears_status("Available")
        use = "CentralSystemRootCertificate"
        await b.csms.ask("InstallCertificate", certificateType=use, certificate=authority.root_pem)
        await b.csms.ask("ExtendedTriggerMessage", requestedMessage="SignChargePointCertificate")
        asked = await b.csms.hears("SignCertificate")
        await b.csms.ask("CertificateSigned", certificateChain=authority.sign(asked["csr"]))
        before = b.csms.connections
        assert await b.csms.ask("ChangeConfiguration", key="SecurityProfile", value="3") == {"status": "Accepted"}
        await b.csms.is_called_again(before)
        assert b.csms.socket is not None
        shown = b.csms.socket.transport.get_extra_info("peercert")

    assert (("commonName", "garage"),) in shown["subject"]
    assert b.csms.headers[-1] is None
    assert b.csms.connections >= 2


async def test_station_goes_back_when_the_new_way_in_leads_nowhere() -> None:
    """T15: rollback on failure."""
    async with bench() as b:
        await b.charging()
        before = b.csms.connections
        assert await b.csms.ask("ChangeConfiguration", key="SecurityProfile", value="2") == {"status": "Accepted"}
        await b.csms.is_called_again(before)

        assert b.station.papers.way.profile == 1
