"""What a person holds of one call, while it goes on and ever after."""

import asyncio
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from workbench import events as ev
from workbench.arguments import as_flows, as_name
from workbench.asked_verbs import AskedVerbs
from workbench.call import Call
from workbench.errors import InvalidAudio, NotAllowedNow
from workbench.extension import Extension
from workbench.feed import Feed
from workbench.flow import Flow
from workbench.recording import open_recording
from workbench.replay import Flows, HeardAgain, listen_again, replay
from workbench.speech.choice import Speech
from workbench.tables import html_table
from workbench.views.history import History
from workbench.views.ladder import Ladder, ladder
from workbench.views.transcript import Transcript

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from workbench.analysis.pictures import Picture
    from workbench.widgets.live import LiveCall
    from workbench.widgets.player import Player

WAKE_S = 0.5
"""Between two looks of an awaiting cell at whether it was interrupted."""


class Keeper(Protocol):
    """What a handle needs of the bench."""

    @property
    def recordings(self) -> Path:
        """Where call audio is kept."""

    @property
    def sources(self) -> Path:
        """Where the sources of flows are kept."""

    def read(self, call_id: str) -> "Sequence[ev.Event]":
        """Return the events of a call."""

    def closed(self, call_id: str) -> "Future[None]":
        """Return a future that is done when the call is over and on record."""

    def hang_up(self, call_id: str) -> None:
        """End a call."""

    def replace_flow(self, call: str, flow: Flow) -> None:
        """Let another flow take a call over."""

    def ask(self, call_id: str, verb: str, *args: Any, wait: bool, **options: Any) -> Any:
        """Let a verb be carried out from outside of the call's flow."""

    def fork(
        self, call_id: str, name: str, consumer: Callable[[Feed], Any], direction: str
    ) -> str:
        """Give the raw audio of a call to a consumer; return the fork's name."""

    def stop_fork(self, call_id: str, fork: str) -> None:
        """End a fork."""

    def talk(self, call_id: str, name: str) -> Extension:
        """Let somebody talk on a call, by a socket."""

    def subscribe(self, subscriber: Callable[[ev.Event], None]) -> Callable[[], None]:
        """Call `subscriber` with each event once it is stored; return how to stop."""


