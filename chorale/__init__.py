"""Learn from Bach's four-part chorales and write new ones.

Its public names are those of `chorale.api`, which is imported when the first of them is
used: so the command line can answer Ctrl-C from its first moment on. Neither loads
TensorFlow or music21. The rooms of the package, from the ground up:

- `utils`: what any program needs
- `music`, `nn`: what a chorale is; what a network is and how it learns
- `formats`, `voice_leading`, `encoding`: files; part-writing rules; tokens and features
- `corpus`, `models`: chorales and their splits; predictors and infillers
- `evaluation`: likelihood, and the judge
- `training`, `sampling`: from a corpus to a model; from a model to chorales
- `commands`: the command line; `benchmarks`: how fast all of it is
- `forecasting`, `sketches`: time series and drawings, which use `nn` but no music
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from chorale.version import __version__ as __version__

if TYPE_CHECKING:
    from chorale.api import *  # noqa: F403 (for type checkers, who know its names)


def __getattr__(name: str) -> Any:
    if name.startswith("__") and name != "__all__":  # what the import system asks for
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("chorale.api"), name)


def __dir__() -> list[str]:
    return [*globals(), *import_module("chorale.api").__all__]
