"""Optional dependencies: asked for where they are needed, never on import."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec

from chorale.errors import MissingExtraError, UsageError

# What tells that an extra of pyproject.toml is installed.
_MODULES = {
    "train": ("keras", "tensorflow", "statsmodels", "scipy"),
    "plot": ("matplotlib",),
}


def require(extra: str, purpose: str, modules: Sequence[str] = ()) -> None:
    """Make sure that an extra is installed, without the seconds that loading it takes.

    Args:
        extra: its name in pyproject.toml.
        purpose: what needs it, as the subject of a sentence.
        modules: of the extra, if it does not take all of them.

    Raises:
        MissingExtraError: it is not installed, or not all that is needed of it.
    """
    if not all(find_spec(module) for module in modules or _MODULES[extra]):
        raise MissingExtraError(extra, purpose)


def require_keras(purpose: str) -> None:
    """Make sure that there are Keras and what it is to run on; see `require`.

    That is TensorFlow unless the environment variable KERAS_BACKEND says otherwise.

    Raises:
        UsageError: it says so, and what it names is not installed.
    """
    backend = os.environ.get("KERAS_BACKEND") or "tensorflow"
    of_extra = [one for one in ("keras", backend) if one in _MODULES["train"]]
    require("train", purpose, of_extra)
    if not find_spec(backend):
        raise UsageError(
            f"{purpose} by KERAS_BACKEND={backend} needs {backend}, which no extra "
            f"installs: pip install {backend}, or unset KERAS_BACKEND"
        )
