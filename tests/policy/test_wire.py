"""Hostile dial strings and headers through the real engine: what a trap sees of them."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Rounds
from tests.policy.trap import Caught, Trap
from workbench import Workbench
from workbench import events as ev
from workbench.errors import InvalidInput
from workbench.handle import CallHandle
from workbench.policy import Policy

pytestmark = [pytest.mark.sip, pytest.mark.slow]

PATIENCE_S = 20
OWN = frozenset(
    {
        "via", "max-forwards", "from", "to", "contact", "call-id", "cseq", "allow", "supported",
        "user-agent", "content-type", "content-length", "session-expires", "min-se",
        "record-route",
    }
)  # fmt: skip
"""What pjsip and the door write by themselves."""
MARK = "X-Forged"
BREAKS = [
    "\r\n", "\n", "\r", "\x00", "\x0b", "\u2028", "\x85", "%0d%0a", "%0D%0A", "%00", "\\r\\n",
]  # fmt: skip
USERS = [
    "bob", "", "+4930123456", "+499001234567", "09001234567", "%2B499001234567", "bob:secret",
    "a@b", "b%40b", "*", "tel:+4930123456", "\u0430dmin", "\u202ebob", "b b", "<sip:x",
    "bob;x=1", "bob?x", "'\"", "b" * 64, "b" * 65, "%", "%zz", "..", "+", "1" * 300,
]  # fmt: skip
TAILS = [
    "", "", "", ">", ";lr", ";maddr={bad}", ";transport=tcp", ";transport=udp",
    ";transport=tls", ";transport=udp;maddr={bad}", f"?{MARK}=1", "?Route=%3Csip:{bad}%3E",
    "?Subject=a%0d%0aX:1", ";ttl=255", ";method=BYE", ";user=phone", ", sip:x@{bad}",
    ",<sip:x@{bad}>", " ", "@{bad}", "/../x", "#x", "\\", f"\r\n{MARK}: 1",
    f"\r\n\r\n{MARK}: 1", f"%0d%0a{MARK}:1", "..", ".",
]  # fmt: skip
HEADS = ["sip:", "sip:", "sip:", "SIP:", "<sip:", "sips:", "tel:", "", "sip://", " sip:", "http://",
         "sip:sip:", "Bob <sip:", '"<sip:x@y>" <sip:', "\nsip:", "sip :"]  # fmt: skip


def destinations(trap: Trap) -> st.SearchStrategy[str]:
    """Return dial strings that would like to reach what may not be called."""
    good, bads = "{}:{}".format(*trap.allowed), ["{}:{}".format(*at) for at in trap.forbidden]
    port, bad_port = trap.allowed[1], trap.forbidden[0][1]
    hosts = st.sampled_from(
        [
            good, good, good, good, *bads, f"2130706433:{bad_port}", f"0x7f000001:{bad_port}",
            f"0177.0.0.1:{bad_port}", f"127.1:{bad_port}", f"0x7f.0.0.1:{bad_port}",
            f"127.0.0.1.:{bad_port}", f"127.0.0.1.:{port}", f"[::1]:{bad_port}",
            f"[::ffff:127.0.0.1]:{bad_port}", f"localhost:{bad_port}", f"localhost:{port}",
            f"127.0.0.2:{port}", f"0.0.0.0:{bad_port}", f"127.0.0.1:{bad_port}:{port}",
            f"127.0.0.1\uff0e:{port}", f"\uff11\uff12\uff17.0.0.1:{port}",
            f"127\u30020.0.1:{port}",
            "127.0.0.1", f"127.0.0.1:{port}0", f"127.0.0.1:0{port}", f"127.0.0.1:+{port}",
            f"127.0.0.1:{port + 65536}", f"{good}@{bads[0]}", f"{bads[0]}@{good}", f"x.{good}",
            f"{'a.' * 200}x", "no-such-host.invalid",
        ]
    )  # fmt: skip
    tails = st.sampled_from(TAILS).map(lambda tail: tail.format(bad=bads[0]))
    users = st.sampled_from(USERS) | st.text(max_size=20)
    shaped = st.builds(_uri, st.sampled_from(HEADS), users, hosts, tails)
    cut = st.tuples(shaped, st.sampled_from(BREAKS), st.integers(0, 60))
    broken = cut.map(lambda parts: parts[0][: parts[2]] + parts[1] + parts[0][parts[2] :])
    sip, who = st.just("sip:"), st.sampled_from(["bob", "", "+4930123456", "b%40b", "*", "100"])
    well_formed = st.sampled_from([good, *bads, f"localhost:{port}", f"127.0.0.2:{port}"])
    nothing = st.sampled_from(["", ";transport=udp"])
    near = st.builds(_uri, sip, who, well_formed | hosts, nothing)
    tailed = st.builds(_uri, sip, who, st.just(good), tails)
    return st.one_of(
        near,
        st.builds(_uri, sip, who, well_formed, nothing),
        tailed,
        shaped,
        broken,
        st.text(max_size=60),
    )


def _uri(head: str, user: str, host: str, tail: str) -> str:
    return f"{head}{user}@{host}{tail}" if user else f"{head}{host}{tail}"


def header_sets() -> st.SearchStrategy[dict[str, str]]:
    """Return headers that would like to be more than they are."""
    ends = st.sampled_from([*BREAKS, *8 * [""], ",", ";", '"', "<", "\t", " "])
    forged = st.builds("{}{}{}: 1".format, st.text(max_size=8), ends, st.just(MARK))
    odd = st.text("ab: \u2028,;<>\"'\\%", max_size=200)
    values = st.one_of(forged, odd, st.text(max_size=40))
    names = st.sampled_from(
        [
            "X-A", "x-a", "X-Case", "User-to-User", "Subject", "Reason", "Diversion", "Route",
            "Via", "To", "Contact", "X-", "X-A\r\nRoute", "X-A:", "X A", "P-Asserted-Identity",
            "X-\u0430", "Content-Length", "Replaces", "Authorization", "m", "",
            "X-" + "a" * 300,
        ]
    )  # fmt: skip
    allowed = st.sampled_from(["X-A", "X-Case", "User-to-User", "Reason", "Diversion"])
    tame = st.text('ab ü,;<>"', max_size=30)
    return st.one_of(
        st.dictionaries(allowed, values, min_size=1, max_size=2),
        st.dictionaries(names, tame, max_size=2),
        st.dictionaries(allowed | names, values, max_size=4),
    )


def attacks(trap: Trap) -> st.SearchStrategy[tuple[str, dict[str, str], str]]:
    """Return what to dial, with which headers, from whom; mostly one of them is hostile."""
    plain = st.just("sip:bob@{}:{}".format(*trap.allowed))
    uris, headers, nobody = destinations(trap), header_sets(), st.just("")
    clean = st.just({"X-Case": "42"})
    return st.one_of(
        st.tuples(uris, clean, nobody),
        st.tuples(plain, headers, nobody),
        st.tuples(plain, clean, uris),
        st.tuples(uris, headers, uris),
    )


def test_nothing_hostile_reaches_the_wire(tmp_path: Path, rounds: Rounds) -> None:
    """No call outside of the allow-list, no header that was not asked for."""
    with Trap() as trap:
        policy = Policy(allow=["{}:{}".format(*trap.allowed)], calls_a_second=1e6)
        with Workbench(tmp_path / "store", policy=policy) as bench:
            tally = Tally(bench, trap)

            @settings(
                max_examples=rounds(300, 10_000), deadline=None, database=None,
                suppress_health_check=list(HealthCheck),
            )  # fmt: skip
            @given(attacks(trap))
            def attack(asked: tuple[str, dict[str, str], str]) -> None:
                tally.attack(*asked)

            attack()
            tally.check_calls()
    strays = [caught for caught in trap.caught if caught.at != trap.allowed]
    assert not strays
    print(f"{tally}; {len(trap.caught)} datagrams")  # noqa: T201 - the figures of the run


class Tally:
    """Attacks through a bench, and what became of them."""

    def __init__(self, bench: Workbench, trap: Trap) -> None:
        self._bench, self._trap = bench, trap
        self.malformed = self.refused = self.failed = self.called = 0

    def __str__(self) -> str:
        return (
            f"{self.malformed} malformed, {self.refused} refused, {self.failed} failed, "
            f"{self.called} called"
        )

    def attack(self, uri: str, headers: dict[str, str], from_: str) -> None:
        seen = len(self._trap.caught)
        try:
            call = self._bench.dial(uri, headers=headers, from_=from_).wait(PATIENCE_S)
        except InvalidInput:
            self.malformed += 1
            assert len(self._trap.caught) == seen
            return
        self._judge(call, uri, headers, from_, self._trap.caught[seen:])

    def _judge(
        self, call: CallHandle, uri: str, headers: dict[str, str], from_: str,
        caught: list[Caught],
    ) -> None:  # fmt: skip
        invites = [message.text for message in caught if message.text.startswith("INVITE ")]
        if any(isinstance(event, ev.Refused) for event in call.history):
            self.refused += 1
            assert not invites
            return
        assert call.ended is not None
        if call.ended.sip_code != 486:
            self.failed += 1
            assert not invites, call.ended
            assert call.ended.sip_code == 503, call.ended
            return
        self.called += 1
        host, port = self._trap.allowed
        assert re.search(
            rf"[:@]{re.escape(host)}:{port}(;transport=udp)?>?$", uri.strip(), re.I
        )
        for invite in invites:
            check_invite(invite, f"{host}:{port}", headers, from_)

    def check_calls(self) -> None:
        """Check that there was one INVITE, however often sent, for each call that went out."""
        texts = [message.text for message in self._trap.caught]
        invites = [text for text in texts if text.startswith("INVITE ")]
        assert len({field(invite, "call-id") for invite in invites}) == self.called
        assert self.called > 0
        assert self.refused > 0
        assert self.malformed > 0


def fields(message: str) -> list[tuple[str, str]]:
    """Return the headers of a message, each line as it stands."""
    lines = message.split("\r\n\r\n", 1)[0].split("\r\n")[1:]
    assert all(re.match(r"[^\s:]+\s*:", line) for line in lines), message
    return [(line.partition(":")[0].strip(), line.partition(":")[2].strip()) for line in lines]


def field(message: str, name: str) -> str:
    """Return the one value of a header."""
    [value] = [value for known, value in fields(message) if known.lower() == name]
    return value


def check_invite(invite: str, at: str, headers: dict[str, str], from_: str) -> None:
    """Check that an INVITE says what was asked for and nothing else."""
    request = invite.split("\r\n", 1)[0]
    who = r"sip:([^@\s;?<>]+@)?"
    assert re.fullmatch(rf"INVITE {who}{re.escape(at)} SIP/2\.0", request), request
    # To has no port (RFC 3261, section 19.1.1).
    assert re.fullmatch(f"<{who}{re.escape(at.partition(':')[0])}>", field(invite, "to"))
    if from_:
        assert field(invite, "from").startswith("<sip:")
    ours = {name.lower() for name in headers}
    sent = fields(invite)
    assert {name.lower() for name, _ in sent} <= OWN | ours, sent
    assert sorted((name, value) for name, value in sent if name.lower() in ours) == sorted(
        (name, value.strip()) for name, value in headers.items()
    )
    assert not any(name in ("Route", MARK) for name, _ in sent)
    routes = [value for name, value in sent if name.lower() == "record-route"]
    assert all(re.fullmatch(r"<sip:127\.0\.0\.1:\d+;[^<>,]*>", route) for route in routes), (
        routes
    )
    assert all(name.lower() in ours or MARK not in value for name, value in sent)
    body = invite.split("\r\n\r\n", 1)[1]
    assert int(field(invite, "content-length")) == len(body.encode("utf-8", "surrogateescape"))
    assert body.startswith("v=0\r\n")
