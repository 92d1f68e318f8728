"""Services of the network that speak OpenAI's dialect of HTTP: they speak and think.

One adapter for each interface reaches many services and local servers. Siblings:
`endpoint` (where a service is, and its limits), `key`, `chat`, `speech`,
`sse` (how a reply streams).
"""

from workbench.services.chat import HttpChat
from workbench.services.endpoint import Endpoint
from workbench.services.key import Key
from workbench.services.speech import HttpSynthesizer

__all__ = ["Endpoint", "HttpChat", "HttpSynthesizer", "Key"]
