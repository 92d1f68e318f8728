"""Views: folds of call events for people; each can be deleted and made again from the log.

Siblings: `wording` (an event in words), `call_log` (one row a call), `ladder` (SIP messages),
`history` (a history as a table), `axis` and `lanes` (what a player shows), `waveform` (the
peaks of its audio).
"""
