"""Headers that carry context, over a real call: out to a trap, and in from a trusted peer."""

from pathlib import Path

import pytest

from tests.policy.trap import Trap
from workbench import CallControl, Policy, Workbench, flow, sip
from workbench import events as ev

pytestmark = pytest.mark.sip

CONTEXT = {
    "X-Case": "ü 42",
    "User-to-User": sip.user_to_user(b"\x00case 42"),
    "Diversion": "<sip:+4930111@pbx.example>;reason=no-answer",
    "Reason": 'Q.850;cause=16;text="moved on"',
    "History-Info": "<sip:a@x>;index=1, <sip:b@x>;index=1.1",
    "P-Asserted-Identity": '"Ada" <sip:+4930123456@carrier.example>',
}
FROM = "sip:anonymous@anonymous.invalid"


@flow
async def decline(call: CallControl) -> None:
    """Refuse the call."""
    await call.reject(486)


def test_context_goes_out_as_it_was_given(tmp_path: Path) -> None:
    with Trap() as trap, Workbench(tmp_path / "store") as bench:
        uri = "sip:+4989654321@{}:{}".format(*trap.allowed)
        bench.dial(uri, headers=CONTEXT, from_=FROM).wait(20)
        invite = next(each.text for each in trap.caught if each.text.startswith("INVITE "))
    assert dict(sip.header_lines(invite)).items() >= CONTEXT.items()


@pytest.mark.parametrize("trusted", [["127.0.0.0/8"], []], ids=["trusted", "stranger"])
def test_context_comes_in_and_is_believed_from_trusted_peers(
    tmp_path: Path, trusted: list[str]
) -> None:
    with Workbench(tmp_path / "store", policy=Policy(trusted_hosts=trusted)) as bench:
        uri = bench.answer(decline).replace("sip:", "sip:+4989654321@")
        bench.dial(uri, headers=CONTEXT, from_=FROM).wait(20)
        offered = next(
            event for call in bench.calls for event in call.history
            if isinstance(event, ev.Offered)
        )  # fmt: skip
        row = bench.frames.calls().loc[offered.call_id]
    assert offered.headers == CONTEXT
    assert sip.user_to_user_content(offered.headers["User-to-User"]) == b"\x00case 42"
    assert offered.from_ == FROM
    assert row["called_number"] == offered.called_number == "+4989654321"
    asserted = "sip:+4930123456@carrier.example" if trusted else FROM
    assert row["identity"] == offered.identity == asserted
    assert offered.caller_number == ("+4930123456" if trusted else "")
    assert offered.forwarded_from == ("sip:+4930111@pbx.example" if trusted else "")
