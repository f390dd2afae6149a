"""What is measured of trainings, and networks with random weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from chorale.benchmarks import learning
from chorale.benchmarks.bodies import untrained_model
from chorale.benchmarks.learning import SecondEpoch, _StoppedError
from chorale.errors import ModelError
from chorale.models.storage import NEXT_STEP, load_card, load_model


def test_the_second_epoch_is_timed_and_ends_the_training(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moments = iter([1.0, 20.0, 23.5])
    monkeypatch.setattr(learning.time, "perf_counter", lambda: next(moments))
    progress = SecondEpoch()
    progress.start_epoch(1, 2, 2)
    progress.finish_batch(0.5)
    progress.finish_batch(0.5)  # the end of the first epoch
    progress.finish_epoch({"epoch": 1})
    progress.start_epoch(2, 2, 2)
    progress.finish_batch(0.5)
    with pytest.raises(_StoppedError):
        progress.finish_batch(0.5)
    assert progress.seconds == 3.5


def test_a_network_that_cannot_be_stored_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        ModelError, match=r"the network abacus cannot be stored: .*abacus"
    ):
        untrained_model(tmp_path, "abacus")


@pytest.mark.slow
def test_untrained_networks_are_stored_as_trained_ones_are(tmp_path: Path) -> None:
    from chorale.benchmarks.untrained import store_untrained

    folder = tmp_path / "untrained" / "gru"
    card = store_untrained("gru", folder, units=8, voice_units=8)
    assert untrained_model(tmp_path, "gru") == folder  # it is not stored again
    model = load_model(folder, kind=NEXT_STEP)
    assert model.vocabulary == load_card("bach").vocabulary
    assert card.plan_features == load_card("bach").plan_features
    assert load_card(folder).network == card.network
