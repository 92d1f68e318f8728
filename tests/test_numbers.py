"""Numbers in dial strings: how a network would read them, and what they cost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.numbers import e164, is_region, read_number


@pytest.mark.parametrize(
    ("user", "region", "number"),
    [
        ("+4930123456", "", "+4930123456"),
        ("%2B4930123456", "", "+4930123456"),
        ("+49-30.123(456)", "", "+4930123456"),
        ("030123456", "DE", "+4930123456"),
        ("004930123456", "DE", "+4930123456"),
        ("01149301234567", "US", "+49301234567"),
        ("030123456", "", ""),
        ("bob", "DE", ""),
        ("+49abc", "DE", ""),
        ("+0123", "", ""),
        ("+", "", ""),
        ("+1*2", "", ""),
        ("", "DE", ""),
        ("+39061234567", "", "+39061234567"),
    ],
)
def test_a_user_part_is_read_as_e164(user: str, region: str, number: str) -> None:
    assert e164(user, region) == number


@pytest.mark.parametrize(
    ("user", "opening"),
    [
        ("+499001234567", "+49900"),
        ("+4990012345", "+49900"),
        ("+4990012345678999", "+49900"),
        ("+19005551234", "+1900"),
        ("19005551234", "+1900"),
        ("0119005551234", ""),
        ("00499001234567", "+49900"),
        ("011499001234567", "+49900"),
        ("%2B499001234567", "+49900"),
        ("+4918051234567", "+49180"),
        ("+33899123456", "+33899"),
        ("+881612345678", "+881"),
        ("+870773123456", "+870"),
        ("+88213", "+882"),
        ("00881612345678", "+881"),
        ("+499001234567p", "+49900"),
        ("+4930123456", ""),
        ("+12025550123", ""),
        ("100", ""),
        ("bob900", ""),
    ],
)
def test_a_dear_range_is_known_however_it_is_written(user: str, opening: str) -> None:
    number = read_number(user)
    assert number.opening == opening
    assert bool(number.dear) == bool(opening)


def test_a_number_begins_with_a_prefix_only_in_every_reading() -> None:
    assert read_number("+4930123456").begins("+4930")
    # As it is dialled it begins with +490, as it is read without the trunk zero with +4930.
    assert not read_number("+49030123456").begins("+4930")
    assert not read_number("+49030123456").begins("+490")
    assert not read_number("bob").begins("+")


def test_a_region_is_two_letters() -> None:
    assert is_region("DE")
    assert not is_region("de")
    assert not is_region("XX")
    assert not is_region(["DE"])


@given(
    st.text(max_size=30) | st.text("+0123456789*#.-()%", max_size=30),
    st.sampled_from(["", "DE", "US"]),
)
def test_any_user_part_can_be_read(user: str, region: str) -> None:
    number = read_number(user, region)
    assert number.e164 == "" or (number.e164[0] == "+" and number.e164[1:].isdigit())
    assert number.begins("+") == bool(number.e164)
