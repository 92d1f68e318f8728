"""Whose microphone speaks into which call, without a page and without a process for it."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from workbench.errors import EngineError, NotAllowedNow
from workbench.extension import Extension
from workbench.talking.desk import Entrance
from workbench.widgets.microphones import Microphones

HERE = "http://localhost:8888"
ELSEWHERE = "https://lab.example"


class Bench:
    """Lets pages in, and remembers them."""

    def __init__(self) -> None:
        self.refuses: Exception | None = None
        self.calls: list[socket.socket] = []
        self.let_in_from: list[str] = []
        self.shown_out: list[str] = []
        self.over: list[Callable[[str], None]] = []

    def call(self, call: Any) -> Any:
        return self

    def talk(self, name: str) -> Extension:
        if isinstance(self.refuses, NotAllowedNow):
            raise self.refuses
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        theirs.settimeout(20)
        self.calls.append(theirs)
        return Extension("CA1", f"talk-{len(self.calls)}", ours, lambda: None)

    def let_in(self, end: socket.socket, origin: str, over: Callable[[str], None]) -> Entrance:
        if self.refuses is not None:
            raise self.refuses
        self.let_in_from.append(origin)
        self.over.append(over)
        return Entrance(talk=f"page-{len(self.over)}", port=4711, token="secret")

    def show_out(self, talk: str) -> None:
        self.shown_out.append(talk)


class Desk:
    """The microphones of a bench, and what its pages were told."""

    def __init__(self, named: str = "") -> None:
        self.bench = Bench()
        self.told: list[dict[str, Any]] = []
        self.microphones = Microphones(
            self.bench, named, self.told.append, lambda *_: None, lambda: None
        )

    def begin(self, origin: str = HERE, view: str = "view") -> dict[str, Any]:
        self.microphones.begin("CA1", origin, view)
        return self.told[-1]

    @property
    def is_on(self) -> bool:
        return "CA1" in self.microphones

    def call_is_parted(self) -> bool:
        return self.bench.calls[-1].recv(320) == b""


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.microphones.close()
    for end in desk.bench.calls:
        end.close()


def test_a_page_of_this_machine_is_told_where_to_come_in(desk: Desk) -> None:
    entrance = {"kind": "entrance", "call": "CA1", "view": "view", "port": 4711}
    assert desk.begin() == {**entrance, "token": "secret"}
    assert desk.is_on


def test_a_page_of_elsewhere_goes_through_the_kernel(desk: Desk) -> None:
    assert desk.begin(ELSEWHERE)["port"] == 0
    assert desk.bench.let_in_from == []
    for _ in range(4):
        desk.microphones.say("CA1", "view", b"\x01" * 320)
    desk.bench.calls[0].send(bytes(320))
    assert desk.bench.calls[0].recv(320) == b"\x01" * 320


def test_a_page_of_elsewhere_that_was_named_comes_in() -> None:
    desk = Desk(named=ELSEWHERE)
    assert desk.begin(ELSEWHERE)["port"] == 4711
    assert desk.bench.let_in_from == [ELSEWHERE]
    desk.microphones.close()
    desk.bench.calls[0].close()


def test_a_page_that_cannot_come_leaves_its_booth_and_talks_on(desk: Desk) -> None:
    desk.begin()
    desk.microphones.relay("CA1", "view")
    assert desk.bench.shown_out == ["page-1"]
    desk.bench.over[0]("the talk was ended")
    assert desk.is_on


def test_another_view_can_neither_speak_nor_take_the_way(desk: Desk) -> None:
    desk.begin()
    desk.microphones.relay("CA1", "another")
    desk.microphones.say("CA1", "another", b"\x01" * 320)
    assert desk.bench.shown_out == []


def test_the_last_who_comes_takes_the_place(desk: Desk) -> None:
    desk.begin()
    desk.begin(view="second")
    over = {"kind": "over", "call": "CA1", "view": "view", "reason": "somebody else talks now"}
    assert over in desk.told
    desk.bench.over[0]("the talk was ended")  # of the first: too late to end the second
    assert desk.is_on


@pytest.mark.parametrize("reason", ["the call is over", "the page has hung up"])
def test_a_talk_that_is_over_is_told_and_parted(desk: Desk, reason: str) -> None:
    desk.begin()
    desk.bench.over[0](reason)
    assert desk.told[-1]["reason"] == reason
    assert not desk.is_on
    assert desk.call_is_parted()


def test_whoever_closes_the_widget_ends_its_talks(desk: Desk) -> None:
    desk.begin()
    desk.microphones.close()
    assert desk.bench.shown_out == ["page-1"]
    assert desk.call_is_parted()


def test_a_call_that_takes_nobody_says_why(desk: Desk) -> None:
    desk.bench.refuses = NotAllowedNow("The call is not up.")
    assert desk.begin()["reason"] == "The call is not up."
    assert not desk.is_on


def test_a_process_that_cannot_be_had_ends_the_talk(desk: Desk) -> None:
    desk.bench.refuses = EngineError("No page can be let in: it ended.")
    assert desk.begin()["reason"] == "No page can be let in: it ended."
    assert not desk.is_on
    assert desk.call_is_parted()
