"""Optional dependencies: asked for where they are needed, never on import."""

from __future__ import annotations

from importlib.util import find_spec

from chorale.errors import MissingExtraError

# What tells that an extra of pyproject.toml is installed.
_MODULES = {
    "train": ("keras", "tensorflow", "statsmodels", "scipy"),
    "plot": ("matplotlib",),
}


def require(extra: str, purpose: str) -> None:
    """Make sure that an extra is installed, without the seconds that loading it takes.

    Args:
        extra: its name in pyproject.toml.
        purpose: what needs it, as the subject of a sentence.

    Raises:
        MissingExtraError: it is not installed, or not all of it.
    """
    if not all(find_spec(module) for module in _MODULES[extra]):
        raise MissingExtraError(extra, purpose)
