"""A conversation that a chat model leads: hear, ask the model, speak its words as they come.

It is made of verbs of the flow, so that all of it is on record: what was heard, each piece of a
reply, what was heard of it, each tool. A replay needs no model. Siblings: `chat` (models and
tools), `sentences` (what is spoken at once).
"""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any

import msgspec

from workbench.chat import ChatModel, Message
from workbench.chat.tools import FlowTool, Goodbye, HandOff, Tool, by_name
from workbench.control import BargeIn, CallControl
from workbench.conversation_terms import Conversed, Limits, Outcome, Wording
from workbench.errors import InvalidAudio, InvalidInput, NotAllowedNow, StepFailed
from workbench.sentences import SentenceCutter

__all__ = ["Conversation", "Conversed", "Limits", "Wording"]

LONGEST_RESULT = 8_000
"""Characters of what a tool returns, as JSON."""

BY_SPEECH = BargeIn(digits=False)
"""Keys are not heard in a conversation, and so interrupt nothing."""


class Reply(msgspec.Struct, kw_only=True):
    """What comes of asking the model once."""

    heard: list[str] = []
    calls: list[dict[str, Any]] = []
    tokens: int = 0
    pieces: int = 0
    spoken: bool = False
    interrupted: bool = False
    failure: str = ""


