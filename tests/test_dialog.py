"""The dialog of a call, read from its INVITE and its 200."""

import pytest

from workbench import dialog

INVITE = (
    "INVITE sip:bob@192.0.2.7 SIP/2.0\r\nFrom: <sip:a@x;tag=no>;tag=caller\r\n"
    "To: <sip:bob@192.0.2.7>\r\nCall-ID: 1@x\r\nCSeq: 1 INVITE\r\n"
    "Contact: <sip:a@192.0.2.1:5062>\r\n\r\n"
)
ACCEPTED = (
    "SIP/2.0 200 OK\r\nf: <sip:a@x>;tag=caller\r\nTo: <sip:bob@192.0.2.7> ; TAG = callee\r\n"
    "i: 1@x\r\nCSeq: 1 INVITE\r\nm: <sip:bob@192.0.2.8;transport=tcp>;expires=60\r\n\r\n"
)


def test_the_dialog_of_a_call_that_we_placed() -> None:
    found = dialog.find(INVITE, ACCEPTED, outbound=True)
    assert found == ("1@x", "caller", "callee", "sip:bob@192.0.2.8;transport=tcp")
    assert found is not None
    assert found.replaces == "1@x;to-tag=callee;from-tag=caller"


def test_the_dialog_of_a_call_that_we_took() -> None:
    found = dialog.find(INVITE, ACCEPTED, outbound=False)
    assert found == ("1@x", "callee", "caller", "sip:a@192.0.2.1:5062")


@pytest.mark.parametrize("gone", ["f:", "To:", "i:", "m:"])
def test_what_is_not_told_names_no_dialog(gone: str) -> None:
    assert dialog.find(INVITE, ACCEPTED.replace(gone, "X:"), outbound=True) is None
