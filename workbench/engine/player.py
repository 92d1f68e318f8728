"""A prompt's player, on the C interface of the library that pjsua2 carries.

pjsua2's own player subscribes to the end of its file, which a thread of the library tells to
the player's address; freed in between, it takes the process with it (SIGSEGV in
`AudioMediaPlayer::eof_cb`). A player made in C is told nothing, and asked for its position.
"""

import ctypes
import wave

from workbench.engine.line import LineError
from workbench.engine.native import Text

NO_LOOP = 1
"""PJMEDIA_FILE_NO_LOOP."""


class Player:
    """A file on its way to ports of the bridge."""

    def __init__(self, library: ctypes.CDLL, path: str, *, endless: bool = False) -> None:
        """Open a WAV file, which begins again at its end if it is `endless`.

        Raises:
            LineError: it cannot be opened, or 32 prompts play in this process already.
            OSError: there is no such file.
        """
        self._library, self.endless = library, endless
        self.samples, self.rate = _length(path)
        self._id = self._create(path)
        self.slot = int(library.pjsua_player_get_conf_port(self._id))

    def _create(self, path: str) -> int:
        name, found = path.encode(), ctypes.c_int(-1)
        status = self._library.pjsua_player_create(
            ctypes.byref(Text(name, len(name))),
            0 if self.endless else NO_LOOP,
            ctypes.byref(found),
        )
        if status:
            raise LineError(f"opening the prompt {path} failed with status {status}")
        return found.value

    def position(self) -> int:
        """Return the sample that is read next; 0 again when the rest is buffered."""
        return max(0, int(self._library.pjsua_player_get_pos(self._id)))

    def free(self) -> None:
        """Fall silent and close the file."""
        self._library.pjsua_player_destroy(self._id)


def _length(path: str) -> tuple[int, int]:
    try:
        with wave.open(path) as file:
            return file.getnframes(), file.getframerate()
    except (wave.Error, EOFError) as error:
        raise LineError(f"opening the prompt {path} failed: {error}") from None
