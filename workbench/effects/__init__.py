"""Carries out what was decided: commands to the engine, prompts, recordings, timers, steps.

It hears of a decision only when it is durable, and whatever it begins it also ends on
record, however that goes. Siblings: `stage` (what effects share), `passage` (what stands at
the ways out), `legs`, `forks`, `listening`, `prompts`, `recordings`, `holds`, `talks`,
`transfers`, `world`, `streams` (the effects by subject).
"""

from collections.abc import Callable
from typing import Any

from workbench import events as ev
from workbench.call import Call
from workbench.effects.holds import HoldEffects
from workbench.effects.legs import LegEffects
from workbench.effects.listening import ListenEffects
from workbench.effects.prompts import PromptEffects
from workbench.effects.recordings import RecordingEffects, clear_live, live_paths, store_live
from workbench.effects.referrals import ReferralEffects
from workbench.effects.talks import TalkEffects
from workbench.effects.transfers import TransferEffects
from workbench.effects.world import WorldEffects

__all__ = ["Effects", "clear_live", "live_paths", "store_live"]


class Effects(
    ListenEffects,
    LegEffects,
    PromptEffects,
    RecordingEffects,
    HoldEffects,
    ReferralEffects,
    TalkEffects,
    TransferEffects,
    WorldEffects,
):
    """What decided events do in the world."""

    def carry_out(self, event: ev.Event) -> None:
        """Do what a committed decision asks for."""
        if isinstance(event, ev.TimerCancelled):
            self._cancel_timer(event)
            return
        call = self._switchboard.calls.get(event.call_id)
        effect = _EFFECTS.get(type(event))
        if call is not None and effect is not None:
            effect(self, call, event)


_EFFECTS: dict[type[ev.Event], Callable[[Effects, Call, Any], None]] = {
    ev.RingRequested: Effects._ring,
    ev.ProgressRequested: Effects._progress,
    ev.AnswerRequested: Effects._answer,
    ev.RejectRequested: Effects._reject,
    ev.RedirectRequested: Effects._redirect,
    ev.LimitRequested: Effects._limit_call,
    ev.HangupRequested: Effects._hang_up,
    ev.DigitsRequested: Effects._send_digits,
    ev.GatherRequested: Effects._conceal,
    ev.GatherFinished: Effects._reveal,
    ev.DigitDetectionRequested: Effects._detect_digits,
    ev.PromptRequested: Effects._prompt,
    ev.PromptStopRequested: Effects._stop_prompt,
    ev.RecordRequested: Effects._record,
    ev.RecordPauseRequested: Effects._pause_recording,
    ev.RecordResumeRequested: Effects._resume_recording,
    ev.RecordStopRequested: Effects._stop_recording,
    ev.HoldRequested: Effects._hold,
    ev.ResumeRequested: Effects._resume,
    ev.MuteRequested: Effects._mute,
    ev.UnmuteRequested: Effects._unmute,
    ev.TransferRequested: Effects._transfer,
    ev.DialRequested: Effects._dial_second,
    ev.DialCancelRequested: Effects._cancel_dial,
    ev.BridgeRequested: Effects._bridge,
    ev.UnbridgeRequested: Effects._unbridge,
    ev.JoinRequested: Effects._join,
    ev.LeaveRequested: Effects._leave,
    ev.ParkRequested: Effects._park,
    ev.ParkEndRequested: Effects._end_park,
    ev.PickupRequested: Effects._pickup,
    ev.ForkRequested: Effects._fork,
    ev.ForkStopRequested: Effects._stop_fork,
    ev.TalkRequested: Effects._talk,
    ev.TalkStopRequested: Effects._stop_talk,
    ev.ListenRequested: Effects._listen,
    ev.SpeechExpected: Effects._expect_speech,
    ev.ListenStopRequested: Effects._stop_listening,
    ev.ReferAwaited: Effects._await_refer,
    ev.ReferAcceptRequested: Effects._accept_refer,
    ev.ReferRefuseRequested: Effects._refuse_refer,
    ev.TimerRequested: Effects._timer,
    ev.StepRequested: Effects._step,
    ev.StepStopRequested: Effects._stop_step,
}
