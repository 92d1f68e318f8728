"""What an engine is asked to do with one leg: the opposite of `signals`.

A command is recorded as a decided event before the engine hears it. The engine answers
by signals only: a command that cannot be carried out ends in a signal that says so.
"""

from typing import Literal

import msgspec

KEYS = frozenset("0123456789*#ABCD")
"""The keys of a keypad (RFC 4733, section 3.2)."""


KeyMethod = Literal["rfc4733", "sip-info", "inband"]
"""How keys are sent: as RTP events, as INFO requests, as tones in the audio."""


class Command(msgspec.Struct, frozen=True, kw_only=True, tag_field="command"):
    """One thing to do with one leg."""

    leg: str


class Dial(Command, frozen=True, kw_only=True, tag="dial"):
    """Place a call; `leg` is the name that the new leg gets."""

    uri: str
    from_: str = msgspec.field(name="from", default="")
    """The SIP URI to show as From; empty for the engine's own."""
    account: str = ""
    """The URI of the account whose credentials are used; empty for none."""
    srtp: str = ""
    """`off`, `optional` or `required`; empty for the engine's own."""
    codecs: tuple[str, ...] = ()
    """Codecs to offer, in this order; empty for the engine's own."""
    replaces: str = ""
    """The dialog at the callee that the call is to replace (RFC 3891)."""
    headers: dict[str, str] = {}
    ring_timeout_s: float = 60.0
    """Seconds to wait for an answer before the call is cancelled (RFC 3261, section 9)."""
    beside: str = ""
    """A leg that the new one is to be joined with: in the same worker, if that has a line."""


class Ring(Command, frozen=True, kw_only=True, tag="ring"):
    """Tell the caller that it rings (180)."""


class Progress(Command, frozen=True, kw_only=True, tag="progress"):
    """Send audio to the caller before the answer (183 with SDP)."""


class Answer(Command, frozen=True, kw_only=True, tag="answer"):
    """Accept the call (200)."""


class Reject(Command, frozen=True, kw_only=True, tag="reject"):
    """Refuse the call with a final SIP code (400 to 699)."""

    sip_code: int = 603
    cause: int | None = None
    """The Q.850 cause to tell the far end (RFC 3326); None tells none."""
    reason: str = ""
    """Why, in words, for the record, and for the far end where there is a cause."""


class Redirect(Command, frozen=True, kw_only=True, tag="redirect"):
    """Refuse the call, and tell the caller where to call instead (302)."""

    uri: str


class Play(Command, frozen=True, kw_only=True, tag="play"):
    """Play a WAV file (mono, 16 bit, 8 or 16 kHz); it replaces a prompt that plays."""

    prompt: str
    path: str
    endless: bool = False
    """Begin again at its end, until it is stopped."""
    more: bool = False
    """This is its first part, and others follow by `PlayMore`."""


class PlayMore(Command, frozen=True, kw_only=True, tag="play_more"):
    """Play a further part of a prompt, after those that were given before.

    When it comes late there is silence meanwhile.
    """

    prompt: str
    path: str = ""
    """A WAV file (mono, 16 bit, 8 kHz); empty when nothing is added."""
    last: bool = False
    """Nothing follows."""
    reason: str = ""
    """Why what was to follow is missing: the prompt ends as failed."""


class Stop(Command, frozen=True, kw_only=True, tag="stop"):
    """Stop a prompt; one that is over already is left alone."""

    prompt: str


class Hold(Command, frozen=True, kw_only=True, tag="hold"):
    """Put the far end on hold by a re-INVITE, and play music to it."""

    hold: str
    path: str = ""
    """A WAV file, played again and again; empty for silence."""


class Resume(Command, frozen=True, kw_only=True, tag="resume"):
    """Take the far end back from hold."""

    hold: str


class Mute(Command, frozen=True, kw_only=True, tag="mute"):
    """Send silence instead of all that is played or said; digits and music still go."""


class Unmute(Command, frozen=True, kw_only=True, tag="unmute"):
    """Send what is played and said again."""


class SendDigits(Command, frozen=True, kw_only=True, tag="send_digits"):
    """Send keypad digits, one after another; `w` pauses 0.5 s, `W` 1 s."""

    sending: str
    digits: str
    method: KeyMethod = "rfc4733"
    duration_ms: int = 160
    """How long each key is pressed."""

    def __repr__(self) -> str:
        """Leave the digits out: they may be secret, and this may be logged."""
        return f"SendDigits(leg={self.leg!r}, sending={self.sending!r}, method={self.method!r})"


