"""A venue whose name does not resolve, or whose certificate is not to be trusted: nothing is sent, and it says why."""

import asyncio
import datetime
import ipaddress
import socket
import ssl
from decimal import Decimal

import aiohttp.connector
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.common import venue
from services.common.clock import SystemClock
from services.dialects.bitget.client import BitgetUpstream, ClientSettings
from services.dialects.bitget.server import DialectServer, ServerSettings
from tests.fakes.fake_venue_backend import BOT1, FakeVenueBackend
from tests.unit.services.dialects.bitget.shell import Listener, eventually, serving

FAST = ClientSettings("", reconnect_ms_min=10, reconnect_ms_max=50)
SUBMIT = venue.PlaceOrder(
    account_id="bot1", symbol="BTC-USDT", client_order_id="hb1-b0-x.1", side="buy", order_type="limit",
    time_in_force="post_only", qty_base=Decimal("0.001"), price=Decimal(60_000),
)  # fmt: skip


class Reasons(Listener):
    """Why sessions could not be had."""

    def __init__(self):
        super().__init__()
        self.heard = []

    def on_disconnected(self, account_id, reason):
        self.heard.append(reason)


@pytest.fixture
async def made():
    upstreams = []

    async def make(url):
        listener = Reasons()
        upstream = BitgetUpstream(FAST._replace(rest_url=url), listener, SystemClock())
        upstreams.append(upstream)
        await upstream.start()
        return upstream, listener

    yield make
    for upstream in upstreams:
        await upstream.close()


# ------------------------------------------------------------------------------------------------------------- names


class Names(AbstractResolver):
    is_down = True

    def __init__(self, *_, **__):
        pass

    async def resolve(self, host, port=0, family=0):
        if Names.is_down:
            raise OSError(None, "DNS server returned general failure")
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": 2, "proto": 0, "flags": 0}]

    async def close(self):
        pass

    @staticmethod
    async def getaddrinfo(host, port, **_):
        if Names.is_down:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", port))]


async def test_f41_a_name_that_does_not_resolve_is_a_refusal_and_the_session_comes_up_once_it_does(monkeypatch, made):
    monkeypatch.setattr(aiohttp.connector, "DefaultResolver", Names)
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", Names.getaddrinfo)
    monkeypatch.setattr(Names, "is_down", True)
    backend = FakeVenueBackend(SystemClock().now_ms)
    async with serving(backend) as (_, port):
        upstream, listener = await made(f"http://venue.example:{port}")
        refused = await upstream.ask(SUBMIT, BOT1)
        assert isinstance(refused, venue.Refused), "nobody has to look for an order that was never sent"
        assert refused.code == "VENUE_UNREACHABLE"
        assert "venue.example" in refused.text
        upstream.open_private("bot1", BOT1)
        await eventually(lambda: len(listener.heard) >= 3)
        assert "venue.example" in listener.heard[-1]
        Names.is_down = False
        await eventually(lambda: upstream.is_connected("bot1"))
        assert isinstance(await upstream.ask(venue.GetTime()), venue.ServerTime)


# ------------------------------------------------------------------------------------------------------ certificates


def write_certificate(path, *, days_left):
    """A self-signed one for 127.0.0.1, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "venue")])
    until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days_left)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(until - datetime.timedelta(days=30))
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)


@pytest.fixture
async def tls_venue(tmp_path, monkeypatch):
    """Serves over TLS with a certificate of so many days left; ``is_trusted`` tells the client to know its maker."""
    runners = []

    async def start(*, days_left, is_trusted):
        path = tmp_path / "venue.pem"
        write_certificate(path, days_left=days_left)
        if is_trusted:
            monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", ssl.create_default_context(cafile=path))
            monkeypatch.setenv("SSL_CERT_FILE", str(path))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        backend = FakeVenueBackend(SystemClock().now_ms)
        app = web.Application()
        DialectServer(backend, ServerSettings()).add_to(app)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        return f"https://127.0.0.1:{runner.addresses[0][1]}", backend

    yield start
    for runner in runners:
        await runner.cleanup()


async def test_a_certificate_in_its_time_from_a_known_maker_is_taken(tls_venue, made):
    url, _ = await tls_venue(days_left=5, is_trusted=True)
    upstream, _ = await made(url)
    upstream.open_private("bot1", BOT1)
    await eventually(lambda: upstream.is_connected("bot1"))
    assert isinstance(await upstream.ask(venue.GetTime()), venue.ServerTime)


@pytest.mark.parametrize(
    ("days_left", "is_trusted", "why"), [(-1, True, "certificate has expired"), (5, False, "self-signed certificate")]
)
async def test_f47_an_expired_or_unknown_certificate_ends_before_anything_is_sent(
    tls_venue, made, days_left, is_trusted, why
):
    url, backend = await tls_venue(days_left=days_left, is_trusted=is_trusted)
    upstream, listener = await made(url)
    refused = await upstream.ask(SUBMIT, BOT1)
    assert isinstance(refused, venue.Refused)
    assert (refused.code, why in refused.text) == ("VENUE_UNREACHABLE", True), refused.text
    upstream.open_private("bot1", BOT1)
    await eventually(lambda: listener.heard)
    assert why in listener.heard[0]
    assert backend.asked == []
