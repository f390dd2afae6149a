"""Learn from Bach's four-part chorales and write new ones.

These are the names to build on. Importing them loads neither TensorFlow nor music21.
"""

__version__ = "0.5.0"  # runs.py asks for it while the names below are imported

from chorale.corpus import Corpus, load_corpus
from chorale.errors import ChoraleError
from chorale.evaluation import Likelihood, evaluate
from chorale.importing import read, write
from chorale.keys import Key
from chorale.models import load_predictor
from chorale.networks import NetworkOptions
from chorale.plan import Plan
from chorale.predictors import Predictor
from chorale.sampling import SamplingOptions, sample
from chorale.score import Chorale, Metre, Note
from chorale.seeds import find_start
from chorale.training import TrainingOptions, train_network
from chorale.voice_leading import check

__all__ = [
    "Chorale",
    "ChoraleError",
    "Corpus",
    "Key",
    "Likelihood",
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
    "load_corpus",
    "load_predictor",
    "read",
    "sample",
    "train_network",
    "write",
]
