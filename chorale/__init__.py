"""Learn from Bach's four-part chorales and write new ones.

Its public names are those of `chorale.api`. Each is imported when it is first used, so
that a program waits for nothing else, and the command line can answer Ctrl-C from its
first moment on. None loads TensorFlow or music21. The rooms of the package, from the
ground up:

- `utils`: what any program needs
- `music`, `nn`: what a chorale is; what a network is and how it learns
- `formats`, `voice_leading`, `encoding`: files; part-writing rules; tokens and features
- `corpus`, `models`: chorales and their splits; predictors and infillers
- `evaluation`: likelihood, and the judge
- `training`, `sampling`: from a corpus to a model; from a model to chorales
- `commands`: the command line; `benchmarks`: how fast all of it is
- `forecasting`, `sketches`: time series and drawings, which use `nn` but no music
"""

from typing import TYPE_CHECKING

from chorale.utils.lazy_names import import_when_used
from chorale.version import __version__ as __version__

if TYPE_CHECKING:
    from chorale.api import *  # noqa: F403 (for type checkers, who know its names)

# Modules, and which public names are theirs.
_NAMES = {
    "chorale.corpus.loading": ("Corpus", "load_corpus"),
    "chorale.corpus.reading": ("read_melody",),
    "chorale.encoding.plan": ("Plan",),
    "chorale.errors": ("ChoraleError",),
    "chorale.evaluation.likelihood": ("Likelihood", "evaluate"),
    "chorale.formats.files": ("read", "write"),
    "chorale.models.options": ("NetworkOptions",),
    "chorale.models.predictor": ("Predictor",),
    "chorale.models.storage": ("load_model",),
    "chorale.music.harmony.analysis": ("Analysis",),
    "chorale.music.harmony.analyzing": ("analyze",),
    "chorale.music.keys": ("Key",),
    "chorale.music.melody": ("Melody", "melody_of"),
    "chorale.music.metre": ("Metre",),
    "chorale.music.score": ("Chorale", "Note"),
    "chorale.nn.bodies": ("BodyOptions", "register_body"),
    "chorale.sampling.best_of": ("Judge",),
    "chorale.sampling.completion": ("harmonize",),
    "chorale.sampling.generate": ("sample",),
    "chorale.sampling.gibbs": ("InfillingOptions",),
    "chorale.sampling.next_step_options": ("SamplingOptions",),
    "chorale.sampling.openings": ("find_start",),
    "chorale.sampling.rewriting": ("rewrite",),
    "chorale.training.chorale_networks": ("train_network",),
    "chorale.training.options": ("TrainingOptions",),
    "chorale.version": ("__version__",),
    "chorale.voice_leading.checking": ("check",),
}
__all__, __getattr__ = import_when_used(__name__, _NAMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
