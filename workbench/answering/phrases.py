"""What only machines say when they answer a call, and what only people say. English.

Texts are compared small and without marks, as recognisers differ in these.
"""

import re

from workbench.events.speech import Category

MENU = (
    r"press (?:\w+ )?(?:zero|one|two|three|four|five|six|seven|eight|nine|star|pound|hash|\d)",
    r"(?:for|to) [\w ']{2,40} press",
    r"(?:say|enter|dial|key in) (?:or enter )?(?:your|the|a|his|her) [\w ']{0,30}?"
    r"(?:number|pin|code|password|name|extension)",
    r"following (?:options|menu)",
    r"menu (?:options|has|have)",
    r"(?:pound|hash|star) key",
    r"followed by (?:the )?(?:pound|hash|star)",
    r"your party'?s extension",
    r"para espanol|oprima",
    r"calls? (?:may|will|is|are)(?: be)?(?: being)? (?:recorded|monitored)",
    r"recorded for (?:quality|training)",
    r"(?:automated|automatic) (?:order|attendant|service|system|line|phone)",
    r"(?:agents|representatives|operators|lines|callers?) (?:are|is|waiting) ",
    r"stay on the line",
    r"(?:next|first) (?:available|in line)",
    r"please hold while",
    r"state your name|say your name",
    r"caller number",
    r"company directory|welcome to the directory",
)
UNAVAILABLE = (
    r"(?:mail ?box|voice ?mail)[\w ']{0,40} (?:is )?full",
    r"(?:can ?not|can't|cannot) accept (?:any |more |new )*messages?",
    r"(?:has not|hasn't|not) been set ?up",
    r"(?:no longer|not) in service",
    r"(?:been|is) disconnected",
    r"(?:can ?not|can't|could not) be (?:completed|connected|reached)",
    r"check the number",
    r"temporarily (?:unreachable|unavailable|out of)",
    r"number is not (?:answering|assigned|available|valid)",
    r"circuits are busy",
    r"does not accept",
    r"unable to (?:locate|complete|connect|reach)",
    r"try (?:your|the|again|to)? ?(?:call )?(?:again )?later",
)
MAIL = (
    r"(?:leave|record) (?:me |us |your |a |an |brief |short |detailed )*(?:message|name|voice)",
    r"(?:after|at|sound of) the (?:tone|beep|signal)",
    r"(?:can't|cannot|can not|couldn't|unable to|not able to) (?:come|get|take|answer|make it)",
    r"(?:get|call|ring) (?:right )?back to you|(?:i'll|will|we'll) (?:call|ring|get|return)",
    r"voice messaging|answering (?:machine|service)",
    r"(?:sorry )?(?:i|we)(?:'ve| have)? (?:just )?missed your call",
    r"(?:not|isn't|is not) (?:at home|home|in right now|here right now)",
    r"(?:nobody|no one) is available|is (?:unavailable|on the phone)",
    r"(?:call|calls) (?:has|have) been (?:forwarded|transferred)",
    r"(?:office|store|shop|offices) (?:is|are) (?:now |currently )?closed",
    r"away from (?:my|the|our)|on (?:holiday|vacation|another call|another line)",
    r"you know what to do",
)
VAGUE = (
    r"you(?:'ve| have)? reached",
    r"voice ?mail|mail ?box",
    r"not available|temporarily",
    r"(?:number|person|party|subscriber|customer) (?:you|at) ",
)
"""Words of a machine of which it is not known yet whether a message can be left."""
PERSON = (
    r"(?:how|what) (?:can|may|could) (?:i|we) (?:help|do|assist)",
    r"(?:can|may) i help",
    r"(?:speaking|here)$",
    r"who(?:'s| is) (?:this|that|calling|there|speaking)",
    r"what(?:'s| is) (?:up|it about|this about)",
    r"can you hear me",
    r"pick ?up or delivery",
    r"who (?:do you|am i|would you)",
)
OPENING = (
    r"good (?:morning|afternoon|evening)",
    r"speaking|this is \w+$",
    r"thanks for calling|thank you for calling",
)
"""How a person at work begins too: worth waiting for the end of it."""
INTRODUCTION = (
    r"\b(?:this is|it's|it is|i'm|i am|my name is|welcome to)\b",
    r"thanks for calling|thank you for calling",
    r"'s (?:office|house|phone|cell|desk)$",
)
"""How people and machines begin alike; a machine pauses, and goes on."""

_MACHINES: tuple[tuple[Category, re.Pattern[str]], ...] = (
    ("machine-unavailable", re.compile("|".join(UNAVAILABLE))),
    ("machine-ivr", re.compile("|".join(MENU))),
    ("machine-vm", re.compile("|".join(MAIL))),
)
_INTRODUCTION = re.compile("|".join(INTRODUCTION))
_VAGUE = re.compile("|".join(VAGUE))
_PERSON = re.compile("|".join(PERSON))
_OPENING = re.compile("|".join(OPENING))


def plain(text: str) -> str:
    """Return a text small, without marks and accents that matter nothing here."""
    small = text.lower().replace("\u2019", "'").replace("ñ", "n").replace("-", " ")
    return " ".join(re.sub(r"[^a-z0-9' ]+", " ", small).split())


def machine(text: str) -> Category | None:
    """Return which machine says so, None when a person may say it; `text` is plain."""
    return next((category for category, words in _MACHINES if words.search(text)), None)


def vague(text: str) -> bool:
    """Tell whether a machine says so, of whatever category; `text` is plain."""
    return _VAGUE.search(text) is not None


def person(text: str) -> bool:
    """Tell whether only people say so; `text` is plain."""
    return _PERSON.search(text) is not None


def opening(text: str) -> bool:
    """Tell whether people at work begin so; `text` is plain."""
    return _OPENING.search(text) is not None


def introduction(text: str) -> bool:
    """Tell whether somebody has only said who it is; `text` is plain."""
    return _INTRODUCTION.search(text) is not None and not person(text)
