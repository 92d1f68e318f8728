"""Structures of pjsip for calls through its C symbols: texts, and lists of headers."""

import ctypes
from collections.abc import Mapping
from typing import Any


class Text(ctypes.Structure):
    """A `pj_str_t`: text with its length, without an end mark."""

    _fields_ = (("ptr", ctypes.c_char_p), ("slen", ctypes.c_ssize_t))


def text(value: str) -> Text:
    """Return a text, which keeps its bytes alive."""
    encoded = value.encode()
    return Text(encoded, len(encoded))


class HeaderList(ctypes.Structure):
    """The head of a list of headers; only its links matter to those who read the list."""

    _fields_ = (
        ("prev", ctypes.c_void_p),
        ("next", ctypes.c_void_p),
        ("rest", ctypes.c_char * 80),
    )


class HeaderStore:
    """Headers that live as long as the endpoint, for responses without state."""

    def __init__(self, library: ctypes.CDLL, endpoint: int) -> None:
        """Take memory from the endpoint."""
        self._insert: Any = library.pj_list_insert_before
        self._insert.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
        self._create: Any = library.pjsip_generic_string_hdr_create
        self._create.argtypes = [ctypes.c_void_p] * 3
        self._create.restype = ctypes.c_void_p
        create_pool: Any = library.pjsip_endpt_create_pool
        create_pool.argtypes = [ctypes.c_void_p, ctypes.c_char_p] + [ctypes.c_size_t] * 2
        create_pool.restype = ctypes.c_void_p
        self._pool = create_pool(endpoint, b"workbench-headers", 1000, 1000)

    def list(self, headers: Mapping[str, str]) -> HeaderList:
        """Return a list of headers; make it once, for its memory is never given back."""
        head = HeaderList()
        head.prev = head.next = ctypes.addressof(head)
        for name, value in headers.items():
            named, valued = text(name), text(value)
            made = self._create(self._pool, ctypes.byref(named), ctypes.byref(valued))
            self._insert(ctypes.byref(head), made)
        return head
