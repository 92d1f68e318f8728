"""One listening: what is heard of a call, from its first frame to its end.

The same code hears a call while it goes on (`process`) and a recording (`offline`).
"""

import itertools
from collections.abc import Mapping

import numpy as np

from workbench import events as ev
from workbench.engine.slices import Slice
from workbench.speech import Recognizer, VoiceActivity
from workbench.speech.choice import Choice
from workbench.speech.ears import Order, Tell, found, frames
from workbench.speech.expected import Expected
from workbench.speech.recognition import RecognitionDesk
from workbench.speech.track import Parts, TrackEar


class Listening:
    """Hears the slices of one order; tells its beginning, what is found, and its end."""

    def __init__(
        self,
        order: Order,
        choices: Mapping[str, Choice],
        desk: RecognitionDesk,
        tell: Tell,
        first_utterance: int = 1,
    ) -> None:
        """Make what it hears with by `choices`; count utterances from `first_utterance`."""
        self._tell, self._recognizer = tell, desk.recognizer
        self._began = False
        self._stopped = False
        self.over = False
        """Whether all has been told."""
        names = map(str, itertools.count(first_utterance))
        self.tracks: list[TrackEar] = []
        for track in order.tracks:
            activity: VoiceActivity = choices["voice_activity"].make()
            parts = Parts(
                voice_activity=activity, end_of_turn=choices["end_of_turn"].make(),
                tones=choices["tones"].make(), desk=desk,
            )  # fmt: skip
            self._activity = activity
            self.tracks.append(
                TrackEar(
                    track, parts, names, tell, hints=order.hints,
                    silence_ms=order.silence_ms,
                )
            )  # fmt: skip

    @property
    def now_ms(self) -> int:
        """Up to where it has heard."""
        return max((track.now_ms or 0 for track in self.tracks), default=0)

    def put(self, audio: Slice) -> None:
        """Hear what has come; the last slice ends the listening."""
        if self._stopped:
            return
        if not self._began and audio.frames:
            self._begin(audio.media_ms)
        for media_ms, received, sent in frames(audio):
            for track in self.tracks:
                heard = received if track.track == "received" else sent
                track.hear(np.frombuffer(heard, np.int16), media_ms)
        if audio.last:
            self.stop()

    def expect(self, expected: Expected) -> None:
        """Take note of what the far end is likely to say next."""
        for track in self.tracks:
            if track.track == "received":
                track.expect(expected)

    def stop(self) -> None:
        """Hear nothing more; tell the rest, then the end."""
        if not self._stopped:
            self._stopped = True
            for track in self.tracks:
                track.stop()
            self.finish_if_done()

    def finish_if_done(self) -> None:
        """Tell the end, once nothing is being recognised any more."""
        if self._stopped and not self.over and all(track.idle for track in self.tracks):
            self.over = True
            for track in self.tracks:
                track.end_turn()
            reason = "" if self._began else "there was no audio"
            self._tell(found(ev.ListeningFinished, self.now_ms, reason=reason))

    def _begin(self, media_ms: int) -> None:
        self._began = True
        self._tell(
            found(
                ev.ListeningStarted, media_ms, from_ms=media_ms,
                **_named(self._recognizer, "recognizer"),
                **_named(self._activity, "voice_activity"),
            )
        )  # fmt: skip


def _named(provider: Recognizer | VoiceActivity, what: str) -> dict[str, str]:
    return {what: provider.name, f"{what}_version": provider.version}