class CallHandle(AskedVerbs):
    """One call of a bench: await it, look at it, hang it up."""

    def __init__(self, call_id: str, keeper: Keeper) -> None:
        """Refer to a call by its id; what it holds is read when asked for."""
        self.id = call_id
        self._keeper = keeper

    @property
    def history(self) -> History:
        """The events so far."""
        return History(self._keeper.read(self.id), opener=self.player)

    @property
    def state(self) -> Call:
        """What the call is now, folded from its history."""
        return Call.from_history(self.history)

    @property
    def status(self) -> str:
        """The public status, one of Twilio's eight."""
        return self.state.status

    @property
    def ended(self) -> ev.Ended | None:
        """The terminal event, None while the call goes on."""
        return self.state.ended

    @property
    def events(self) -> "pd.DataFrame":
        """The events so far as a frame (`Frames.events`)."""
        from workbench.analysis.frames import Frames  # noqa: PLC0415 - pandas is slow to load

        return Frames(lambda: [(self.id, self.history)]).events()

    def wait(self, timeout: float | None = None) -> "CallHandle":
        """Wait until the call is over and all of it is on record; return the handle.

        Raises:
            TimeoutError: it goes on after `timeout` seconds.
            NotAllowedNow: it goes on in another bench, which this one cannot follow.
        """
        try:
            self._keeper.closed(self.id).result(timeout)
        except TimeoutError:
            message = (
                f"Call {self.id} goes on after {timeout} s: wait longer, or `hangup()` it."
            )
            raise TimeoutError(message) from None
        return self._over()

    def _over(self) -> "CallHandle":
        if self.ended is None:
            message = f"Call {self.id} goes on in another workbench: wait for it there."
            raise NotAllowedNow(message)
        return self

    def wait_answered(self, timeout: float | None = None) -> "CallHandle":
        """Wait until the call is up; return the handle.

        Raises:
            NotAllowedNow: it is over and was never answered.
            TimeoutError: nobody has answered after `timeout` seconds.
            StoreError: nothing can be recorded any more.
        """
        if not self._is_decided():
            self._await_decision(timeout)
        if (ended := self.ended) is not None and self.state.answered_at is None:
            message = f"Call {self.id} was not answered: {ended.status} ({ended.sip_code})."
            raise NotAllowedNow(message)
        return self

    def _is_decided(self) -> bool:
        return any(_is_decisive(event, self.id) for event in self.history)

    def _await_decision(self, timeout: float | None) -> None:
        happened = threading.Event()
        stop = self._keeper.subscribe(
            lambda event: happened.set() if _is_decisive(event, self.id) else None
        )
        over = self._keeper.closed(self.id)
        over.add_done_callback(lambda _: happened.set())
        try:
            if not self._is_decided() and not happened.wait(timeout):
                message = f"Nobody has answered call {self.id} after {timeout} s."
                raise TimeoutError(message)
        finally:
            stop()
        if over.done() and (error := over.exception()) is not None:
            raise error

    def __await__(self) -> Generator[object, None, "CallHandle"]:
        """Wait on the loop of the cell; the call runs on the bench's."""
        over = asyncio.wrap_future(self._keeper.closed(self.id))
        try:
            while not over.done():
                # A kernel hears an interrupt only when its loop wakes, and nothing else may.
                yield from asyncio.wait({over}, timeout=WAKE_S).__await__()
            over.result()
        finally:
            over.cancel()
        return self._over()

    def hangup(self) -> None:
        """End the call from outside of its flow; does nothing when it is over."""
        self._keeper.hang_up(self.id)

    def replace_flow(self, flow: Flow) -> None:
        """Let another flow take the call over while it goes on; its own is cut.

        Raises:
            InvalidInput: the flow is none.
            NotAllowedNow: the call is over, or its flow is.
        """
        self._keeper.replace_flow(self.id, flow)

    def _ask(self, verb: str, *args: Any, wait: bool = True, **options: Any) -> Any:
        return self._keeper.ask(self.id, verb, *args, wait=wait, **options)

    def fork(
        self, consumer: Callable[[Feed], Any], name: str = "listener", direction: str = "both"
    ) -> str:
        """Give the raw audio to `consumer` from now to the call's end; return the fork's name.

        The consumer is called once, on a thread of its own, with an iterator of `AudioFrame`;
        it may be `async`. `call.fork_finished` follows when it is done.

        Args:
            consumer: what takes the frames.
            name: what the fork is for, for the record.
            direction: `received`, `sent` or `both`.

        Raises:
            InvalidInput: the consumer or the direction cannot be used.
            NotAllowedNow: the call is over.
        """
        return self._keeper.fork(self.id, name, consumer, direction)

    def stop_fork(self, fork: str) -> None:
        """End a fork before the call; does nothing when it is over."""
        self._keeper.stop_fork(self.id, fork)

    def talk(self, name: str = "browser") -> Extension:
        """Talk to the far end by a socket, from now until it is closed or the call ends.

        Args:
            name: by what, for the record.

        Raises:
            InvalidInput: the name is no short text.
            NotAllowedNow: the call is not up, or no audio port is left for it.
        """
        return self._keeper.talk(self.id, as_name(name))

    def ladder(self) -> Ladder:
        """Draw the SIP messages of the call as text."""
        return ladder(self.history)

    def audio(self) -> tuple[npt.NDArray[np.float32], int]:
        """Return the first recording: samples, shape (frames, 2), float32 in -1..1, and Hz.

        Column 0 is what was received from the far end, column 1 what was sent.

        Raises:
            NotAllowedNow: the call has no recording (yet).
        """
        return open_recording(self._keeper.recordings, self._stored().audio)

    def audio_path(self) -> Path:
        """Return the file of the first recording.

        Raises:
            NotAllowedNow: the call has no recording (yet).
        """
        return self._keeper.recordings / f"{self._stored().audio}.wav"

    def _stored(self) -> ev.RecordingStored:
        for event in self.history:
            if isinstance(event, ev.RecordingStored):
                return event
        message = (
            f"Call {self.id} has no recording: its flow has to `await call.record()`, and the "
            "audio is stored when the call is over."
        )
        raise NotAllowedNow(message)

    @property
    def transcript(self) -> Transcript:
        """What was said so far, line by line; it grows while the call goes on."""
        return Transcript(self.history)

    def listen_again(self, speech: Speech | None = None) -> list[HeardAgain]:
        """Hear the recording as the call was heard, with today's or other speech.

        Returns:
            What each listening of the call finds now, beside what is on record.

        Raises:
            NotAllowedNow: the call has no recording, or nobody listened.
        """
        samples, _ = self.audio()
        audio = np.round(samples * 32768).clip(-32768, 32767).astype(np.int16)
        return listen_again(self.history, self._stored(), audio, speech or Speech())

    def player(self, flow: Flows | None = None) -> "Player":
        """Open the player of the call in a notebook.

        Args:
            flow: one or more flows of today; their exact replay is shown beside the call.

        Raises:
            InvalidInput: no flow of these names took the call.
        """
        from workbench.widgets.player import Player  # noqa: PLC0415 - only notebooks need it

        history = self.history
        result = None if flow is None else replay(history, as_flows(flow))
        keeper = self._keeper
        return Player(
            history, recordings=keeper.recordings, sources=keeper.sources, replay=result
        )

    def live(self) -> "LiveCall":
        """Watch the call in a notebook while it goes on.

        Its audio is forked for the waveform, as long as some widget shows it.

        Raises:
            NotAllowedNow: the bench is closed, or open for reading only.
        """
        from workbench.widgets.live import LiveCall, News  # noqa: PLC0415 - as above

        news = News(self.id, self._keeper.subscribe)
        return LiveCall(self, news, sources=self._keeper.sources)

    def waveform(self) -> "Picture":
        """Draw the recording with prompts and digits marked, as a PNG.

        Raises:
            NotAllowedNow: the call has no recording (yet).
        """
        stored = self._stored()
        samples, rate = self.audio()
        from workbench.analysis import pictures  # noqa: PLC0415 - as above

        png = pictures.waveform_picture(samples, rate, self.history, stored.start_media_ms)
        return pictures.Picture.of(png, f"Waveform of call {self.id}")

    def __repr__(self) -> str:
        """Say which call it is and how it stands."""
        return repr(self.state)

    def _repr_html_(self) -> str:
        return _summary(self.state) + self._picture_html() + self.history._repr_html_()

    def _picture_html(self) -> str:
        try:
            return self.waveform()._repr_html_()
        except (NotAllowedNow, InvalidAudio):
            return ""


def _summary(call: Call) -> str:
    """Return the facts of a call as a table, what the caller wrote among them."""
    ended, began = call.ended, call.started_at
    facts = [
        ("call", f"{call.id}, {call.direction}"),
        ("from", call.from_ or "the engine's own address"),
        ("to", call.to),
        *([("dialled by", f"call {call.parent}")] if call.parent else []),
        *((f"header {name}", value) for name, value in call.headers.items()),
        ("began", f"{began:%Y-%m-%d %H:%M:%S} UTC" if began else "not yet"),
        ("status", call.status),
        ("ended", _end(call, ended) if ended else "not yet"),
        ("flow", call.flow or "none"),
    ]
    return html_table((), facts)


def _end(call: Call, ended: ev.Ended) -> str:
    assert call.started_at is not None
    seconds = (ended.at - call.started_at).total_seconds()
    reason = f": {ended.reason}" if ended.reason else ""
    codes = f"{ended.sip_code} {ended.hangup_cause}"
    return f"after {seconds:.1f} s by {ended.by} ({codes}){reason}"


def _is_decisive(event: ev.Event, call_id: str) -> bool:
    return event.call_id == call_id and isinstance(event, ev.Answered | ev.Ended)
