"""A run: the directory that one training leaves.

options.json     what was asked for
data.json        SHA-256 of every file that was read, and of teachers
history.csv      one row an epoch
checkpoint.npz   weights, their average, optimizer and history after the last
                 whole epoch
best.npz         weights of the epoch that validated best
model/           what was made of them at the end (`chorale.models.storage`)
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from chorale.errors import ModelError, UsageError
from chorale.utils.extras import require
from chorale.utils.files import Arrays, load_arrays, replacing, save_arrays, write_text

Row = dict[str, float]
NetworkT = TypeVar("NetworkT")
TrainingT = TypeVar("TrainingT")


class Asked(NamedTuple, Generic[NetworkT, TrainingT]):
    """What a run was asked for when it was created.

    Attributes:
        network, training: the options of both.
        command: that asked for it.
        versions: of the libraries that it began with.
    """

    network: NetworkT
    training: TrainingT
    command: str
    versions: Mapping[str, str]


class Run:
    """The directory of one training."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)

    def create(self, options: Mapping[str, Any], data: Mapping[str, Any]) -> None:
        """Write down what is asked for and what is read.

        Raises:
            UsageError: the folder already holds a run.
            OutputError: the folder cannot be written.
        """
        self.check_new()
        write_text(self.folder / "data.json", _to_json(data))
        write_text(self.folder / "options.json", _to_json(options))

    def check_new(self) -> None:
        """Raise a UsageError if the folder already holds a run."""
        if (self.folder / "options.json").exists():
            raise UsageError(
                f"{self.folder} already holds a run: continue it with --resume, "
                "or choose another --output"
            )

    def options(self) -> dict[str, Any]:
        """Return what was asked for when the run was created."""
        return self._read_json("options.json")

    def asked(
        self, network: type[NetworkT], training: type[TrainingT]
    ) -> Asked[NetworkT, TrainingT]:
        """Return what was asked for, its options as what they were.

        Args:
            network, training: dataclasses, whose sequences are tuples.

        Raises:
            UsageError: there is no run.
            ModelError: a class does not fit what another version has written.
        """
        told = self.options()
        try:
            return Asked(
                network(**_with_tuples(told["network"])),
                training(**_with_tuples(told["training"])),
                told["command"],
                told["versions"],
            )
        except (AttributeError, KeyError, TypeError) as error:
            raise ModelError(
                f"{self.folder}: options.json is not of this version: {error}"
            ) from None

    def check_data(self, data: Mapping[str, Any]) -> None:
        """Make sure that a resumed run learns from what it began with.

        Args:
            data: SHA-256 by name: of `files`, and of `teachers` if there are any.

        Raises:
            ModelError: one has changed, come or gone.
        """
        told = self._read_json("data.json")
        before = {**told["files"], **told.get("teachers", {})}
        now = {**data["files"], **data.get("teachers", {})}
        for name in sorted(set(before) | set(now)):
            if before.get(name) != now.get(name):
                raise ModelError(
                    f"{self.folder}: the data is not what the run began with: "
                    f"{name} differs"
                )

    def load(self, name: str) -> Arrays | None:
        """Return the arrays of `checkpoint` or `best`; None if there are none yet.

        Raises:
            ModelError: the file is damaged.
        """
        path = self.folder / f"{name}.npz"
        return load_arrays(path) if path.exists() else None

    def save(self, name: str, arrays: Arrays) -> None:
        """Write the arrays of `checkpoint` or `best`, whole or not at all."""
        save_arrays(self.folder / f"{name}.npz", arrays)

    def write_history(self, rows: Sequence[Row]) -> None:
        """Write `history.csv`, one row an epoch, at full precision."""
        text = io.StringIO()
        table = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        write_text(self.folder / "history.csv", text.getvalue())

    def _read_json(self, name: str) -> dict[str, Any]:
        path = self.folder / name
        try:
            values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UsageError(
                f"{self.folder} holds no run to resume ({name} is missing)"
            ) from None
        except (OSError, ValueError) as error:
            raise ModelError(f"{path}: expected the JSON of a run: {error}") from None
        return values


def plot_history(run: Run, monitor: str) -> Path:
    """Draw the learning curves of a run and return the PNG."""
    require("plot", "drawing pictures")
    import matplotlib.pyplot as plt
    import pandas as pd

    history = pd.read_csv(run.folder / "history.csv")
    figure, axes = plt.subplots(figsize=(7, 4))
    axes.plot(
        history["epoch"], history["train_loss"], label="training loss, dropout and all"
    )
    axes.plot(history["epoch"], history[monitor], label="valid")
    best = 1 + int(np.argmin(history[monitor]))
    axes.axvline(best, color="grey", linestyle=":", label="best epoch")
    axes.set(xlabel="epoch", ylabel="loss")
    axes.legend()
    path = run.folder / "curves.png"
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=120, bbox_inches="tight")
    plt.close(figure)
    return path


def _with_tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values that JSON has told, which writes tuples as lists."""
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in values.items()
    }


def _to_json(values: Mapping[str, Any]) -> str:
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"
