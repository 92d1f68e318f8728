"""The verbs of turns: hear what the far end says, and ask for speech or digits.

Whichever comes first is taken. A turn ends where the listener says so (`call.turn_ended`);
here nothing is guessed from time but how long to wait for its beginning.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec

from workbench import events as ev
from workbench.call import Phase
from workbench.control.answers import Accept, as_judge
from workbench.control.barge_in import Alarm, BargeIn, as_rule, stirred
from workbench.control.desk import is_seconds, is_text
from workbench.control.digits import DigitVerbs, Gathered, check_gather
from workbench.control.floor import Turn
from workbench.control.listen import check_silence
from workbench.errors import InvalidInput, NotAllowedNow

LONGEST_TURN_S = 60.0
"""Seconds beyond the time to begin that somebody may speak on, or a noise go on."""

LONGEST_WAIT_S = 86_400.0
Answer = Literal["any", "yes-no", "digits"]


class Reprompt(msgspec.Struct, frozen=True, kw_only=True):
    """What to say before asking again: a text, or the path of a file."""

    no_input: str | Path
    """When nothing was pressed or said."""
    no_match: str | Path
    """When what came was not understood, or not accepted."""

    def after(self, reason: str) -> tuple[str, str]:
        """Return the file to play and the text to say, one of them empty."""
        asked = self.no_match if reason == "no-match" else self.no_input
        return (str(asked), "") if isinstance(asked, Path) else ("", asked)


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """How an answer is waited for."""

    digits: int
    timeout: float
    finish_on: str
    digit_timeout: float
    speech: bool
    hints: tuple[str, ...]
    rule: BargeIn | None
    judge: Callable[[str], Any] | None
    expected: dict[str, Any]
    secret: bool


class TurnVerbs(DigitVerbs):
    """What the far end says, in turns."""

    async def hear(
        self,
        timeout: float = 10.0,  # noqa: ASYNC109 - part of what is put on record
        *,
        hints: Sequence[str] = (),
    ) -> str:
        """Wait until the far end has had its say; return the words, "" when none came in time.

        A turn that interrupted a prompt counts, and so does one that ended while the flow
        did something else; what was said over a prompt that nothing could interrupt does
        not. The call is listened to from here on, if it was not.

        Args:
            timeout: seconds to wait for the turn to begin.
            hints: likely words, where the listening begins here.

        Raises:
            InvalidInput: no time above zero.
            NotAllowedNow: the call cannot be listened to; the message says why.
        """
        _check_seconds(timeout)
        await self._media()
        self._be_listened_to(tuple(hints))
        self._expect()
        first = await self._first(timeout, keys=False, failures=self._desk.floor.failures)
        return first.text if isinstance(first, Turn) else ""

    async def gather(
        self,
        digits: int = 1,
        *,
        timeout: float = 10.0,  # noqa: ASYNC109 - part of what is put on record
        finish_on: str = "#",
        digit_timeout: float = 4.0,
        play: str | Path = "",
        say: str = "",
        speech: bool = False,
        hints: Sequence[str] = (),
        barge_in: bool | BargeIn = True,
        accept: Accept | None = None,
        reprompts: Sequence[str | Path | Reprompt] = (),
        expect: Answer = "any",
        silence_ms: int = 0,
        secret: bool = False,
    ) -> Gathered:
        """Collect up to `digits` keypad digits, or hear a turn of speech: whichever is first.

        Args:
            digits: how many are enough, those pressed before included; 0 takes speech only.
            timeout: seconds behind the prompt for the first digit or the beginning of speech.
            finish_on: a key that ends the collection and is not part of it; "" for none.
            digit_timeout: seconds to wait for each further digit.
            play: an audio file to play meanwhile.
            say: a text to speak meanwhile.
            speech: whether speech is an answer too; the call is listened to then.
            hints: likely words, where the listening begins here.
            barge_in: whether speech stops the prompt, and when.
            accept: what is an answer, see `Accept`; a function refuses by None or False.
            reprompts: what to say (a text) or play (a path) before asking again, one a time.
            expect: `yes-no` or `digits` when such speech is likely, which ends otherwise.
            silence_ms: of silence that ends an utterance; 0 leaves it as it is.
            secret: whether to record only marks, and silence; not of what was pressed before.

        Raises:
            InvalidInput: a count, time, key or rule that cannot be.
            NotAllowedNow: only speech was asked for, and the call cannot be listened to.
        """
        check_gather(digits, timeout, digit_timeout, finish_on, least=0 if speech else 1)
        _check_question(play, say, secret=secret, open_=speech or accept is not None)
        question = Question(
            digits=int(digits), timeout=float(timeout), finish_on=finish_on, speech=speech,
            digit_timeout=float(digit_timeout), hints=tuple(hints), rule=as_rule(barge_in),
            judge=as_judge(accept), expected=as_expected(expect, int(digits), silence_ms),
            secret=secret,
        )  # fmt: skip
        return await self._ask_until_answered(question, str(play), say, reprompts)

    async def _ask_until_answered(
        self, question: Question, play: str, say: str, reprompts: Sequence[Any]
    ) -> Gathered:
        self._require(Phase.EARLY, Phase.ANSWERED)
        again = [as_reprompt(each) for each in reprompts]
        answer = judged(await self._ask(question, play, say), question.judge)
        for reprompt in again:
            if answer or answer.reason not in ("timeout", "no-match"):
                break
            play, say = reprompt.after(answer.reason)
            answer = judged(await self._ask(question, play, say), question.judge)
        return answer

    async def _ask(self, question: Question, play: str, say: str) -> Gathered:
        if not question.speech:
            return await self._gather_digits(
                question.digits, question.timeout, question.finish_on, question.digit_timeout,
                play, say, secret=question.secret,
            )  # fmt: skip
        gather, collected = self._desk.name("gather"), list[str]()
        self._desk.decide(
            ev.GatherRequested, gather=gather, max_digits=question.digits,
            finish_on=question.finish_on, timeout_s=question.timeout,
            digit_timeout_s=question.digit_timeout, speech=True, hints=question.hints,
        )  # fmt: skip
        answer = Gathered("", "cancelled")
        try:
            answer = await self._answer(question, play, say, collected)
        finally:
            self._desk.decide(
                ev.GatherFinished, gather=gather, digits="".join(collected),
                reason=answer.reason, speech=answer.speech, confidence=answer.confidence,
            )  # fmt: skip
        return answer

    async def _answer(
        self, question: Question, play: str, say: str, collected: list[str]
    ) -> Gathered:
        failures, keys = self._desk.floor.failures, question.digits > 0
        self._be_listened_to(question.hints)
        if question.rule is None or not (play or say):
            self._expect(**question.expected)
        if play or say:
            await self._put(question, play, say)
        first = await self._first(question.timeout, keys=keys, failures=failures)
        if isinstance(first, Turn):
            return Gathered("", "speech", first.text, first.confidence)
        if first != "digits":
            return Gathered("", first)
        reason = await self._collect(
            collected, question.digits, question.finish_on, question.timeout,
            question.digit_timeout,
        )  # fmt: skip
        return Gathered("".join(collected), reason)

    async def _put(self, question: Question, play: str, say: str) -> None:
        keys = question.digits > 0
        self._desk.floor.turns.clear()  # what was said before is no answer to this
        if keys and self._keys(secret=False):
            return
        if question.rule is not None:
            rule = msgspec.structs.replace(question.rule, digits=keys)
            await self._interruptible(rule, question.expected, source=play, text=say)
        elif keys:
            await self._until_digit(play, say)
            self._desk.floor.turns.clear()
        else:
            await self._prompted(barge_in=False, source=play, text=say)

    async def _first(
        self, seconds: float, *, keys: bool, failures: int
    ) -> Turn | Literal["digits", "timeout", "no-match"]:
        floor, limit = self._desk.floor, None
        with ExitStack() as alarms:
            patience = alarms.enter_context(Alarm(seconds))
            while True:
                if keys and self._keys(secret=False):
                    return "digits"
                if floor.turns:
                    return floor.turns.pop(0)
                if floor.failures > failures:
                    return "no-match"
                if patience.rung.done():
                    if not floor.busy or (limit is not None and limit.rung.done()):
                        return "timeout"
                    limit = limit or alarms.enter_context(Alarm(LONGEST_TURN_S))
                if not keys:
                    self._check_that_somebody_listens()
                await stirred(self._desk, (limit or patience).rung)
                self._alive()

    def _check_that_somebody_listens(self) -> None:
        floor = self._desk.floor
        if not floor.listening and not floor.asked:
            message = f"Call {self.id} is not listened to any more: {floor.deaf or 'it ended'}."
            raise NotAllowedNow(message)


def judged(answer: Gathered, judge: Any) -> Gathered:
    """Return an answer as accepted, or as no match."""
    if judge is None or not answer:
        return answer
    choice = judge(answer.digits or answer.speech)
    if choice is None or choice is False or choice == "":
        return msgspec.structs.replace(answer, reason="no-match")
    return msgspec.structs.replace(answer, choice=choice)


def as_expected(expect: Any, digits: int, silence_ms: Any) -> dict[str, Any]:
    """Return the fields of `SpeechExpected` for a question.

    Raises:
        InvalidInput: there is no such kind of answer, or no such silence.
    """
    if expect not in get_args(Answer):
        message = f"`expect` is one of {', '.join(get_args(Answer))}, not {expect!r}."
        raise InvalidInput(message)
    if silence_ms:
        check_silence(silence_ms)
    count = digits if expect == "digits" else 0
    return {"answer": expect, "digits": count, "silence_ms": silence_ms}


def as_reprompt(reprompt: Any) -> Reprompt:
    """Return what is said in both cases.

    Raises:
        InvalidInput: it is neither text, path nor `Reprompt`.
    """
    if isinstance(reprompt, Reprompt):
        return reprompt
    if isinstance(reprompt, Path) or (is_text(reprompt) and reprompt.strip()):
        return Reprompt(no_input=reprompt, no_match=reprompt)
    message = f"`reprompts` are texts, paths of files or Reprompt, not {reprompt!r}."
    raise InvalidInput(message)


def _check_question(play: object, say: object, *, secret: bool, open_: bool) -> None:
    if play and say:
        message = "`gather` takes `play` or `say`, not both."
        raise InvalidInput(message)
    if secret and open_:
        message = (
            "A secret is pressed, not said, and the flow does not see it: `gather` takes "
            "`secret` without `speech` and `accept`; judge it in a step."
        )
        raise InvalidInput(message)


def _check_seconds(seconds: Any) -> None:
    if not is_seconds(seconds, LONGEST_WAIT_S):
        message = f"`timeout` is seconds, above 0 to {LONGEST_WAIT_S:g}, not {seconds!r}."
        raise InvalidInput(message)
