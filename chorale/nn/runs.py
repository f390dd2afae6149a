"""Runs: the directory that a training leaves.

options.json     options of network and training, command, library versions
data.json        SHA-256 of every file that was read, of teachers, base and plugin
history.csv      one row per epoch
checkpoint.npz   weights, their average, optimizer and history after the last
                 whole epoch
best.npz         weights of the epoch with the best validation
model/           the stored model, made at the end
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from chorale.errors import DataError, ModelError, UsageError
from chorale.utils.arrays import Arrays
from chorale.utils.checks import check_types
from chorale.utils.extras import require
from chorale.utils.files import (
    load_arrays,
    parse_object,
    replacing,
    save_arrays,
    write_text,
)

Row = dict[str, float]
NetworkT = TypeVar("NetworkT")
TrainingT = TypeVar("TrainingT")


class Settings(NamedTuple, Generic[NetworkT, TrainingT]):
    """Settings of a run, fixed when it is created.

    Attributes:
        network, training: the options of both, dataclasses.
        command: command line of the run.
        versions: of the libraries that the run began with.
    """

    network: NetworkT
    training: TrainingT
    command: str
    versions: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return the settings as plain values."""
        network: Any = self.network
        training: Any = self.training
        options = {"network": asdict(network), "training": asdict(training)}
        return {**options, "command": self.command, "versions": self.versions}


class Run:
    """The directory of one training."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)

    def create(self, options: Mapping[str, Any], data: Mapping[str, Any]) -> None:
        """Write options.json and data.json.

        Raises:
            UsageError: the folder already holds a run.
            OutputError: the folder cannot be written.
        """
        self.check_new()
        write_text(self.folder / "data.json", _to_json(data))
        write_text(self.folder / "options.json", _to_json(options))

    @property
    def exists(self) -> bool:
        """Whether the folder holds a run."""
        return (self.folder / "options.json").exists()

    def check_new(self) -> None:
        """Raise a UsageError if the folder already holds a run."""
        if self.exists:
            raise UsageError(
                f"{self.folder} already holds a run: continue it with --resume, "
                "or choose another --output"
            )

    def options(self) -> dict[str, Any]:
        """Return the content of options.json.

        Raises:
            UsageError: there is no run.
            ModelError: the file is damaged.
        """
        return self._read_json("options.json")

    def settings(
        self, network: type[NetworkT], training: type[TrainingT]
    ) -> Settings[NetworkT, TrainingT]:
        """Return the settings in options.json.

        Args:
            network, training: classes of the options, dataclasses whose sequences are
                tuples.

        Raises:
            UsageError: there is no run.
            ModelError: options.json is damaged, or another version wrote it.
        """
        stored = self.options()
        try:
            settings = Settings(
                network(**_with_tuples(stored["network"])),
                training(**_with_tuples(stored["training"])),
                stored["command"],
                stored["versions"],
            )
            check_types(settings.network)
            check_types(settings.training)
            return settings
        except (
            *(AttributeError, LookupError, TypeError, ValueError),
            *(DataError, UsageError),
        ) as error:
            raise ModelError(
                f"{self.folder}: options.json is not of this version: {error}"
            ) from None

    def check_data(self, data: Mapping[str, Any]) -> None:
        """Check that a resumed run reads the data that it began with.

        Args:
            data: SHA-256 by name: of `files`, and of the weights of `teachers` and of
                the `base`, if there are any; with the origin of a `plugin`
                (`chorale.nn.plugins`), if its network is one.

        Raises:
            ModelError: a file has changed, is new or is missing.
        """
        stored = self._read_json("data.json")
        try:
            before = hashes_read(stored)
        except (KeyError, TypeError, AttributeError):
            raise ModelError(
                f"{self.folder}: data.json does not list the files that were read"
            ) from None
        now = hashes_read(data)
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
        """Write `history.csv`, one row per epoch, at full precision."""
        text = io.StringIO()
        table = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        write_text(self.folder / "history.csv", text.getvalue())

    def _read_json(self, name: str) -> dict[str, Any]:
        path = self.folder / name
        try:
            return parse_object(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UsageError(
                f"{self.folder} holds no run to resume ({name} is missing)"
            ) from None
        except (OSError, ValueError) as error:
            raise ModelError(f"{path}: expected the JSON of a run: {error}") from None


def plot_history(run: Run, monitor: str) -> Path:
    """Draw the learning curves of a run and return the path of the PNG."""
    require("plot", "drawing pictures")
    import matplotlib.pyplot as plt
    import pandas as pd

    history = pd.read_csv(run.folder / "history.csv")
    figure, axes = plt.subplots(figsize=(7, 4))
    axes.plot(
        history["epoch"], history["train_loss"], label="training loss, with dropout"
    )
    axes.plot(history["epoch"], history[monitor], label="valid")
    best = 1 + int(np.argmin(history[monitor]))
    axes.axvline(best, color="grey", linestyle=":", label="best epoch")
    axes.set(xlabel="epoch", ylabel="loss")
    axes.legend(loc="upper right")
    path = run.folder / "curves.png"
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=120, bbox_inches="tight")
    plt.close(figure)
    return path


def hashes_read(data: Mapping[str, Any]) -> dict[str, str]:
    """Return the SHA-256 of what a run reads by name: files, models, its plugin."""
    hashes = {**data["files"], **data.get("teachers", {}), **data.get("base", {})}
    if plugin := data.get("plugin"):
        hashes[f"the plugin {plugin['module']}"] = plugin["sha256"]
    return hashes


def _with_tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values from JSON with tuples in place of lists."""
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in values.items()
    }


def _to_json(values: Mapping[str, Any]) -> str:
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"
