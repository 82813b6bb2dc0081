"""What was worked out for the last few photos: who mends a picture asks for the same photo time and again."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """Values by the content that they follow from; of that nothing is kept but a digest. Threads may share it."""

    def __init__(self, most: int) -> None:
        """The `most` last used are kept."""
        self._most = most
        self._values: OrderedDict[bytes, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get_or_make(self, planes: tuple[NDArray[Any], ...], make: Callable[[], Value]) -> Value:
        """The value of these planes, which nobody may change; two threads may make it at once."""
        key = _digest(planes)
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        made = make()
        with self._lock:
            self._values[key] = made
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return made


def _digest(planes: tuple[NDArray[Any], ...]) -> bytes:
    digest = hashlib.blake2b(digest_size=32)
    for plane in planes:
        digest.update(f"{plane.shape} {plane.dtype}".encode())
        digest.update(np.ascontiguousarray(plane).data)
    return digest.digest()
