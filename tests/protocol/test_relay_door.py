"""How a second central system is reached: with its certificate checked, and nowhere else than asked for."""

import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from ems.clock import WallClock
from tests.protocol.ocpp_peer import BOOT, house
from tests.protocol.upstream_peer import Upstream, relayed, upstream

FAST = 20.0


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for `localhost` that it signed itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = WallClock().utc_now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "far.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


def showing(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def test_a_certificate_of_the_given_authority_is_taken(certificate: Path) -> None:
    async with (
        house(speed=FAST) as place,
        upstream(ssl=showing(certificate)) as far,
        relayed(place, far, scheme="wss", ca_file=str(certificate)) as relay,
        place.peer() as peer,
    ):
        await peer.tell("BootNotification", BOOT)
        await relay.until(lambda state: state.connected)


async def test_any_other_certificate_is_not(certificate: Path) -> None:
    async with (
        house(speed=FAST) as place,
        upstream(ssl=showing(certificate)) as far,
        relayed(place, far, scheme="wss") as relay,
        place.peer() as peer,
    ):
        await peer.tell("BootNotification", BOOT)
        state = await relay.until(lambda state: state.last_error is not None)

    assert "certificate verify failed" in str(state.last_error).lower()
    assert not far.asked


@pytest.mark.parametrize(
    ("status", "why"), [(302, "HTTP 302"), (401, "HTTP 401"), (404, "HTTP 404"), (500, "HTTP 500")]
)
async def test_no_redirection_is_followed_and_every_refusal_is_said(status: int, why: str) -> None:
    far, elsewhere = Upstream(), Upstream()

    def refuse(socket: ServerConnection, _request: Request) -> Response:
        response = socket.respond(status, "no\n")
        response.headers["Location"] = f"ws://127.0.0.1:{elsewhere.port}/"
        return response

    async with (
        serve(elsewhere.serve_socket, "127.0.0.1", 0) as other,
        serve(far.serve_socket, "127.0.0.1", 0, process_request=refuse) as server,
    ):
        far.server, elsewhere.server = server, other
        async with house(speed=FAST) as place, relayed(place, far) as relay, place.peer() as peer:
            await peer.tell("BootNotification", BOOT)
            state = await relay.until(lambda state: state.last_error is not None)

    assert why in str(state.last_error)
    assert not elsewhere.paths
