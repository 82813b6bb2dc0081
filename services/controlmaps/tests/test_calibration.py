import numpy as np
import pytest
from numpy.typing import NDArray

from controlmaps.calibration import calibration_error, fit_temperature, negative_log_likelihood


def photos(temperature: float) -> tuple[NDArray[np.float32], NDArray[np.int_]]:
    """Logits 4,000×5 of a classifier that is `temperature` times too sure, and what the photos really show."""
    random = np.random.default_rng(1)
    honest = random.normal(scale=2, size=(4000, 5))
    chances = np.exp(honest) / np.exp(honest).sum(axis=1, keepdims=True)
    labels = (chances.cumsum(axis=1) > random.random((4000, 1))).argmax(axis=1)
    return (honest * temperature).astype(np.float32), labels


@pytest.mark.parametrize("temperature", [0.3, 1.0, 6.0])
def test_the_temperature_that_spoilt_the_logits_is_found(temperature: float) -> None:
    logits, labels = photos(temperature)
    assert fit_temperature(logits, labels) == pytest.approx(temperature, rel=0.08)


def test_it_makes_confidence_mean_what_it_says() -> None:
    logits, labels = photos(6.0)
    fitted = fit_temperature(logits, labels)
    assert calibration_error(logits, labels, fitted) < 0.02 < calibration_error(logits, labels, 1.0)
    assert negative_log_likelihood(logits, labels, fitted) < negative_log_likelihood(logits, labels, 1.0)


def test_no_photos_are_an_error() -> None:
    with pytest.raises(ValueError, match="no labelled photos"):
        fit_temperature(np.zeros((0, 5), dtype=np.float32), np.zeros(0, dtype=np.int_))
