"""Calls over TCP and TLS, both ways, with SIPp; and who is believed."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.sipp import SCENARIOS, Sipp
from tests.door.certificates import Identity, identity
from tests.door.tunnel import Tunnel
from workbench import CallControl, Tls, Workbench, flow
from workbench.errors import EngineError, InvalidInput

pytestmark = pytest.mark.sip
PATIENCE_S = 30
TCP = ["-t", "t1"]


@flow
async def stay(call: CallControl) -> None:
    """Answer, and let the caller hang up."""
    await call.answer()
    await call.sleep(60)


@flow
async def part(call: CallControl) -> None:
    """Hang up at once."""
    await call.hangup()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return identity(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def tls(files: Identity) -> Tls:
    return Tls(
        certificate=str(files.certificate), key=str(files.key), authorities=str(files.authority)
    )


def server(files: Identity) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    return context


def scenario(folder: Path, name: str, port: str, transport: str) -> Path:
    """Return a scenario whose Contact says how it is reached."""
    text = (SCENARIOS / f"{name}.xml").read_text()
    contact = f"Contact: <sip:[local_ip]:{port};transport={transport}>"
    path = folder / f"{name}-{transport}.xml"
    path.write_text(text.replace("Contact: <sip:[local_ip]:[local_port]>", contact))
    return path


@contextmanager
def called(
    folder: Path, name: str, transport: str, files: Identity
) -> Iterator[tuple[Sipp, int]]:
    """Let SIPp take a call over a transport; give it with its port."""
    if transport == "tcp":
        with Sipp(folder, scenario(folder, name, "[local_port]", "tcp"), options=TCP) as sipp:
            yield sipp, sipp.port
        return
    # SIPp has no TLS: the tunnel does it, and SIPp names the tunnel's port.
    with Tunnel(("127.0.0.1", 0), taken=server(files)) as tunnel:
        path = scenario(folder, name, str(tunnel.port), "tls")
        with Sipp(folder, path, options=TCP) as sipp:
            tunnel.target = ("127.0.0.1", sipp.port)
            yield sipp, tunnel.port


def test_calls_come_in_over_tcp(tmp_path: Path) -> None:
    with Workbench(tmp_path / "store") as bench:
        address = bench.answer(stay, listen="127.0.0.1:0;transport=tcp")
        assert address.endswith(";transport=tcp")
        peer = address.removeprefix("sip:").partition(";")[0]
        with Sipp(tmp_path, "uac", peer=peer, calls=3, length_ms=300, options=TCP) as sipp:
            assert sipp.finish().failed == 0
        assert len(bench.calls) == 3


def test_calls_come_in_over_tls(tmp_path: Path, files: Identity, tls: Tls) -> None:
    trust = ssl.create_default_context(cafile=str(files.authority))
    with Workbench(tmp_path / "store", tls=tls) as bench:
        address = bench.answer(stay, listen="127.0.0.1:0;transport=tls")
        port = int(address.partition(";")[0].rpartition(":")[2])
        with (
            Tunnel(("127.0.0.1", port), opened=trust) as tunnel,
            Sipp(
                tmp_path, "uac", peer=f"127.0.0.1:{tunnel.port}", calls=3, length_ms=300,
                options=TCP,
            ) as sipp,
        ):  # fmt: skip
            assert sipp.finish().failed == 0
        assert len(bench.calls) == 3


@pytest.mark.parametrize("transport", ["tcp", "tls"])
@pytest.mark.parametrize("name", ["hangs_up", "answers"])
def test_calls_go_out(
    tmp_path: Path, files: Identity, tls: Tls, transport: str, name: str
) -> None:
    with (
        Workbench(tmp_path / "store", tls=tls) as bench,
        called(tmp_path, name, transport, files) as (sipp, port),
    ):
        takes = part if name == "answers" else stay
        call = bench.dial(f"sip:bob@localhost:{port};transport={transport}", flow=takes)
        call.wait(PATIENCE_S)
        assert sipp.finish().failed == 0
        assert "completed" in str(call)


def test_a_bench_calls_another_over_tls(tmp_path: Path, tls: Tls) -> None:
    with (
        Workbench(tmp_path / "taker", tls=tls) as taker,
        Workbench(tmp_path / "caller", tls=Tls(authorities=tls.authorities)) as caller,
    ):
        address = taker.answer(stay, listen="127.0.0.1:0;transport=tls")
        call = caller.dial(address.replace("sip:", "sip:bob@"), flow=part)
        call.wait(PATIENCE_S)
        assert "completed" in str(call)
        (taken,) = taker.calls
        taken.wait(PATIENCE_S)
        assert "completed" in str(taken)


def test_a_name_that_the_certificate_does_not_prove_is_not_called(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = identity(tmp_path_factory.mktemp("other"), "DNS:pbx.example")
    with (
        Workbench(tmp_path / "store", tls=Tls(authorities=str(other.authority))) as bench,
        called(tmp_path, "answers", "tls", other) as (sipp, port),
    ):
        call = bench.dial(f"sip:bob@localhost:{port};transport=tls")
        call.wait(PATIENCE_S)
        assert "TLS certificate not accepted" in str(call.history)
        assert "INVITE" not in sipp.messages


def test_whoever_is_not_vouched_for_is_not_called(tmp_path: Path, files: Identity) -> None:
    with (
        Workbench(tmp_path / "store") as bench,
        called(tmp_path, "answers", "tls", files) as (sipp, port),
    ):
        call = bench.dial(f"sip:bob@localhost:{port};transport=tls")
        call.wait(PATIENCE_S)
        assert "failed" in str(call)
        assert "INVITE" not in sipp.messages


def test_a_test_may_believe_anybody(tmp_path: Path, files: Identity) -> None:
    with (
        Workbench(tmp_path / "store", tls=Tls(verify=False)) as bench,
        called(tmp_path, "hangs_up", "tls", files) as (sipp, port),
    ):
        call = bench.dial(f"sip:bob@localhost:{port};transport=tls", flow=stay)
        call.wait(PATIENCE_S)
        assert sipp.finish().failed == 0


def test_tls_needs_a_certificate_to_be_called(tmp_path: Path) -> None:
    with (
        Workbench(tmp_path / "store") as bench,
        pytest.raises(EngineError, match="Tls\\(certificate="),
    ):
        bench.answer(stay, listen="127.0.0.1:0;transport=tls")


def test_a_key_that_is_none_is_refused(tmp_path: Path, files: Identity) -> None:
    certificate = str(files.certificate)
    with pytest.raises(InvalidInput, match="cannot be used") as raised:
        Workbench(tmp_path / "store", tls=Tls(certificate=certificate, key="/dev/null"))
    assert "PRIVATE" not in str(raised.value)


def test_a_refused_connection_is_told(tmp_path: Path) -> None:
    with Workbench(tmp_path / "store") as bench:
        call = bench.dial("sip:bob@127.0.0.1:9;transport=tcp")
        call.wait(PATIENCE_S)
        assert "No connection over TCP" in str(call.history)
