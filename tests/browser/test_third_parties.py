"""The softphone with telephones and a registrar that are not ours."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.acceptance.baresip import Baresip
from tests.acceptance.kamailio import REALM, Kamailio
from tests.acceptance.sipp import Counts, Sipp
from tests.browser.conftest import Open
from tests.browser.test_softphone import button, number, target, words
from tests.live.test_handed_on import plain_phone
from workbench import Account, CallControl, Policy, Workbench, flow

pytestmark = [pytest.mark.browser, pytest.mark.sip, pytest.mark.slow]

PASSWORD = "canary-77d0c2"
SETUP = """
from workbench import Account, Policy, Workbench

alice = Account(uri="sip:alice@{realm}", password={password!r}, registrar="127.0.0.1:{port}")
policy = Policy(allow=["127.0.0.1", "{realm}"])
bench = Workbench({store!r}, policy=policy, accounts=[alice])
bench.softphone({{"One": {one!r}, "Other": {other!r}}}, listen="127.0.0.1:0")
"""
WITH_ACCOUNT = "bench.softphone(account=alice.uri)"
TRANSFERRED = "completed (200) OK"


@flow
async def bob_answers(call: CallControl) -> None:
    await call.answer()
    await call.sleep(600)


@pytest.fixture
def kamailio(tmp_path: Path) -> Iterator[Kamailio]:
    with Kamailio(tmp_path, PASSWORD) as server:
        server.until_ready()
        yield server


@pytest.fixture
def bob(tmp_path: Path, kamailio: Kamailio) -> Iterator[Workbench]:
    at = f"127.0.0.1:{kamailio.port}"
    account = Account(uri=f"sip:bob@{REALM}", password=PASSWORD, registrar=at)
    with Workbench(tmp_path / "bob", policy=Policy(allow=[REALM])) as bench:
        bench.answer(bob_answers)
        assert bench.register(account).state == "registered"
        yield bench
        bench.check()


def has_ended(out: Locator, party: str) -> None:
    shown = out.locator(".wb-calls button").filter(has_text=f"to {party}")
    expect(shown.locator(".wb-how")).to_contain_text("ended")


def test_calls_with_an_account_coming_in_and_handed_on(
    notebook: Open, kamailio: Kamailio, bob: Workbench, tmp_path: Path
) -> None:
    with ExitStack() as others:
        one, other = (others.enter_context(plain_phone()) for _ in range(2))
        setup = SETUP.format(
            realm=REALM, password=PASSWORD, port=kamailio.port, one=one, other=other,
            store=str(tmp_path / "store"),
        )  # fmt: skip
        book = notebook("third", [setup, WITH_ACCOUNT, "bench.close()"])
        out, with_account = book.run(0), book.run(1)
        number(with_account).fill("bob")
        button(with_account, "Call").click()
        expect(words(with_account)).to_have_text("connected")
        expect(with_account.locator(".wb-party")).to_have_text(f"sip:bob@{REALM}")
        assert f"CALLED alice sip:bob@{REALM}" in kamailio.log
        button(with_account, "Hang up").click()
        expect(words(with_account)).to_contain_text("ended by app: completed")
        ended = bob.calls[-1].wait(30).ended
        assert ended is not None
        assert (ended.by, ended.status) == ("caller", "completed")

        desk = out.locator(".wb-address").inner_text().removeprefix("Takes calls at ")
        with Baresip(tmp_path) as phone, Sipp(tmp_path, "answers") as sipp:
            phone.dial(desk.replace("sip:", "sip:desk@"))
            expect(words(out)).to_have_text("is calling")
            button(out, "Answer").click()
            expect(words(out)).to_have_text("connected")
            target(out).fill(sipp.address)
            button(out, "Transfer").click()
            expect(out.locator(".wb-last")).to_contain_text(TRANSFERRED)
            assert "Call established" in phone.log
            button(out, "Hang up").click()
            expect(words(out)).to_contain_text("ended")
            phone.order("hangupall", "")
            assert sipp.finish() == Counts(successful=1, failed=0), sipp.errors

        for name in ("One", "Other"):
            button(out, name).click()
            button(out, "Call").click()
            expect(out.locator(".wb-party")).to_have_text(name)
            expect(words(out)).to_have_text("connected")
        button(out, "Connect with One").click()
        has_ended(out, "One")  # its telephone has let us go, since the other one is there now
        expect(out.locator(".wb-last")).to_contain_text(TRANSFERRED)
        book.run(2)
