"""Options refused by name."""

from __future__ import annotations

import math

import pytest

from chorale.errors import UsageError
from chorale.sketches.options import NetworkOptions, TrainingOptions

OPTIONS = (
    (TrainingOptions, {"epochs": 0}, "epochs of at least 1, got 0"),
    (TrainingOptions, {"augment": -0.1}, "augment of at least 0, got -0.1"),
    (TrainingOptions, {"augment": math.nan}, "augment of at least 0, got nan"),
    (TrainingOptions, {"weight_decay": math.inf}, "weight_decay of at least 0"),
    (TrainingOptions, {"learning_rate": 0.0}, "learning_rate above 0, got 0.0"),
    (TrainingOptions, {"clip_norm": math.nan}, "clip_norm above 0, got nan"),
    (TrainingOptions, {"seed": -1}, "seed of at least 0, got -1"),
    (TrainingOptions, {"seed": 2**32}, "seed of at most 4294967295, got 4294967296"),
    (NetworkOptions, {"units": 0}, "units of at least 1, got 0"),
    (NetworkOptions, {"dropout": 1.0}, "dropout from 0 to below 1, got 1.0"),
    (NetworkOptions, {"network": "cnn"}, "out of conv-lstm, book, got 'cnn'"),
)


@pytest.mark.parametrize(("options", "changes", "message"), OPTIONS)
def test_what_makes_no_sense_is_refused_by_name(options, changes, message) -> None:
    with pytest.raises(UsageError, match=message):
        options(**changes)


def test_the_limits_themselves_are_accepted() -> None:
    TrainingOptions(epochs=1, augment=0, weight_decay=0, seed=2**32 - 1)
    NetworkOptions(units=1, layers=1, dropout=0)
