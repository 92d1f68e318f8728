"""The widgets of a bench: what a person sees of calls in a notebook while they happen.

A widget is a `Panel` (`panel`), with its look and manners in `static/`. What it shows goes to
the browser through one thread (`pump`), what is clicked comes back on a thread of the
panel's own; so a busy cell holds up neither. Siblings: `outbox` (what must arrive in order),
`followed` (the calls that are shown), `softphone`, `wallboard` and its `ledger`. Loaded only
when a widget is asked for.
"""
