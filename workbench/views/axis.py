"""The axis of a call: where each of its events lies, in milliseconds since it began.

An event with a place on the leg's audio clock lies where that audio is, to the sample frame;
one from before there was audio lies at its own time.
"""

from datetime import datetime, timedelta

from workbench import events as ev

_MILLISECOND = timedelta(milliseconds=1)


class Axis:
    """Folds events for the two clocks of a call: that of its record, and that of its audio."""

    def __init__(self) -> None:
        """Begin with neither clock known."""
        self.start: datetime | None = None
        """When the call began (UTC)."""
        self.audio_ms: int | None = None
        """Where the audio clock has its zero; None before there is audio."""

    def note(self, event: ev.Event) -> int:
        """Take note of the next event; return where it lies."""
        self.start = self.start or event.at
        if isinstance(event, ev.MediaStarted):
            self.audio_ms = self._recorded(event) - (event.media_ms or 0)
        return self.place(event)

    def place(self, event: ev.Event) -> int:
        """Return where an event lies, in milliseconds."""
        if event.media_ms is None or self.audio_ms is None:
            return self._recorded(event)
        return self.audio_ms + event.media_ms

    def audio(self, media_ms: int) -> int:
        """Return where a moment of the audio clock lies, in milliseconds."""
        return (self.audio_ms or 0) + media_ms

    def _recorded(self, event: ev.Event) -> int:
        return round((event.at - (self.start or event.at)) / _MILLISECOND)
