"""A telephone of plain pjsua2, with the library's defaults: it obeys REFER and Replaces.

A process of its own: prints its address, answers every call, ends when its input does.
"""

import os
import select
import sys
from typing import Any

import pjsua2 as pj


class Phone(pj.Account):  # type: ignore[misc]  # it has no types
    """Answers, and keeps the calls alive."""

    def __init__(self) -> None:
        """Hold no calls yet."""
        super().__init__()
        self.calls: list[pj.Call] = []

    def onIncomingCall(self, prm: Any) -> None:
        """Answer at once, unless the library does it because of a Replaces."""
        call = pj.Call(self, prm.callId)
        self.calls.append(call)
        answer = pj.CallOpParam()
        answer.statusCode = 200
        call.answer(answer)


def main() -> None:
    """Run until the input is closed."""
    endpoint, config, transport = pj.Endpoint(), pj.EpConfig(), pj.TransportConfig()
    config.uaConfig.threadCnt, config.uaConfig.mainThreadOnly = 0, True
    config.logConfig.level = config.logConfig.consoleLevel = 0
    endpoint.libCreate()
    endpoint.libInit(config)
    transport.boundAddress = "127.0.0.1"
    created = endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
    endpoint.audDevManager().setNullDev()
    endpoint.libStart()
    address = str(endpoint.transportGetInfo(created).localName)
    phone, account = Phone(), pj.AccountConfig()
    account.idUri = f"sip:phone@{address}"
    account.sipConfig.transportId = created
    account.mediaConfig.transportConfig.boundAddress = "127.0.0.1"
    account.natConfig.iceEnabled = False
    phone.create(account)
    sys.stderr.write(f"sip:phone@{address}\n")  # stdout is the library's
    sys.stderr.flush()
    while not select.select([sys.stdin], [], [], 0)[0]:
        endpoint.libHandleEvents(10)
    os._exit(0)


if __name__ == "__main__":
    main()
