"""Options of training on chorales."""

from __future__ import annotations

import pytest

from chorale.errors import UsageError
from chorale.training.options import TrainingOptions


def test_unusable_options_are_refused_by_name():
    for changes, message in (
        ({"epochs": 0}, "epochs of at least 1, got 0"),
        ({"encoding": "midi"}, "encoding out of pitch, hold, got 'midi'"),
        ({"plan": ("tempo",)}, "got tempo"),
        ({"plan": ()}, "got none"),
        ({"learning_rate": 0.0}, "learning_rate above 0"),
        ({"learning_rate": float("nan")}, "a finite number as learning_rate, got nan"),
        ({"weight_decay": -1.0}, "weight_decay of at least 0"),
        ({"crop": -1}, "crop of at least 0"),
        ({"past_dropout": 1.0}, "past_dropout from 0 to below 1"),
    ):
        with pytest.raises(UsageError, match=message):
            TrainingOptions(**changes)
