"""Accounts with a real registrar and proxy: Kamailio, with digest, over UDP."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.kamailio import REALM, Kamailio
from tests.door.certificates import identity
from workbench import Account, CallControl, Policy, Tls, Workbench, flow
from workbench import events as ev
from workbench.engine.pool import Pool
from workbench.replay import replay

pytestmark = [pytest.mark.sip, pytest.mark.slow]

PASSWORD = "canary-5e61f9"
EVERYBODY = Policy(allow=["127.0.0.1", REALM])


@flow
async def greet(call: CallControl) -> str:
    await call.answer()
    await call.sleep(0.3)
    await call.hangup()
    return "greeted"


@flow
async def listen(call: CallControl) -> None:
    await call.sleep(30)


@pytest.fixture(params=["MD5", "SHA-256"])
def kamailio(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kamailio]:
    # A registration lasts seven seconds here, so that it must be renewed after two.
    with Kamailio(tmp_path, PASSWORD, algorithm=request.param, most_s=7) as server:
        server.until_ready()
        yield server


def account(server: Kamailio, user: str = "alice", password: str = PASSWORD) -> Account:
    return Account(
        uri=f"sip:{user}@{REALM}", password=password, registrar=f"127.0.0.1:{server.port}"
    )


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path / "store", policy=EVERYBODY) as bench:
        yield bench


def test_an_account_registers_renews_calls_is_called_and_parts(
    kamailio: Kamailio, bench: Workbench, tmp_path: Path
) -> None:
    address = bench.answer(greet)
    standing = bench.register(account(kamailio))
    assert (standing.state, standing.sip_code) == ("registered", 200), standing
    assert standing.until is not None
    contact = address.replace("sip:", "sip:alice@")
    kamailio.until_logged(f"SAVED alice <{contact}> 300")
    bob = account(kamailio, "bob")
    with Workbench(tmp_path / "other", policy=EVERYBODY, accounts=[bob]) as other:
        call = other.dial("alice", account=bob.uri, flow=listen).wait()
        assert call.ended is not None
        assert (call.ended.status, call.ended.by) == ("completed", "callee"), call.history
        placed = call.history[0]
        assert isinstance(placed, ev.Placed)
        assert (placed.from_, placed.account) == (f"sip:bob@{REALM}",) * 2
        other.check()
    taken = bench.calls[-1].wait()
    offered = taken.history[0]
    assert isinstance(offered, ev.Offered)
    assert (offered.from_, offered.to) == (f"sip:bob@{REALM}", f"sip:alice@{REALM}")
    assert offered.request_uri == contact
    assert replay(taken.history, greet).equal
    kamailio.until_logged(f"SAVED alice <{contact}> 300", times=2)
    assert bench.accounts[f"sip:alice@{REALM}"].state == "registered"
    bench.check()
    bench.close()
    kamailio.until_logged(f"SAVED alice <{contact}> 0")


def test_a_wrong_password_is_told_with_its_remedy(kamailio: Kamailio, bench: Workbench) -> None:
    wrong = account(kamailio, "carol", "wrong-" + PASSWORD)
    standing = bench.register(wrong)
    assert (standing.state, standing.sip_code) == ("failed", 401)
    assert "credentials of the account sip:carol@pbx.test were not accepted" in standing.reason
    call = bench.dial("alice", account=wrong).wait()
    assert call.ended is not None
    assert (call.ended.status, call.ended.sip_code) == ("failed", 407)
    assert "sip:carol@pbx.test" in call.ended.reason
    assert "check its username, password and realm" in call.ended.reason


def test_another_worker_takes_over_when_the_one_that_registers_dies(
    kamailio: Kamailio, bench: Workbench
) -> None:
    bench.register(account(kamailio))
    kamailio.until_logged("SAVED alice")
    pool = bench._running().engine
    assert isinstance(pool, Pool)
    (registrar,) = pool.registering.values()
    os.kill(registrar, signal.SIGKILL)
    kamailio.until_logged("SAVED alice", times=2)
    (another,) = pool.registering.values()
    assert another != registrar


def test_more_accounts_than_a_process_carries_are_spread(
    kamailio: Kamailio, bench: Workbench
) -> None:
    users = [f"user{number}" for number in range(9)]
    for user in users:
        assert bench.register(account(kamailio, user)).state == "registered"
    pool = bench._running().engine
    assert isinstance(pool, Pool)
    assert len(pool.registering) == 2
    # From one worker calls go out with more accounts than it can have open at once.
    for user in users:
        call = bench.dial("nobody", account=f"sip:{user}@{REALM}").wait()
        assert call.ended is not None
        assert call.ended.sip_code == 404, call.ended
    bench.unregister(f"sip:user0@{REALM}")
    kamailio.until_logged("SAVED user0", times=2)
    assert bench.accounts[f"sip:user0@{REALM}"].state == "unregistered"


def test_neither_password_nor_digest_is_left_anywhere(
    kamailio: Kamailio, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    store, ours = tmp_path / "store", account(kamailio)
    with Workbench(store, policy=EVERYBODY, engine=Pool(log_folder=logs)) as bench:
        assert bench.register(ours).state == "registered"
        call = bench.dial("nobody", account=ours).wait()
        shown = [repr(bench.accounts), repr(ours), str(ours), call.ladder(), call.history]
        shown += [call.history._repr_html_(), bench._repr_html_()]
        pool = bench._running().engine
        assert isinstance(pool, Pool)
        for pid in pool.workers.values():
            shown.append((Path("/proc") / str(pid) / "cmdline").read_text())
            shown.append((Path("/proc") / str(pid) / "environ").read_text())
    digests = set(re.findall(r'response="([0-9a-f]{32,})"', kamailio.log))
    assert len(digests) >= 2
    left = [path.read_bytes() for path in (*files(store), *files(logs))]
    assert any(b"REGISTER sip:" in text for text in left)
    left += [str(text).encode() for text in (*shown, caplog.text)]
    for secret in (PASSWORD, *digests):
        assert not [text for text in left if secret.encode() in text], secret


def files(folder: Path) -> list[Path]:
    """Return every file below a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


