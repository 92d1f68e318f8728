"""What is wrong with a message, as the status that tells it."""


class Fault(Exception):
    """A breach: the status code, a phrase for the peer, and headers of the answer."""

    def __init__(self, code: int, phrase: str, headers: dict[str, str] | None = None) -> None:
        """Say which answer a request gets."""
        super().__init__(f"{code} {phrase}")
        self.code, self.phrase, self.headers = code, phrase, headers or {}
