"""An example: the caller says what they want, and the flow solves it or connects a person.

It runs as it is, without a network: rules stand in for a chat model. `ivr` makes the same with
a model of a service (`HttpChat`), and with other people to connect.
"""

from typing import Any

from workbench.chat import ChatModel
from workbench.chat.rules import RuleModel, Use
from workbench.chat.tools import FlowTool, Goodbye, HandOff
from workbench.control import YES_OR_NO, CallControl, spoken_digits
from workbench.conversation import Conversation, Wording
from workbench.flow import Flow, flow

GREETING = "Welcome to Riverside Energy. In a few words, how can I help you?"
INSTRUCTIONS = (
    "You answer the telephone of Riverside Energy, who sell electricity. What you write is "
    "spoken: use one or two short sentences, no lists, no figures but those of a tool. Find "
    "out what the caller wants, use a tool where one fits, connect a person where none does."
)
AGENT = "sip:agent@127.0.0.1:5070"
SALES = "sip:sales@127.0.0.1:5070"

BILLS = {"4711": 84.2, "1234": 112.5}
"""Stands for the customers' accounts."""
OUTAGES = {"harbour": "by six this evening"}
"""Stands for the network's control room."""
ELSE = "Can I do anything else for you?"


async def bill(call: CallControl) -> dict[str, Any]:
    """Ask the caller for the account number, and tell what they owe."""
    account = await _account(call)
    if not account:
        return {"found": "I found nothing, because I did not get its number"}
    euros = await call.step("look up the bill", BILLS.get, account)
    return {
        "found": "I found nothing under that number"
        if euros is None
        else f"there are {euros:.2f} euros to pay"
    }


async def _account(call: CallControl) -> str:
    answer = await call.gather(
        4, speech=True, timeout=8, accept=four_digits,
        say="Please say or key in the four digits of your account.",
        reprompts=["I need four digits, please. The keys of your telephone work best."],
    )  # fmt: skip
    if not answer or answer.reason != "speech":
        return str(answer.choice or "")
    # Digits by speech are the least sure of all that a recogniser hears.
    heard = " ".join(str(answer.choice))
    right = await call.gather(
        0, speech=True, say=f"I understood {heard}. Is that right?", accept=YES_OR_NO
    )
    if right.choice == "yes":
        return str(answer.choice)
    keyed = await call.gather(4, say="Then please key in the four digits.")
    return str(keyed.digits)


def four_digits(text: str) -> str | None:
    """Return the four digits of what was said or pressed; None when they are not four."""
    digits = text if text.isdigit() else spoken_digits(text) or ""
    return digits if len(digits) == 4 else None


def outage(area: str) -> dict[str, str]:
    """Tell whether electricity is cut in a part of the town, and until when.

    Args:
        area: the part of the town, in lower case.
    """
    until = OUTAGES.get(area.strip().lower())
    known = f"there is an outage, and it will be over {until}" if until else "all is well there"
    return {"area": area, "state": known}


STAND_IN = RuleModel(
    [
        (r"\b(bill|balance|invoice|owe|account|pay)", Use("bill")),
        (
            r"(?:power|electricity|light|outage).*\b(?:in|at) (?:the )?(\w+)",
            Use("outage", {"area": "{1}"}),
        ),
        (
            r"\b(power|electricity|light|outage)",
            "In which part of the town? Please say: the power in, and then its name.",
        ),
        (r"\b(contract|tariff|offer|buy|new customer|sales)", Use("sales")),
        (r"\b(person|human|somebody|someone|agent|operator|complain)", Use("agent")),
        (r"\b(open|hours)\b", f"We are here from eight to six, Monday to Friday. {ELSE}"),
        (r"\b(bye|goodbye|no|nothing|that is all|that's all|thanks|thank)\b", Use("end_call")),
        (r"\b(yes|hello|hi)\b", "What is it about?"),
    ],
    otherwise="I can tell you about your bill, our hours, or an outage. Or I connect you with "
    "a person. What would you like?",
    results={
        "bill": f"On your account, {{found}}. {ELSE}",
        "outage": f"In {{area}}, {{state}}. {ELSE}",
    },
    failures={
        "sales": "I am sorry, nobody of our sales is free.",
        "agent": "I am sorry, all my colleagues are busy.",
    },
)
"""Stands in for a chat model: understands what is in its rules, and no more."""


def ivr(model: ChatModel = STAND_IN, *, agent: str = AGENT, sales: str = SALES) -> Flow:
    """Return the flow with a model, and with the addresses of those who are to be connected."""
    person = HandOff(
        name="agent", to=agent, say="One moment, I connect you.",
        when="When the caller wants a person, complains, or cannot be helped otherwise.",
    )  # fmt: skip
    seller = HandOff(
        name="sales", to=sales, say="I connect you with our sales.",
        when="When the caller wants a new contract or asks for tariffs.",
    )  # fmt: skip
    tools: list[Any] = [
        FlowTool(bill),
        outage,
        person,
        seller,
        Goodbye(say="Thank you for calling."),
    ]

    @flow(name="intelligent_ivr")
    async def answering(call: CallControl) -> Any:
        await call.answer()
        talking = Conversation(
            call, model, instructions=INSTRUCTIONS, tools=tools, fallback=person,
            wording=Wording(recorded="goodbye.wav"),
        )  # fmt: skip
        ended = await talking.run(GREETING)
        await call.hangup()
        return ended

    return answering


intelligent_ivr = ivr()
"""The example as it is: `workbench answer workbench.intelligent_ivr:intelligent_ivr`."""
