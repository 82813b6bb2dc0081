"""One analysis for all who ask about a photo."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest

import roomnet
from roomnet.picture import RGB
from roomnet.recall import KEPT, Recall
from tests.fixtures.rooms import draw_room


class Worker:
    """Counts what it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.may_go_on = Event()
        self.begun = Event()

    def __call__(self, photo: RGB) -> roomnet.RoomAnalysis:
        self.asked += 1
        self.begun.set()
        assert self.may_go_on.wait(60)
        return roomnet.analyse(photo)


@pytest.fixture
def worker() -> Worker:
    worker = Worker()
    worker.may_go_on.set()
    return worker


def test_who_asks_while_it_is_made_gets_the_same(worker: Worker) -> None:
    worker.may_go_on.clear()
    recall = Recall(worker)
    photo = draw_room(96, 64).photo
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(recall.analysis_of, photo)
        assert worker.begun.wait(60)
        second = threads.submit(recall.analysis_of, photo.copy())
        worker.may_go_on.set()
        assert first.result(60) is second.result(60)
    assert worker.asked == 1
    assert recall.analysis_of(photo) is first.result()


def test_it_says_what_an_analysis_says(worker: Worker) -> None:
    photo = draw_room(96, 64).photo
    recalled, fresh = Recall(worker).analysis_of(photo), roomnet.analyse(photo)
    np.testing.assert_array_equal(recalled.labels, fresh.labels)
    np.testing.assert_array_equal(recalled.inverse_depth, fresh.inverse_depth)
    with pytest.raises(ValueError, match="read-only"):
        recalled.labels[0, 0] = 1


def test_other_photos_and_other_shapes_are_other_analyses(worker: Worker) -> None:
    recall = Recall(worker)
    grey = np.full((64, 96, 3), 128, dtype=np.uint8)
    assert recall.analysis_of(grey).labels.shape == (64, 96)
    assert recall.analysis_of(grey.reshape(96, 64, 3)).labels.shape == (96, 64)
    assert recall.analysis_of(grey + np.uint8(1)).labels.shape == (64, 96)
    assert worker.asked == 3


def test_it_keeps_few(worker: Worker) -> None:
    recall = Recall(worker)
    for level in range(KEPT + 1):
        recall.analysis_of(np.full((32, 32, 3), level, dtype=np.uint8))
    recall.analysis_of(np.zeros((32, 32, 3), dtype=np.uint8))
    assert worker.asked == KEPT + 2


def test_errors_are_not_kept(worker: Worker) -> None:
    recall = Recall(worker)
    for _ in range(2):
        with pytest.raises(ValueError, match="uint8"):
            recall.analysis_of(np.zeros((32, 32, 3), dtype=np.int16))
    assert worker.asked == 2
