"""Services of the network that speak OpenAI's dialect of HTTP: they hear, speak and think.

One adapter for each of three interfaces reaches many services and local servers. Siblings:
`endpoint` (where a service is, and its limits), `key`, `chat`, `speech`, `transcription`,
`sse` (how a reply streams).
"""

from workbench.services.chat import HttpChat
from workbench.services.endpoint import Endpoint
from workbench.services.key import Key
from workbench.services.speech import HttpSynthesizer
from workbench.services.transcription import HttpRecognizer

__all__ = ["Endpoint", "HttpChat", "HttpRecognizer", "HttpSynthesizer", "Key"]
