"""Learn from Bach's four-part chorales and write new ones.

This is the public API. Importing it loads neither TensorFlow nor music21. The rooms of
the package, from the ground up:

- `utils`: what any program needs
- `music`, `nn`: what a chorale is; what a network is and how it learns
- `formats`, `voice_leading`, `encoding`: files; part-writing rules; tokens and features
- `corpus`, `models`: chorales and their splits; predictors and infillers
- `evaluation`: likelihood, and the judge
- `training`, `sampling`: from a corpus to a model; from a model to chorales
- `commands`: the command line
- `forecasting`, `sketches`: time series and drawings, which use `nn` but no music
"""

from chorale.corpus.loading import Corpus, load_corpus
from chorale.corpus.reading import read_melody
from chorale.encoding.plan import Plan
from chorale.errors import ChoraleError
from chorale.evaluation.likelihood import Likelihood, evaluate
from chorale.formats.files import read, write
from chorale.models.options import NetworkOptions
from chorale.models.predictor import Predictor
from chorale.models.storage import load_model
from chorale.music.keys import Key
from chorale.music.melody import Melody, melody_of
from chorale.music.metre import Metre
from chorale.music.score import Chorale, Note
from chorale.sampling.completion import harmonize, rewrite
from chorale.sampling.generate import sample
from chorale.sampling.gibbs import InfillingOptions
from chorale.sampling.next_step import SamplingOptions
from chorale.sampling.prompts import find_start
from chorale.training.options import TrainingOptions
from chorale.training.trainer import train_network
from chorale.version import __version__
from chorale.voice_leading.checking import check

__all__ = [
    "Chorale",
    "ChoraleError",
    "Corpus",
    "InfillingOptions",
    "Key",
    "Likelihood",
    "Melody",
    "Metre",
    "NetworkOptions",
    "Note",
    "Plan",
    "Predictor",
    "SamplingOptions",
    "TrainingOptions",
    "__version__",
    "check",
    "evaluate",
    "find_start",
    "harmonize",
    "load_corpus",
    "load_model",
    "melody_of",
    "read",
    "read_melody",
    "rewrite",
    "sample",
    "train_network",
    "write",
]