def test_no_account_is_told_that_one_is_asked_for(kamailio: Kamailio, bench: Workbench) -> None:
    call = bench.dial(f"sip:alice@127.0.0.1:{kamailio.port}").wait()
    assert call.ended is not None
    assert (call.ended.status, call.ended.sip_code) == ("failed", 407)
    assert "name an account with `account=`" in call.ended.reason


def test_an_account_registers_and_is_called_over_tls(tmp_path: Path) -> None:
    us = identity(tmp_path)
    tls = Tls(certificate=str(us.certificate), key=str(us.key), authorities=str(us.authority))
    with (
        Kamailio(tmp_path, PASSWORD, identity=us) as server,
        Workbench(tmp_path / "store", policy=EVERYBODY, tls=tls, srtp="required") as bench,
        Workbench(tmp_path / "other", policy=EVERYBODY, srtp="required") as other,
    ):
        server.until_ready()
        address = bench.answer(greet, "127.0.0.1:0;transport=tls")
        at = f"127.0.0.1:{server.tls_port}"
        alice = Account(
            uri=f"sip:alice@{REALM}", password=PASSWORD, registrar=at, transport="tls"
        )
        assert bench.register(alice).state == "registered"
        server.until_logged(f"SAVED alice <{address.replace('sip:', 'sip:alice@')}> 300")
        bob = account(server, "bob")
        other.register(bob)
        call = other.dial("alice", account=bob, flow=listen).wait()
        assert call.ended is not None
        assert call.ended.status == "completed", call.history
        taken = bench.calls[-1].wait()
        secure = [each.secure for each in taken.history if isinstance(each, ev.MediaStarted)]
        assert secure == [True]


def test_a_registrar_that_comes_late_is_found(tmp_path: Path, bench: Workbench) -> None:
    server = Kamailio(tmp_path, PASSWORD)
    # Nobody is there: the REGISTER is repeated (RFC 3261, section 17.1.2.2, timer E).
    assert bench.register(account(server), timeout=0.5).state == "registering"
    with server:
        server.until_logged("SAVED alice")
        assert bench.register(f"sip:alice@{REALM}").state == "registered"


REGISTERING = """
import sys
from workbench import Account, Workbench

folder, port = sys.argv[1:]
at = f"127.0.0.1:{{port}}"
account = Account(uri="sip:alice@{realm}", password="{password}", registrar=at)
bench = Workbench(folder)
print(bench.register(account).state, flush=True)
sys.stdin.read()
"""


def test_a_bench_that_is_killed_leaves_no_registration_behind(
    kamailio: Kamailio, tmp_path: Path
) -> None:
    code = REGISTERING.format(realm=REALM, password=PASSWORD)
    bench = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "store"), str(kamailio.port)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert bench.stdout is not None
        assert bench.stdout.readline().strip() == "registered"
    finally:
        bench.kill()
        bench.communicate()
    contact = re.findall(r"SAVED alice (<[^>]+>) 300", kamailio.log)[0]
    kamailio.until_logged(f"SAVED alice {contact} 0")
