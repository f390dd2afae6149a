"""Optional dependencies: checked where they are needed, never on import."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec

from chorale.errors import MissingExtraError, UsageError

# The modules by which an extra of pyproject.toml is recognized.
_MODULES = {
    "train": ("keras", "tensorflow", "statsmodels", "scipy"),
    "plot": ("matplotlib",),
    "score": ("verovio", "resvg_py"),
    "studio": ("starlette", "uvicorn", "verovio"),
    "jax": ("jax",),
    "scale": ("dask", "distributed"),
}


def require(extra: str, purpose: str, modules: Sequence[str] = ()) -> None:
    """Check that modules of an extra, by default all, are installed; load none.

    The purpose is what needs them, as the subject of a sentence.

    Raises:
        MissingExtraError: a module is not installed.
    """
    if not all(find_spec(module) for module in modules or _MODULES[extra]):
        raise MissingExtraError(extra, purpose)


def require_keras(purpose: str) -> None:
    """Check that Keras and its backend are installed, see `require`.

    The backend is that of the environment variable KERAS_BACKEND, or TensorFlow.

    Raises:
        MissingExtraError: Keras, TensorFlow or JAX is not installed.
        UsageError: another backend is not installed.
    """
    backend = os.environ.get("KERAS_BACKEND") or "tensorflow"
    modules = [name for name in ("keras", backend) if name in _MODULES["train"]]
    require("train", purpose, modules)
    if backend == "jax":
        require("jax", f"{purpose} by KERAS_BACKEND=jax")
    if not find_spec(backend):
        raise UsageError(
            f"{purpose} by KERAS_BACKEND={backend} needs {backend}, which no extra "
            f"installs: pip install {backend}, or unset KERAS_BACKEND"
        )
