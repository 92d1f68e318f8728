"""The softphone: dial, answer, talk, press keys, hold, hand on and hang up, by clicking.

It asks the bench for what its handles are asked for as well; what it shows are the events on
record. A verb that waits for the far end does so on a thread of its own: "Hang up" never
waits behind it.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from workbench import events as ev
from workbench.control.transfer import Transferred
from workbench.errors import InvalidInput
from workbench.widgets import microphones as mp
from workbench.widgets.followed import Bench, Followed, sentence, standing_problems
from workbench.widgets.panel import Panel, as_texts, look, manners

KEPT = 5
"""Calls that are over and still shown."""
RECENT = 8
"""Callees that are offered again."""
LOOKED_AT = 40
"""The last calls, among which the recent callees are looked for."""
BUSY_HERE = 486

PLAIN = ("answer", "hold", "resume", "mute", "unmute", "record", "stop_recording")
"""The verbs that need nothing but the call."""

TALKING = ("talk", "relay", "end_talk")
"""What is asked for the microphone of a page."""


class Softphone(Panel):
    """A telephone in the notebook; `Workbench.softphone` makes it."""

    _esm = as_texts(WORKLET="talk_worklet", WORKER="talk_worker") + manners("talk", "softphone")
    _css = look("softphone")
    SELDOM = frozenset({"destinations", "recent"})

    def __init__(
        self,
        bench: Bench,
        *,
        destinations: Mapping[str, str],
        domain: str = "",
        address: str = "",
        origin: str = "",
        **options: Any,
    ) -> None:
        """Show the calls of a bench.

        Args:
            bench: whose calls.
            destinations: names and the addresses behind them.
            domain: where a number without an address is called, as `127.0.0.1:5060`.
            address: where calls for it come in, to be shown.
            origin: of a page elsewhere whose microphone may come by a websocket.
            options: of each `dial`.
        """
        self._bench, self._domain, self._options = bench, domain, options
        self._destinations = dict(destinations)
        self._followed = Followed(bench, keep=KEPT)
        self._recent = _recent(bench, self._destinations)
        named = [{"name": name, "uri": uri} for name, uri in self._destinations.items()]
        super().__init__(
            calls=[], current="", destinations=named, recent=self._recent, address=address,
            closed=False, problem="",
        )  # fmt: skip
        self._microphones = mp.Microphones(
            cast("mp.Bench", bench), origin, self.push, self.pour, self.refresh
        )
        self._followed.on_news(self.refresh)
        self.refresh()

    def prepare(self) -> None:
        """Fold what has happened and show it; on the pump's thread."""
        self._followed.take()
        calls = [
            row | {"talking": row["id"] in self._microphones} for row in self._followed.rows()
        ]
        closed = self._bench.is_closed
        problems = () if closed else standing_problems(self._bench)
        self.show(calls=calls, closed=closed, problem="\n".join(map(sentence, problems)))

    def let_go(self) -> None:
        """Follow the bench no more; its calls go on, without a microphone."""
        self._microphones.close()
        self._followed.stop()

    # -- what is clicked -------------------------------------------------------------------

    def act(self, action: str, **fields: Any) -> None:
        """Carry out what was clicked.

        Raises:
            InvalidInput: there is no such thing to do.
        """
        if action == "dial":
            self._dial(str(fields.get("to", "")))
        elif action in TALKING:
            self._talk(action, str(fields.get("call", "")), fields)
        elif action == "dismiss":
            self._followed.forget(str(fields.get("call", "")))
            self.refresh()
        else:
            self._act_on(self._bench.call(str(fields.get("call", ""))), action, fields)

    def _talk(self, action: str, call: str, fields: Mapping[str, Any]) -> None:
        view = str(fields.get("view", ""))
        if action == "talk":
            origin = str(fields.get("origin", ""))
            self._wait_for(self._microphones.begin, call, origin, view)
        elif action == "relay":
            self._microphones.relay(call, view)
        else:
            self._microphones.end(call)

    def stream(self, content: dict[str, Any], buffers: Sequence[bytes]) -> None:
        """Take the microphone of a page that speaks through the kernel."""
        for audio in buffers:
            call, view = str(content.get("call", "")), str(content.get("view", ""))
            self._microphones.say(call, view, audio)

    def _act_on(self, call: Any, action: str, fields: Mapping[str, Any]) -> None:
        if action == "hangup":
            call.hangup()
        elif action == "digits":
            call.send_digits(str(fields.get("digits", "")), wait=False)
        elif action == "reject":
            self._wait_for(call.reject, BUSY_HERE)
        elif action == "transfer":
            self._wait_for(
                self._hand_on, call.transfer, self._address(str(fields.get("to", "")))
            )
        elif action == "transfer_to":
            self._wait_for(self._hand_on, call.transfer_to, str(fields.get("other", "")))
        elif action in PLAIN:
            self._wait_for(getattr(call, action))
        else:
            message = f"A softphone cannot do {action!r}."
            raise InvalidInput(message)

    def _wait_for(self, verb: Callable[..., Any], *args: Any) -> None:
        def ask() -> None:
            try:
                verb(*args)
            except Exception as error:  # noqa: BLE001 - shown to who has clicked
                self.complain(error)

        threading.Thread(target=ask, name="workbench-softphone", daemon=True).start()

    def _hand_on(self, verb: Callable[[str], Transferred], to: str) -> None:
        done = verb(to)
        if not done:
            why = f"{done.sip_code} {done.reason}".strip()
            self.complain(f"The call was not handed on, and goes on as it was: {why}.")

    def _dial(self, to: str) -> None:
        address = self._address(to)
        placed = self._bench.dial(address, **self._options)
        self._recent = [address, *(each for each in self._recent if each != address)][:RECENT]
        recent = [uri for uri in self._recent if uri not in self._named]
        self.show(current=placed.id, recent=recent)

    @property
    def _named(self) -> set[str]:
        return set(self._destinations.values())

    def _address(self, to: str) -> str:
        """Return the address that is meant by a name, a number or an address."""
        to = to.strip()
        if to in self._destinations:
            return self._destinations[to]
        if not to:
            message = "Whom shall I call? Type a number or an address, or choose one."
            raise InvalidInput(message)
        if to.lower().startswith(("sip:", "sips:", "tel:")):
            return to
        if "@" in to:
            return f"sip:{to}"
        return f"sip:{to}@{self._domain}" if self._domain else to


def _recent(bench: Bench, destinations: Mapping[str, str]) -> list[str]:
    """Return whom the last calls went to, the latest first, without the named ones."""
    found: dict[str, None] = {}
    for call_id in reversed(bench.last_calls(LOOKED_AT)):
        placed = bench.read(call_id)[0]
        if isinstance(placed, ev.Placed) and placed.to not in destinations.values():
            found.setdefault(placed.to)
    return list(found)[:RECENT]
