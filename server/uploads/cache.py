"""A few things that are remembered between requests, and may be forgotten: each only saves work."""

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Remembered(Generic[Value]):
    """The newest `limit` values by name. Safe from any thread."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: OrderedDict[str, Value] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, name: str, value: Value) -> None:
        """Remember a value in place of an older one; the oldest makes room."""
        with self._lock:
            self._values[name] = value
            self._values.move_to_end(name)
            if len(self._values) > self._limit:
                self._values.popitem(last=False)

    def get(self, name: str) -> Value | None:
        """Return what is remembered; None when it is not (any more)."""
        with self._lock:
            return self._values.get(name)

    def take(self, name: str) -> Value | None:
        """Return what is remembered, and forget it."""
        with self._lock:
            return self._values.pop(name, None)
