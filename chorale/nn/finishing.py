"""Finishing a run in a fresh process, where Keras runs on TensorFlow.

Keras trains on any backend, but only on TensorFlow does it export the graphs of a
model. The backend is chosen once for a process.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

from chorale.errors import TrainingError
from chorale.nn.runs import Run
from chorale.utils.temporary import temporary_folder

_EXPORTS = "tensorflow"  # the backend that exports graphs
_PROGRAM = "from chorale.nn.trainer import finish_pickled; finish_pickled()"


def exports_here() -> bool:
    """Return whether Keras, which is loaded, runs on the backend that exports."""
    import keras

    return bool(keras.backend.backend() == _EXPORTS)


def finish_on_tensorflow(
    task: Any, run: Run, settings: Any, data: dict[str, Any]
) -> None:
    """Store the best epoch of a run as its model, in a process on TensorFlow.

    Args:
        task: the network and its data, not built, so that it can be pickled.
        run: trained, with a checkpoint.
        settings, data: of the run.

    Raises:
        TrainingError: TensorFlow is not installed, or it fails. The run is kept.
    """
    later = (
        f"the run in {run.folder} is trained and kept; make its model by the same "
        "command with --resume --finish and KERAS_BACKEND=tensorflow"
    )
    if not find_spec(_EXPORTS):
        raise TrainingError(
            "TensorFlow, which exports the graphs of a model, is not installed: "
            f"install it, by the extra [train]; {later}"
        )
    paths = [path or "." for path in sys.path]
    environment = {
        **os.environ,
        "KERAS_BACKEND": _EXPORTS,
        "PYTHONPATH": os.pathsep.join(paths),
    }
    with temporary_folder() as folder:
        file = folder / "task.pickle"
        file.write_bytes(pickle.dumps((task, run, settings, data)))
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, str(file)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"code {done.returncode}"])[-1]
        raise TrainingError(
            f"storing the model on TensorFlow failed: {reason}; {later}"
        )
