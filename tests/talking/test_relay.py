"""A talk through the kernel, with the call's end in the test's hand."""

import queue
import socket
from collections.abc import Iterator

import pytest

from workbench.talking.pace import FRAME_BYTES, MOST_AHEAD, STALLED
from workbench.talking.relay import MOST, PRIME, Relay

SILENCE = bytes(FRAME_BYTES)
LONG_S = 20


class Talk:
    """A relay, what it played, and why it is over."""

    def __init__(self) -> None:
        self.call, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.call.settimeout(LONG_S)
        self.played: queue.Queue[tuple[bytes, ...]] = queue.Queue()
        self.over: queue.Queue[str] = queue.Queue()
        with theirs:
            self.relay = Relay(theirs, lambda *frames: self.played.put(frames), self.over.put)

    def why(self) -> str:
        return self.over.get(timeout=LONG_S)


@pytest.fixture
def talk() -> Iterator[Talk]:
    talk = Talk()
    yield talk
    talk.relay.close()
    talk.call.close()


def frame(number: int) -> bytes:
    return bytes([number]) * FRAME_BYTES


def test_frames_of_the_call_are_played_in_pairs(talk: Talk) -> None:
    for number in range(4):
        talk.call.send(frame(number))
    assert talk.played.get(timeout=LONG_S) == (frame(0), frame(1))
    assert talk.played.get(timeout=LONG_S) == (frame(2), frame(3))


def test_frames_of_the_page_go_one_for_each_of_the_call_once_some_wait(talk: Talk) -> None:
    talk.relay.say(b"".join(frame(number) for number in range(PRIME - 1)))
    for _ in range(2):
        talk.call.send(SILENCE)
    talk.played.get(timeout=LONG_S)
    talk.call.setblocking(False)
    with pytest.raises(BlockingIOError):
        talk.call.recv(FRAME_BYTES)
    talk.call.settimeout(LONG_S)
    talk.relay.say(frame(PRIME - 1))
    for number in range(PRIME):
        talk.call.send(SILENCE)
        assert talk.call.recv(FRAME_BYTES) == frame(number)


def test_the_oldest_are_left_out_when_too_many_wait(talk: Talk) -> None:
    for number in range(MOST + 3):
        talk.relay.say(frame(number))
    talk.call.send(SILENCE)
    assert talk.call.recv(FRAME_BYTES) == frame(3)


def test_the_end_of_the_call_is_told(talk: Talk) -> None:
    talk.call.close()
    assert talk.why() == "the call is over"


def test_a_talk_that_is_ended_says_so_and_closes_its_end(talk: Talk) -> None:
    talk.relay.close()
    assert talk.why() == "the talk was ended"
    assert talk.call.recv(FRAME_BYTES) == b""


@pytest.mark.parametrize("audio", [b"", b"x", SILENCE + b"x", SILENCE * 11])
def test_what_is_no_frame_ends_it(talk: Talk, audio: bytes) -> None:
    talk.relay.say(audio)
    assert talk.why() == "the page sent what is no frame of audio"


def test_more_than_a_microphone_has_ends_it(talk: Talk) -> None:
    for _ in range(MOST_AHEAD + 1):
        talk.relay.say(SILENCE)
    assert talk.why() == "the page sent more frames than a microphone has"


def test_a_page_that_says_nothing_is_taken_to_be_gone(talk: Talk) -> None:
    for _ in range(STALLED + 1):
        talk.call.send(SILENCE)
    assert talk.why() == "the page has sent nothing for five seconds"
