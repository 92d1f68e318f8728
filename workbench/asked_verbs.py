"""The verbs that a handle has: what a flow awaits, asked of a call from any thread.

Each waits for its end, raises what the verb of the same name raises in a flow, and is on
record as a decision of nobody's flow.
"""

from pathlib import Path
from typing import Any, Protocol

from workbench.control import Dialled, Played, Transferred


class AskedVerbs(Protocol):
    """Verbs from outside; `control` explains each."""

    def _ask(self, verb: str, *args: Any, wait: bool = True, **options: Any) -> Any:
        """Let a verb be carried out on the bench's thread."""

    def answer(self) -> None:
        """Take a call that came in, while its flow lets it ring."""
        self._ask("answer")

    def reject(self, sip_code: int = 603) -> None:
        """Refuse a call that came in."""
        self._ask("reject", sip_code)

    def play(
        self, source: str | Path, *more: str | Path, wait: bool = True, **options: Any
    ) -> Played | None:
        """Play files in place of what plays; `offset` and `loop` as in a flow.

        Without `wait` it returns as soon as that is asked for.
        """
        played: Played | None = self._ask("play", source, *more, wait=wait, **options)
        return played

    def say(self, text: str, *, wait: bool = True) -> Played | None:
        """Speak a text in place of what plays."""
        played: Played | None = self._ask("say", text, wait=wait)
        return played

    def stop(self) -> None:
        """Stop what plays."""
        self._ask("stop")

    def send_digits(self, digits: str, *, wait: bool = True, **options: Any) -> None:
        """Press keys."""
        self._ask("send_digits", digits, wait=wait, **options)

    def hold(self, music: str | Path | None = "") -> None:
        """Put the far end on hold, with music."""
        self._ask("hold", music)

    def resume(self) -> None:
        """Take the far end back from hold."""
        self._ask("resume")

    def mute(self) -> None:
        """Send silence instead of all that is played and said."""
        self._ask("mute")

    def unmute(self) -> None:
        """Send what is played and said again."""
        self._ask("unmute")

    def record(self) -> str:
        """Record both directions from now on; return the recording's name."""
        return str(self._ask("record"))

    def pause_recording(self) -> None:
        """Record silence meanwhile."""
        self._ask("pause_recording")

    def resume_recording(self) -> None:
        """Record both directions again."""
        self._ask("resume_recording")

    def stop_recording(self) -> None:
        """End the recording before the call."""
        self._ask("stop_recording")

    def listen(self, direction: str = "received", **options: Any) -> str:
        """Listen from now on; the options are those in a flow; return the listening's name."""
        return str(self._ask("listen", direction, **options))

    def stop_listening(self, listening: str = "") -> None:
        """End a listening, or all of them, before the call."""
        self._ask("stop_listening", listening)

    def redirect(self, to: str) -> None:
        """Refuse a call that is not answered, and tell the caller whom to call instead."""
        self._ask("redirect", to)

    def limit(self, seconds: float) -> None:
        """Hang up so many seconds after the answer."""
        self._ask("limit", seconds)

    def transfer(self, to: str, **options: Any) -> Transferred:
        """Ask the far end to call somebody else; `headers` and `timeout` as in a flow."""
        transferred: Transferred = self._ask("transfer", to, **options)
        return transferred

    def transfer_to(self, other: "AskedVerbs | str", **options: Any) -> Transferred:
        """Ask the far end to take our place in another call."""
        transferred: Transferred = self._ask("transfer_to", _id(other), **options)
        return transferred

    def dial(self, to: str, *, wait: bool = True, **options: Any) -> Dialled | None:
        """Call somebody and let him talk to the far end; the options are those in a flow.

        Without `wait` it returns as soon as that is asked for. A `whisper` is a file.
        """
        dialled: Dialled | None = self._ask("dial", to, wait=wait, **options)
        return dialled

    def bridge(self, other: "AskedVerbs | str") -> None:
        """Let the far ends of this call and another hear each other."""
        self._ask("bridge", _id(other))

    def unbridge(self) -> None:
        """Part this call from those that it is bridged with."""
        self._ask("unbridge")

    def join(self, room: str) -> int:
        """Enter a conference; return how many are in it."""
        return int(self._ask("join", room))

    def leave(self, room: str = "") -> None:
        """Leave a conference, or all of them."""
        self._ask("leave", room)


def _id(other: Any) -> Any:
    return getattr(other, "id", other)
