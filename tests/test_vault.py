"""The vault: what stands for digits, what opens to them, what is hidden again."""

import msgspec
import pytest

from workbench.errors import NotAllowedNow
from workbench.vault import MARK, Secret, Vault, secrets_in

DIGITS = "4111111111111111"
TOKEN = Secret(call_id="CA1", first=2, length=len(DIGITS))


@pytest.fixture
def vault() -> Vault:
    vault = Vault()
    for number, key in enumerate(f"99{DIGITS}12"):
        vault.keep("CA1", number, key)
    return vault


def test_a_secret_tells_nothing_but_its_length() -> None:
    assert repr(TOKEN) == str(TOKEN) == f"{TOKEN}" == "<secret of 16 digits>"
    assert len(TOKEN) == 16
    assert not Secret(call_id="CA1", first=0, length=0)


def test_it_opens_wherever_it_is_in_the_arguments(vault: Vault) -> None:
    args = ("pay", TOKEN, [{"card": TOKEN}], (TOKEN,), 5)
    assert vault.opened(args) == ("pay", DIGITS, [{"card": DIGITS}], (DIGITS,), 5)
    assert secrets_in(args) == [TOKEN] * 3
    assert "4111" not in repr(vault)


def test_what_is_forgotten_does_not_open(vault: Vault) -> None:
    vault.forget("CA1")
    with pytest.raises(NotAllowedNow, match="CA1 are gone"):
        vault.clear(TOKEN)


@pytest.mark.parametrize(
    "said", [DIGITS, "4111 1111 1111 1111", "4111-1111-1111-1111", f"card{DIGITS}!"]
)
def test_what_a_step_says_of_a_secret_is_hidden(vault: Vault, said: str) -> None:
    told = {"value": {"echo": [said, int(DIGITS), True, None]}, "error": f"no: {said}"}
    hidden = msgspec.json.encode(vault.hidden(told, [TOKEN])).decode()
    assert "4111" not in hidden
    assert MARK in hidden
    assert "true" in hidden


def test_a_short_secret_is_hidden_only_where_it_stands_alone(vault: Vault) -> None:
    short = Secret(call_id="CA1", first=18, length=2)
    assert vault.clear(short) == "12"
    assert vault.hidden(["12", "a 12.", 12, 1234, "2012"], [short]) == [
        MARK * 2, f"a {MARK * 2}.", MARK * 2, 1234, "2012"
    ]  # fmt: skip


def test_no_secret_hides_nothing(vault: Vault) -> None:
    assert vault.hidden("1111", [Secret(call_id="CA1", first=0, length=0)]) == "1111"
