"""Learn from Bach's four-part chorales and write new ones.

These are the names to build on. Importing them loads neither TensorFlow nor music21.
"""

from chorale.cell_sampling import InfillingOptions
from chorale.completing import harmonize, rewrite
from chorale.corpus import Corpus, load_corpus
from chorale.errors import ChoraleError
from chorale.evaluation import Likelihood, evaluate
from chorale.importing import read, write
from chorale.infiller_models import load_infiller
from chorale.keys import Key
from chorale.melodies import Melody, melody_of, read_melody
from chorale.models import load_predictor
from chorale.networks import NetworkOptions
from chorale.plan import Plan
from chorale.predictors import Predictor
from chorale.sampling import sample
from chorale.score import Chorale, Metre, Note
from chorale.seeds import find_start
from chorale.token_sampling import SamplingOptions
from chorale.training import TrainingOptions, train_network
from chorale.version import __version__
from chorale.voice_leading import check

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
    "load_infiller",
    "load_predictor",
    "melody_of",
    "read",
    "read_melody",
    "rewrite",
    "sample",
    "train_network",
    "write",
]
