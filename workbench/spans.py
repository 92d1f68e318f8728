"""What begins something in a call that must have an end on record, and what is such an end."""

from workbench import events as ev

STARTS: dict[type[ev.Event], str] = {
    ev.PromptRequested: "prompt",
    ev.GatherRequested: "gather",
    ev.TimerRequested: "timer",
    ev.StepRequested: "step",
    ev.DigitsRequested: "sending",
    ev.RecordRequested: "recording",
    ev.HoldRequested: "hold",
    ev.ResumeRequested: "hold",
    ev.TransferRequested: "transfer",
    ev.DialRequested: "dial",
    ev.BridgeRequested: "other",
    ev.JoinRequested: "room",
    ev.ReferReceived: "refer",
    ev.ParkRequested: "park",
    ev.PickupRequested: "pickup",
    ev.Bridged: "other",
    ev.ForkRequested: "fork",
    ev.TalkRequested: "talk",
    ev.Concealed: "concealment",
    ev.ListenRequested: "listening",
    ev.MachineDetectionRequested: "detection",
}
"""Events that begin something which must have an end in the log, with its name's field."""

ENDS: dict[type[ev.Event], str] = {
    ev.PromptFinished: "prompt",
    ev.GatherFinished: "gather",
    ev.TimerFired: "timer",
    ev.TimerCancelled: "timer",
    ev.StepReturned: "step",
    ev.DigitsSent: "sending",
    ev.RecordingStored: "recording",
    ev.RecordingFailed: "recording",
    ev.Held: "hold",
    ev.Resumed: "hold",
    ev.HoldFailed: "hold",
    ev.TransferFinished: "transfer",
    ev.DialFinished: "dial",
    ev.Unbridged: "other",
    ev.ConferenceLeft: "room",
    ev.ReferFinished: "refer",
    ev.ParkFinished: "park",
    ev.PickedUp: "pickup",
    ev.ForkFinished: "fork",
    ev.TalkFinished: "talk",
    ev.Revealed: "concealment",
    ev.ListeningFinished: "listening",
    ev.AnswererDetected: "detection",
}
"""The events that are such an end."""
