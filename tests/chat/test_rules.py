"""Models without a model: the same replies every time."""

from typing import Any

import msgspec

from workbench.chat.rules import RuleModel, ScriptedModel, Use

RULES = RuleModel(
    [
        (r"balance of (\d+)", Use("balance", {"account": "{1}", "kind": 2})),
        (r"hello|good \w+", "{0} to you, too."),
    ],
    otherwise="Pardon?",
    results={"balance": "You have {amount:.2f} euros."},
)


def heard(text: str) -> list[dict[str, Any]]:
    return [{"role": "system", "content": "hello"}, {"role": "user", "content": text}]


def after(result: Any) -> list[dict[str, Any]]:
    call = {"id": "call-1", "function": {"name": "balance", "arguments": "{}"}}
    content = msgspec.json.encode(result).decode()
    return [
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call-1", "content": content},
    ]


def said(pieces: Any) -> str:
    return "".join(piece.get("text", "") for piece in pieces)


def test_the_first_rule_that_fits_answers() -> None:
    assert said(RULES.reply(heard("Well, GOOD morning."), ())) == "GOOD morning to you, too."
    assert said(RULES.reply(heard("What?"), ())) == "Pardon?"


def test_a_rule_may_call_a_tool() -> None:
    call, end = RULES.reply(heard("The balance of 4711"), ())
    arguments = '{"account":"4711","kind":2}'
    assert call == {"tool": {"id": "call-2", "name": "balance", "arguments": arguments}}
    assert end == {"end": {"reason": "tool_calls"}}


def test_a_result_is_said_in_its_own_words() -> None:
    assert said(RULES.reply(after({"amount": 12}), ())) == "You have 12.00 euros."
    assert said(RULES.reply(after({"error": "no"}), ())) == "I am sorry, that did not work."
    assert said(RuleModel([]).reply(after(12), ())) == "12"


def test_a_reply_comes_word_by_word() -> None:
    assert list(RuleModel([], otherwise="Come again?").reply(heard(""), ())) == [
        {"text": "Come "}, {"text": "again?"}, {"end": {"reason": "stop", "tokens_out": 2}},
    ]  # fmt: skip


def test_a_script_gives_reply_after_reply() -> None:
    script = ScriptedModel("One.", "Two.")
    messages = heard("x")
    for expected in ("One.", "Two.", "Two."):
        assert said(script.reply(messages, ())) == expected
        messages += [{"role": "assistant", "content": expected}, *heard("y")]
