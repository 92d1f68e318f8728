"""What may be sent to hurt whoever looks at a call later, in every field of other people's."""

from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any

from workbench import events as ev
from workbench.call import Call
from workbench.clock import ManualClock

PAYLOADS = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    '" style="background:url(javascript:alert(1))',
    "</td></tr></table><iframe src=javascript:alert(1)>",
    "</summary></details><h1>gone</h1>",
    "<details open ontoggle=alert(1)>",
    "<a href=javascript:alert(1)>click</a>",
    "<style>*{display:none}</style>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<!--",
    "<![CDATA[<b>x</b>]]>",
    "&lt;b&gt;&#60;i&#62;",
    "<b>bold\x00</b>\r\nX-Other: <i>\x1b[31m",
    "\u202e<b>backwards\u200b</b>\u2028",
    r"$\href{javascript:alert(1)}{pay $5}$ {to} %s {0.__class__} \N{BULLET} 電話",
)

CALL_ID = "CA00"
TAGS = {
    "table", "thead", "tbody", "tr", "th", "td", "p", "pre", "img", "details", "summary",
}  # fmt: skip
ATTRIBUTES = {"class", "style", "alt", "src", "border"}
STYLES = {
    "",
    "text-align:left",
    "font-family:monospace",
    "font-weight:bold",
    "opacity:0.6",
    "text-align: right;",
}


def hostile_history(payload: str) -> list[ev.Event]:
    """Return a call with the payload wherever a caller, a carrier or a flow can put it."""
    clock, call = ManualClock(), Call(CALL_ID)
    cause: dict[str, Any] = {
        "caused_by": 1, "flow": payload, "flow_version": payload, "file": payload, "line": 7,
    }  # fmt: skip
    course: list[tuple[type[ev.Event], dict[str, Any]]] = [
        (ev.Offered, {
            "leg": "leg-1", "from_": payload, "to": payload, "sip_call_id": payload,
            "remote": payload, "headers": {"X-Name": payload, payload: payload},
        }),
        (ev.SipMessageTraced, {"direction": "received", "message": payload}),
        (ev.FlowStarted, cause),
        (ev.MediaStarted, {"codec": payload, "clock_rate": 8000, "media_ms": 0}),
        (ev.Answered, {}),
        (ev.PromptRequested, {**cause, "prompt": "prompt-1", "source": payload}),
        (ev.PromptStarted, {"prompt": "prompt-1", "audio": payload}),
        (ev.DigitReceived, {"digit": payload, "method": payload}),
        (ev.PromptFinished, {
            "prompt": "prompt-1", "outcome": "failed", "played_ms": 9, "reason": payload,
        }),
        (ev.PromptRequested, {**cause, "prompt": "prompt-2", "text": payload}),
        (ev.PromptStarted, {"prompt": "prompt-2"}),
        (ev.PromptFinished, {"prompt": "prompt-2", "outcome": "completed", "played_ms": 400}),
        (ev.StepRequested, {**cause, "step": "step-1", "name": payload}),
        (ev.StepReturned, {"step": "step-1", "value": {payload: [payload]}}),
        (ev.RecordingFailed, {"recording": "recording-1", "reason": payload}),
        (ev.Ended, {
            "by": "caller", "status": "completed", "sip_code": 200, "q850_cause": 16,
            "hangup_cause": payload, "reason": payload,
        }),
        (ev.FlowReturned, {**cause, "value": payload}),
    ]  # fmt: skip
    history = []
    for kind, fields in course:
        clock.advance(0.5)
        history.append(call.next(kind, clock.now(), **fields))
    return history


def talkative_history(payloads: Sequence[str]) -> list[ev.Event]:
    """Return a call in which each payload was said, and understood."""
    clock, call = ManualClock(), Call(CALL_ID)
    course: list[tuple[type[ev.Event], dict[str, Any]]] = [
        (ev.Placed, {"leg": "leg-1", "to": "sip:b@x", "from_": "sip:a@x"}), (ev.Answered, {}),
        (ev.ListeningStarted, {"listening": "l-1", "from_ms": 0, "recognizer": "r"}),
    ]  # fmt: skip
    for number, payload in enumerate(payloads):
        said = {
            "listening": "l-1", "utterance": f"u-{number}", "track": "received",
            "start_ms": 1000 * number,
        }  # fmt: skip
        words = said | {"text": payload, "end_ms": 1000 * number + 900}
        course += [
            (ev.SpeechStarted, said),
            (ev.TranscriptUpdated, words),
            (ev.TranscriptFinal, words),
        ]
    course.append(
        (
            ev.Ended,
            {
                "by": "app",
                "status": "completed",
                "sip_code": 200,
                "q850_cause": 16,
                "hangup_cause": "",
                "reason": "",
            },
        )
    )
    history = []
    for kind, fields in course:
        clock.advance(0.5)
        history.append(call.next(kind, clock.now(), **fields))
    return history


class _Reader(HTMLParser):
    """Notes what a browser would make of a text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.text = ""
        self.strange: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.strange.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.strange.append(data)

    def handle_decl(self, decl: str) -> None:
        self.strange.append(decl)

    def unknown_decl(self, data: str) -> None:
        self.strange.append(data)

    def handle_pi(self, data: str) -> None:
        self.strange.append(data)


def check_harmless(html: str) -> str:
    """Check that a text has no markup but our own; return what it says to a reader."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.tags <= TAGS
    assert not reader.strange
    assert not reader.open
    for name, value in reader.attributes:
        assert name in ATTRIBUTES, name
        assert name != "style" or value in STYLES, value
        assert name != "src" or value.startswith("data:image/png;base64,"), value
    return reader.text
