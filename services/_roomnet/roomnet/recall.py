"""The last photos understood: engines in one process that are asked about the same photo share one analysis."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock
from typing import Final

from roomnet.analysis import RoomAnalysis, analyse
from roomnet.picture import RGB

KEPT: Final = 2
"""Photos: one that is worked on, and the one before."""
LARGEST_KEPT: Final = 4_000_000
"""Pixels; analyses of larger photos are shared while they are made, but not kept."""


class Recall:
    """Analyses by a photo's content, for any thread; who asks while one is made waits for it."""

    def __init__(self, work: Callable[[RGB], RoomAnalysis]) -> None:
        """`work` makes an analysis. What it raises goes to all who wait and is not kept."""
        self._work = work
        self._known: OrderedDict[bytes, Future[RoomAnalysis]] = OrderedDict()
        self._lock = Lock()

    def analysis_of(self, photo: RGB) -> RoomAnalysis:
        """See roomnet.analyse, whose errors it raises; the arrays cannot be written to."""
        key = hashlib.blake2b(photo.tobytes(), digest_size=16, key=f"{photo.shape}{photo.dtype}".encode()[:64]).digest()
        with self._lock:
            known = self._known.get(key)
            answer = self._known.setdefault(key, Future())
            self._known.move_to_end(key)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        if known is None:
            self._answer(photo, key, answer)
        return answer.result()

    def _answer(self, photo: RGB, key: bytes, answer: Future[RoomAnalysis]) -> None:
        try:
            made = self._work(photo)
        except BaseException as error:
            self._forget(key, answer)
            answer.set_exception(error)
            raise
        for array in (made.labels, made.confidence, made.inverse_depth):
            array.flags.writeable = False
        if made.labels.size > LARGEST_KEPT:
            self._forget(key, answer)
        answer.set_result(made)

    def _forget(self, key: bytes, answer: Future[RoomAnalysis]) -> None:
        with self._lock:
            if self._known.get(key) is answer:
                del self._known[key]


_recall: Final = Recall(analyse)
analysis_of: Final = _recall.analysis_of
"""The process's own."""