class Conversation:
    """One call's conversation with a model."""

    def __init__(
        self,
        call: CallControl,
        model: ChatModel,
        *,
        instructions: str = "",
        tools: Sequence[Callable[..., Any] | Tool | HandOff | Goodbye] = (),
        barge_in: bool | BargeIn = BY_SPEECH,
        hints: Sequence[str] = (),
        limits: Limits | None = None,
        wording: Wording | None = None,
        fallback: HandOff | None = None,
    ) -> None:
        """Get ready; nothing is said or asked before `run`.

        Args:
            call: the call, answered.
            model: what answers.
            instructions: what the model is told first, as its system message.
            tools: functions that it may call, people to hand the caller to, the goodbye.
            barge_in: whether and when the caller interrupts what is said.
            hints: likely words, for the recogniser.
            limits: how far it may go.
            wording: what is said when the model says nothing.
            fallback: to whom the caller is given when the model or the voice fails, or at a
                limit.

        Raises:
            InvalidInput: a tool that cannot be told to a model.
        """
        self.messages: list[Message] = []
        """All that the model is told: what was heard of the caller, and by the caller."""
        if instructions:
            self._add("system", instructions)
        self._call, self._model = call, model
        self._tools = by_name(tuple(tools))
        self._told = [tool.describe() for tool in self._tools.values()]
        self._barge_in, self._hints = barge_in, tuple(hints)
        self._limits, self._wording = limits or Limits(), wording or Wording()
        self._fallback = fallback
        self._turns = self._tokens = self._silences = 0
        self._began: datetime | None = None

    async def run(self, greeting: str = "") -> Conversed:
        """Talk until the model says goodbye, hands over, or something comes to its end.

        The call is listened to from here on. Its end cancels the conversation, as every verb.
        """
        self._began = self._call.now()
        try:
            if greeting:
                await self._say(greeting, "assistant")
            while True:
                if limit := self._limit():
                    return await self._fall_back("limit", limit)
                if (end := await self._turn()) is not None:
                    return end
        except (InvalidAudio, NotAllowedNow) as error:
            return await self._fall_back("failed", str(error))

    def _limit(self) -> str:
        assert self._began is not None
        seconds = (self._call.now() - self._began).total_seconds()
        reached = {
            "turns": self._turns >= self._limits.turns,
            "seconds": seconds >= self._limits.seconds,
            "tokens": self._tokens >= self._limits.tokens,
        }
        return ", ".join(name for name, over in reached.items() if over)

    # -- one turn --------------------------------------------------------------------------

    async def _turn(self) -> Conversed | None:
        answer = await self._call.gather(
            0, speech=True, timeout=self._limits.listen_s, hints=self._hints
        )
        if not answer:
            return await self._ask_again(answer.reason)
        self._turns, self._silences = self._turns + 1, 0
        self._add("user", answer.speech)
        return await self._reply()

    async def _ask_again(self, reason: str) -> Conversed | None:
        self._silences += 1
        if self._silences > self._limits.silences:
            return self._ended("silent")
        unclear = reason == "no-match"
        await self._say(self._wording.unclear if unclear else self._wording.silence)
        return None

    async def _reply(self) -> Conversed | None:
        for _ in range(self._limits.tools):
            reply = await self._answer()
            if reply.failure:
                return await self._fall_back("failed", reply.failure)
            if not reply.calls:
                return None
            if (end := await self._use(reply.calls)) is not None:
                return end
        return await self._fall_back("limit", "tools")

    async def _answer(self) -> Reply:
        """Ask the model, once more when it fails, and speak what it says."""
        reply = await self._asked()
        if reply.failure:
            await self._say(self._wording.moment)
            reply = await self._asked()
        return reply

    async def _asked(self) -> Reply:
        reply, sentences = Reply(), asyncio.Queue[str]()
        taking = asyncio.get_running_loop().create_task(self._take(reply, sentences))
        try:
            await self._speak(reply, sentences)
        finally:
            taking.cancel()  # it has given all, or nobody listens to the rest
            await asyncio.wait({taking})
        self._tokens += reply.tokens or reply.pieces
        if reply.interrupted:
            # Whoever speaks over a reply has changed their mind about what follows from it.
            reply.calls, reply.failure = [], ""
        self._remember(reply)
        return reply

    async def _take(self, reply: Reply, sentences: "asyncio.Queue[str]") -> None:
        cutter = SentenceCutter()
        asked = list(self.messages), list(self._told)
        try:
            stream = self._call.stream(self._model.name, self._model.reply, *asked)
            async with aclosing(stream) as pieces:
                async with asyncio.timeout(self._limits.first_s):
                    first = await anext(pieces, None)
                self._take_piece(reply, first, cutter, sentences)
                async with asyncio.timeout(self._limits.reply_s):
                    async for piece in pieces:
                        self._take_piece(reply, piece, cutter, sentences)
        except StepFailed as failed:
            reply.failure = f"{failed.kind}: {failed.message}"
        except TimeoutError:
            reply.failure = f"{self._model.name} took too long."
        for sentence in cutter.finish():
            sentences.put_nowait(sentence)
        sentences.put_nowait("")

    def _take_piece(
        self, reply: Reply, piece: Any, cutter: SentenceCutter, sentences: "asyncio.Queue[str]"
    ) -> None:
        match piece:
            case {"text": str(text)}:
                reply.pieces += 1
                for sentence in cutter.feed(text):
                    sentences.put_nowait(sentence)
            case {"tool": {"id": str(), "name": str(), "arguments": str()} as tool}:
                reply.calls.append(tool)
            case {"end": {"tokens_out": int(tokens)}}:
                reply.tokens = tokens

    async def _speak(self, reply: Reply, sentences: "asyncio.Queue[str]") -> None:
        while text := await sentences.get():
            if reply.spoken:
                # What came while another was spoken follows as one, without a gap in it.
                text = " ".join([text, *_waiting(sentences)])
            reply.spoken = True
            played = await self._call.say(text, barge_in=self._barge_in)
            if played.heard:
                reply.heard.append(played.heard)
            if played.outcome != "completed":
                reply.interrupted = True
                return

    def _remember(self, reply: Reply) -> None:
        heard = " ".join(reply.heard)
        if reply.calls:
            functions = [
                {
                    "id": call["id"],
                    "type": "function",
                    "function": {"name": call["name"], "arguments": call["arguments"]},
                }
                for call in reply.calls
            ]
            message = {"role": "assistant", "content": heard, "tool_calls": functions}
            self.messages.append(message)
        elif heard:
            self._add("assistant", heard)

    async def _say(self, text: str, role: str = "") -> None:
        played = await self._call.say(text, barge_in=self._barge_in)
        if role and played.heard:
            self._add(role, played.heard)

    def _add(self, role: str, text: str) -> None:
        """Add to what was said; two in a row of the same are one, as models want them."""
        last = self.messages[-1] if self.messages else {}
        if last.get("role") == role and "tool_calls" not in last:
            self.messages[-1] = {"role": role, "content": f"{last['content']} {text}"}
        else:
            self.messages.append({"role": role, "content": text})

    # -- tools -----------------------------------------------------------------------------

    async def _use(self, calls: Sequence[dict[str, Any]]) -> Conversed | None:
        for call in calls:
            result = await self._result(call)
            if isinstance(result, Conversed):
                return result
            content = _as_json(result)
            if len(content) > LONGEST_RESULT:
                content = '{"error": "The result is too long."}'
            self.messages.append(
                {"role": "tool", "tool_call_id": call["id"], "content": content}
            )
        return None

    async def _result(self, call: dict[str, Any]) -> Any:
        tool = self._tools.get(call["name"])
        if isinstance(tool, HandOff):
            return await self._hand_off(tool)
        if isinstance(tool, Goodbye):
            if tool.say:
                await self._say(tool.say)
            return self._ended("goodbye")
        if tool is None:
            return {"error": f"There is no tool {call['name']!r}."}
        return await self._run(tool, call["arguments"])

    async def _run(self, tool: Tool, arguments: str) -> Any:
        try:
            function = tool.bound(arguments)
            if isinstance(tool, FlowTool):
                return await function(self._call)
            async with asyncio.timeout(self._limits.tool_s):
                # As a stream of one piece, which can be stopped when it takes too long.
                stream = self._call.stream(tool.name, _once(function))
                (result,) = [each async for each in stream]
                return result
        except InvalidInput as error:
            return {"error": str(error)}
        except StepFailed as failed:
            return {"error": f"{failed.kind}: {failed.message}"}
        except TimeoutError:
            return {"error": f"{tool.name} took too long."}

    async def _hand_off(self, person: HandOff) -> Any:
        """Give the caller to a person; what the model is told when that fails."""
        if person.say:
            await self._say(person.say)
        try:
            if person.how == "transfer":
                handed: Any = await self._call.transfer(person.to)
            else:
                handed = await self._call.dial(person.to)
        except NotAllowedNow as error:
            return {"error": str(error)}
        if not handed:
            return {"error": f"{person.name} cannot be reached: {handed.outcome}."}
        return self._ended("handed-off", person.name)

    # -- ends ------------------------------------------------------------------------------

    async def _fall_back(self, outcome: Outcome, reason: str) -> Conversed:
        """Give the caller to the person for that, or say that nothing more can be done."""
        if self._fallback is not None:
            try:
                handed = await self._hand_off(self._fallback)
            except InvalidAudio:
                handed = await self._hand_off(msgspec.structs.replace(self._fallback, say=""))
            if isinstance(handed, Conversed):
                return self._ended("handed-off", f"{self._fallback.name}, for {reason}")
        await self._apologize()
        return self._ended(outcome, reason)

    async def _apologize(self) -> None:
        try:
            await self._call.say(self._wording.sorry)
        except InvalidAudio:
            if self._wording.recorded:
                await self._call.play(self._wording.recorded)

    def _ended(self, outcome: Outcome, reason: str = "") -> Conversed:
        return Conversed(outcome=outcome, reason=reason, turns=self._turns, tokens=self._tokens)


def _waiting(sentences: "asyncio.Queue[str]") -> Iterator[str]:
    """Yield the sentences that are there, and leave the mark of the end."""
    while not sentences.empty():
        sentence = sentences.get_nowait()
        if not sentence:
            sentences.put_nowait(sentence)
            return
        yield sentence


def _as_json(result: Any) -> str:
    try:
        return msgspec.json.encode(result).decode()
    except (TypeError, ValueError):
        return '{"error": "The result cannot be told."}'


def _once(function: Callable[[], Any]) -> Callable[[], Any]:
    """Return a function as a generator function of one piece."""

    async def awaited() -> AsyncIterator[Any]:
        yield await function()

    def called() -> Iterator[Any]:
        yield function()

    return awaited if inspect.iscoroutinefunction(function) else called
