"""How SIP codes and Q.850 causes map."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench import causes


@pytest.mark.parametrize(
    ("code", "cause", "name"),
    [
        (200, 16, "NORMAL_CLEARING"),
        (404, 1, "UNALLOCATED_NUMBER"),
        (408, 18, "NO_USER_RESPONSE"),
        (480, 19, "NO_ANSWER"),
        (486, 17, "USER_BUSY"),
        (487, 487, "ORIGINATOR_CANCEL"),
        (488, 88, "INCOMPATIBLE_DESTINATION"),
        (603, 21, "CALL_REJECTED"),
    ],
)
def test_codes_have_causes_and_names(code: int, cause: int, name: str) -> None:
    assert causes.q850_cause(code) == cause
    assert causes.hangup_cause(cause) == name


@given(st.integers(200, 699))
def test_every_final_code_has_a_cause_and_a_name(code: int) -> None:
    assert causes.hangup_cause(causes.q850_cause(code))
