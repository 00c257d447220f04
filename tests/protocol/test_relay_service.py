"""The real service with a second central system in its site file, from the station's boot to the API."""

import json
from pathlib import Path

import httpx
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.protocol.command import ems
from tests.protocol.ocpp_peer import BOOT
from tests.protocol.test_service_outside import LOGIN, SITE
from tests.protocol.upstream_peer import upstream


async def test_the_service_passes_a_station_on_and_shows_it(tmp_path: Path) -> None:
    (tmp_path / "employer").write_text("s3cret")
    async with upstream() as far:
        section = {"url": f"ws://127.0.0.1:{far.port}/", "password": {"file": "employer"}, "limits": "cap"}
        site = SITE.replace("fallback_a: 6}", f"fallback_a: 6, upstream: {json.dumps(section)}}}")
        (tmp_path / "site.yaml").write_text(site)
        async with ems("run", str(tmp_path / "site.yaml"), "--json", "--ocpp-port", "0", "--api-port", "0") as service:
            port = (await service.tells("started"))["ocpp_port"]
            started = await service.tells("pages")
            async with connect(
                f"ws://127.0.0.1:{port}/garage", subprotocols=[Subprotocol("ocpp1.6")], proxy=None
            ) as socket:
                await socket.send(json.dumps([2, "1", "BootNotification", BOOT]))
                assert (await far.hears("BootNotification"))["chargePointSerialNumber"] == "SN1"
                await far.hears("StatusNotification")
                async with httpx.AsyncClient(base_url=started["page"]) as client:
                    await client.post("api/v1/setup", json={"code": started["setup_code"], **LOGIN})
                    shown = (await client.get("api/v1/stations/garage")).json()["upstream"]
            service.process.terminate()
            code = await service.ends()

    assert shown == {"connected": True, "queued": 0, "lost": 0, "last_error": None}
    assert code == 0
    assert "authorization" in far.headers[0]
    assert (tmp_path / "kept" / "relay" / "garage.sqlite3").exists()
