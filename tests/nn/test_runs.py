"""Runs: settings, data and checkpoints that do not fit are named."""

from __future__ import annotations

import json

import numpy as np
import pytest

from chorale.errors import ModelError
from chorale.nn.fitting import FitOptions
from chorale.nn.runs import Run, Settings
from chorale.sketches.options import NetworkOptions

SETTINGS = Settings(NetworkOptions(), FitOptions(), "chorale train", {"numpy": "2"})


def test_settings_are_read_as_they_were_written(tmp_path):
    run = Run(tmp_path)
    run.create(SETTINGS.to_json(), {"files": {}})
    assert run.settings(NetworkOptions, FitOptions) == SETTINGS


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"versions": None}, "'versions'"),
        ({"network": {"width": 3}}, "width"),
        ({"training": 3}, "options.json is not of this version"),
    ],
)
def test_options_of_another_version_are_named(tmp_path, change, message):
    options = SETTINGS.to_json() | change
    options = {name: value for name, value in options.items() if value is not None}
    (tmp_path / "options.json").write_text(json.dumps(options))
    with pytest.raises(ModelError, match="is not of this version") as raised:
        Run(tmp_path).settings(NetworkOptions, FitOptions)
    assert message in str(raised.value)


def test_a_damaged_checkpoint_is_named(tmp_path):
    run, path = Run(tmp_path), tmp_path / "checkpoint.npz"
    run.save("checkpoint", {"weight": np.ones(100)})
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(
        ModelError, match=r"checkpoint\.npz: expected a file of arrays, it is damaged"
    ):
        run.load("checkpoint")