class Conceal(Command, frozen=True, kw_only=True, tag="conceal"):
    """Let what the far end says be neither recorded nor given to others; report `Concealed`."""

    concealment: str


class Reveal(Command, frozen=True, kw_only=True, tag="reveal"):
    """End a concealment once no key is down and its tone has faded; report `Revealed`."""

    concealment: str


class DetectDigits(Command, frozen=True, kw_only=True, tag="detect_digits"):
    """Look for the tones of keys in what the far end says, until the leg is released."""


class Record(Command, frozen=True, kw_only=True, tag="record"):
    """Record each direction to a mono WAV file of its own until the leg is released."""

    recording: str
    received_path: str
    sent_path: str


class PauseRecording(Command, frozen=True, kw_only=True, tag="pause_recording"):
    """Record silence in both directions, so that the recording keeps its clock."""

    recording: str


class ResumeRecording(Command, frozen=True, kw_only=True, tag="resume_recording"):
    """Record both directions again."""

    recording: str


class StopRecording(Command, frozen=True, kw_only=True, tag="stop_recording"):
    """End a recording before its call; another may follow."""

    recording: str


class Transfer(Command, frozen=True, kw_only=True, tag="transfer"):
    """Ask the far end to call somebody else instead of us (REFER, RFC 3515)."""

    transfer: str
    uri: str
    replaces: str = ""
    """The dialog that its call is to replace (RFC 3891), as in a Replaces header."""
    headers: dict[str, str] = {}
    timeout_s: float = 60.0
    """Seconds within which the far end must have said how it went."""


class Fork(Command, frozen=True, kw_only=True, tag="fork"):
    """Give the raw audio of the leg away, 20 ms at a time, until it is released."""

    fork: str
    direction: Literal["received", "sent", "both"] = "both"


class StopFork(Command, frozen=True, kw_only=True, tag="stop_fork"):
    """End a fork; one that is over already is left alone."""

    fork: str


class Bridge(Command, frozen=True, kw_only=True, tag="bridge"):
    """Let two legs hear each other, as soon as audio flows on both."""

    other: str
    hears: bool = True
    """Whether `leg` hears `other`."""
    heard: bool = True
    """Whether `other` hears `leg`."""


class Link(Command, frozen=True, kw_only=True, tag="link"):
    """Bridge a leg with one that another worker carries; a pool makes it of a `Bridge`."""

    other: str
    link: str
    """What both workers were given their end of."""
    hears: bool = True
    heard: bool = True


class Unbridge(Command, frozen=True, kw_only=True, tag="unbridge"):
    """Part two legs that are bridged; does nothing when they are not."""

    other: str


class Talk(Command, frozen=True, kw_only=True, tag="talk"):
    """Let somebody outside of the engine talk to the far end, through a socket handed before.

    What is said is sent as soon as audio flows, what the far end says comes back.
    """

    talk: str
    """What the engine was handed the end under."""


class StopTalk(Command, frozen=True, kw_only=True, tag="stop_talk"):
    """End a talk; one that is over already is left alone."""

    talk: str


class ExpectRefer(Command, frozen=True, kw_only=True, tag="expect_refer"):
    """Accept what REFER the far end sends from now on; nobody is called because of it."""


class NotifyRefer(Command, frozen=True, kw_only=True, tag="notify_refer"):
    """Tell the far end how the call goes that it asked for (RFC 3515, section 2.4.4)."""

    refer: str
    sip_code: int
    reason: str = ""


class Hangup(Command, frozen=True, kw_only=True, tag="hangup"):
    """End the call in the way its state asks for: BYE, CANCEL or a final reject."""

    reason: str = ""
    """Why, in words, for the record; empty for the usual ones."""
    cause: int | None = None
    """The Q.850 cause to tell the far end with the reason (RFC 3326); None tells neither."""


AnyCommand = (
    Dial
    | Ring
    | Progress
    | Answer
    | Reject
    | Play
    | PlayMore
    | Stop
    | SendDigits
    | Record
    | PauseRecording
    | ResumeRecording
    | StopRecording
    | Transfer
    | ExpectRefer
    | NotifyRefer
    | Fork
    | StopFork
    | Bridge
    | Link
    | Unbridge
    | Talk
    | StopTalk
    | DetectDigits
    | Conceal
    | Reveal
    | Redirect
    | Hold
    | Resume
    | Mute
    | Unmute
    | Hangup
)
"""What the worker protocol can carry."""
