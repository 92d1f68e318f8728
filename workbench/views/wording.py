"""An event in words: what a person reads in tables, divergences and on the terminal."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from workbench import events as ev
from workbench.tables import legible

_IDENTITY = frozenset(
    {
        "call_id",
        "version",
        "at",
        "media_ms",
        "caused_by",
        "flow",
        "flow_version",
        "file",
        "line",
    }
)
_FORMS: dict[type[ev.Event], str] = {
    ev.Placed: "call to {to}{remark}",
    ev.Offered: "call from {from_} to {to}",
    ev.Refused: "{way} to {to} refused: {reason}",
    ev.Redirected: "redirected to {to} ({sip_code})",
    ev.Ringing: "ringing",
    ev.EarlyMedia: "early media",
    ev.Answered: "answered",
    ev.MediaStarted: "audio flows ({codec}{remark})",
    ev.DigitReceived: "digit {digit!r} received",
    ev.DigitDetectionStarted: "listening for tones {reason}",
    ev.DigitEnded: "digit {digit!r} after {duration_ms} ms",
    ev.DigitsSent: "{sending} {outcome}",
    ev.PromptStarted: "{prompt} starts",
    ev.PromptFinished: "{prompt} {outcome} after {played_ms} ms",
    ev.PromptPrepared: "{prompt}, part {part} of {parts} prepared: {text!r}",
    ev.RecordingStarted: "{recording} starts",
    ev.RecordingPaused: "{recording} paused",
    ev.RecordingResumed: "{recording} resumed",
    ev.RecordingStopped: "{recording} stopped",
    ev.RecordingStored: "{recording} stored, {duration_ms} ms",
    ev.RecordingFailed: "{recording} failed: {reason}",
    ev.TransferProgressed: "{transfer}: the far end reports {sip_code} {reason}",
    ev.TransferFinished: "{transfer} {outcome} ({sip_code}) {reason}",
    ev.DialRinging: "{dial}: the callee's phone rings",
    ev.DialAnswered: "{dial} answered by call {child}",
    ev.DialFinished: "{dial} {outcome} after {seconds:.1f} s ({sip_code}) {reason}",
    ev.Bridged: "bridged with call {other}",
    ev.Unbridged: "call {other} is bridged no more: {reason}",
    ev.ConferenceJoined: "in the conference {room!r} with {members} members",
    ev.ConferenceLeft: "out of the conference {room!r} {reason}",
    ev.ParkFinished: "{park} {outcome} {by} {reason}",
    ev.PickedUp: "{pickup} {outcome} {other} {reason}",
    ev.ForkStarted: "{fork} starts",
    ev.FramesLost: "{fork} lost {frames} frames from {from_media_ms} ms",
    ev.ForkFinished: "{fork} ends after {frames} frames, {lost} lost {reason}",
    ev.TalkStarted: "{talk} starts",
    ev.TalkFinished: "{talk} ends{remark}",
    ev.Held: "far end on hold",
    ev.Resumed: "far end off hold",
    ev.HoldFailed: "{hold} {outcome}: {reason}",
    ev.HeldByFarEnd: "held by the far end",
    ev.ResumedByFarEnd: "resumed by the far end",
    ev.Muted: "muted",
    ev.Unmuted: "unmuted",
    ev.ReferReceived: "{refer}: the far end asks for a call to {to}",
    ev.ReferFinished: "{refer} {outcome} ({sip_code}) {reason}",
    ev.ListeningStarted: "{listening} started with {recognizer}",
    ev.ListeningFinished: "{listening} finished {reason}",
    ev.SpeechStarted: "{track} speech begins at {start_ms} ms",
    ev.SpeechLasted: "{track} speech has lasted {lasted_ms} ms",
    ev.SpeechEnded: "{track} speech ends at {end_ms} ms",
    ev.TranscriptUpdated: "{track} so far: {text!r}",
    ev.TranscriptFinal: "{track} said {text!r}",
    ev.TurnEnded: "{track} had their say: {text!r}",
    ev.RecognitionFailed: "recognition by {provider} failed: {error_type} {error}",
    ev.ToneHeard: "{track} {tone} of {frequency_hz} Hz for {duration_ms} ms",
    ev.StepYielded: "{step} gives {value!r}",
    ev.StepReturned: "{step} returned {value!r}",
    ev.TimerFired: "{timer} fired",
    ev.Ended: "ended by {by}: {status} ({sip_code} {hangup_cause}) {reason}",
    ev.FlowStarted: "flow {flow} starts",
    ev.FlowReplaceRequested: "let flow {replacement} take over",
    ev.FlowReplaced: "flow {flow} cut {error_type} {error}",
    ev.RingRequested: "ring",
    ev.ProgressRequested: "let the caller hear audio",
    ev.AnswerRequested: "answer",
    ev.RejectRequested: "reject with {sip_code}",
    ev.RedirectRequested: "redirect to {to}",
    ev.LimitRequested: "hang up {seconds:g} s after the answer",
    ev.PromptStopRequested: "stop {prompt}",
    ev.DigitsRequested: "send digits {digits!r}",
    ev.DigitDetectionRequested: "listen for tones",
    ev.GatherRequested: "gather {remark}up to {max_digits} digits within {timeout_s:g} s",
    ev.GatherFinished: "gathered {remark} ({reason})",
    ev.RecordRequested: "record",
    ev.RecordPauseRequested: "pause {recording}",
    ev.RecordResumeRequested: "resume {recording}",
    ev.RecordStopRequested: "stop {recording}",
    ev.TransferRequested: "transfer to {to}{call}",
    ev.DialRequested: "dial {to}",
    ev.DialCancelRequested: "give up {dial}",
    ev.BridgeRequested: "bridge with call {other}",
    ev.UnbridgeRequested: "part from call {other}",
    ev.JoinRequested: "join the conference {room!r}",
    ev.LeaveRequested: "leave the conference {room!r}",
    ev.ParkRequested: "wait in the slot {slot!r}",
    ev.ParkEndRequested: "wait no longer in {park}",
    ev.PickupRequested: "pick up who waits at {slot!r}",
    ev.ForkRequested: "fork the audio ({direction}) for {name!r}",
    ev.ForkStopRequested: "stop {fork}",
    ev.ListenRequested: "listen ({direction})",
    ev.SpeechExpected: "expect {remark}",
    ev.ListenStopRequested: "stop {listening}",
    ev.MachineDetectionRequested: "find out who answers by {detector!r}",
    ev.AnswererDetected: "answered by {answered_by} ({category}, {reason})",
    ev.TalkRequested: "talk: {name}",
    ev.TalkStopRequested: "stop {talk}",
    ev.HoldRequested: "hold with {music!r}",
    ev.ResumeRequested: "resume",
    ev.MuteRequested: "mute",
    ev.UnmuteRequested: "unmute",
    ev.ReferAwaited: "let the far end refer",
    ev.ReferAcceptRequested: "obey {refer}",
    ev.ReferRefuseRequested: "refuse {refer} with {sip_code}",
    ev.StepRequested: "step {name!r}",
    ev.StepStopRequested: "stop {step}",
    ev.TimerRequested: "wait {seconds:g} s",
    ev.TimerCancelled: "forget {timer}",
    ev.HangupRequested: "hang up",
    ev.FlowReturned: "flow returned {value!r}",
    ev.FlowFailed: "flow failed with {error_type}: {error}",
    ev.SipMessageTraced: "{direction} {first_line}",
    ev.AudioMissing: "no audio from the far end",
    ev.AudioResumed: "audio again after {missing_ms} ms",
    ev.SilenceStarted: "the far end is silent",
    ev.SilenceEnded: "the far end was silent for {silent_ms} ms",
    ev.RtpFromStranger: "{packets} packets of RTP from a stranger, {source}",
    ev.RecognitionDelayed: "recognition is {behind_ms} ms behind",
    ev.QualitySampled: "{packets_received} packets in, {packets_lost} lost, {packets_sent} out",
}


def _expectation(fields: Mapping[str, Any]) -> str:
    count = f"{fields['digits']} " * bool(fields["digits"])
    silence = f", silence of {fields['silence_ms']} ms" * bool(fields["silence_ms"])
    lasting = f", speech of {fields['lasting_ms']} ms" * bool(fields["lasting_ms"])
    return f"{count}{fields['answer']}{silence}{lasting}"


def _said(fields: Mapping[str, Any]) -> str:
    why = f": {fields['reason']}" * bool(fields["reason"])
    if fields["frames"] is None:
        return why
    return (
        f" after {fields['frames']} frames, {fields['lost']} lost, {fields['late']} late{why}"
    )


_REMARKS: dict[type[ev.Event], Callable[[Mapping[str, Any]], str]] = {
    ev.Placed: lambda fields: (
        f" with the account {fields['account']}" * bool(fields["account"])
    ),
    ev.TalkFinished: _said,
    ev.MediaStarted: lambda fields: ", encrypted" * fields["secure"],
    ev.GatherRequested: lambda fields: (
        "speech or " * fields["speech"] + "in secret " * fields["secret"]
    ),
    ev.SpeechExpected: _expectation,
    ev.GatherFinished: lambda fields: repr(fields["speech"] or fields["digits"]),
}
"""What is said only where there is something to say."""


def own_fields(event: ev.Event) -> dict[str, Any]:
    """Return what the event says beside its place, cause and time."""
    fields = msgspec.structs.asdict(event)
    return {name: value for name, value in fields.items() if name not in _IDENTITY}


def in_words(event: ev.Event) -> str:
    """Say in a few words what an event is about."""
    return phrase(type(event), msgspec.structs.asdict(event))


def phrase(kind: type[ev.Event], fields: Mapping[str, Any]) -> str:
    """Say in a few words what an event of this kind is about; no control characters.

    `fields` may be those of a draft or of an old event: what is missing has its default.
    """
    fields = {**_defaults(kind), **fields}
    if kind is ev.PromptRequested and fields["text"]:
        return legible(f"say {fields['text']!r}{_going_on(fields)}")
    if kind is ev.PromptRequested:
        return legible(_play(fields))
    if kind is ev.StepReturned and fields["error_type"]:
        text = f"{fields['step']} failed with {fields['error_type']}: {fields['error']}"
        return legible(text)
    if kind in _REMARKS:
        fields = {**fields, "remark": _REMARKS[kind](fields)}
    if kind is ev.SipMessageTraced:
        fields = {**fields, "first_line": fields["message"].partition("\r\n")[0]}
    return legible(_FORMS.get(kind, kind.TOPIC).format_map(fields).strip())


@functools.cache
def _defaults(kind: type[ev.Event]) -> Mapping[str, Any]:
    defaults = {}
    for field in msgspec.structs.fields(kind):
        if field.default_factory is not msgspec.NODEFAULT:
            defaults[field.name] = field.default_factory()
        elif field.default is not msgspec.NODEFAULT:
            defaults[field.name] = field.default
    return defaults


def _play(fields: Mapping[str, Any]) -> str:
    files = " then ".join(repr(source) for source in fields["sources"] or [fields["source"]])
    begin = f" from {fields['offset_s']:g} s" if fields["offset_s"] else ""
    often = {1: "", 0: " for ever"}.get(fields["loop"], f" {fields['loop']} times")
    return f"play {files}{begin}{often}{_going_on(fields)}"


def _going_on(fields: Mapping[str, Any]) -> str:
    return f", going on at {fields['skip_ms']} ms" if fields["skip_ms"] else ""
