"""The public names of the package, all at once; `chorale` loads them one by one."""

from chorale.corpus.loading import Corpus, load_corpus
from chorale.corpus.reading import read_melody
from chorale.encoding.plan import Plan
from chorale.errors import ChoraleError
from chorale.evaluation.likelihood import Likelihood, evaluate
from chorale.formats.files import read, write
from chorale.models.options import NetworkOptions
from chorale.models.predictor import Predictor
from chorale.models.storage import load_model
from chorale.music.harmony.analysis import Analysis
from chorale.music.harmony.analyzing import analyze
from chorale.music.keys import Key
from chorale.music.melody import Melody, melody_of
from chorale.music.metre import Metre
from chorale.music.score import Chorale, Note
from chorale.nn.bodies import BodyOptions, register_body
from chorale.sampling.best_of import Judge
from chorale.sampling.completion import harmonize
from chorale.sampling.generate import sample
from chorale.sampling.gibbs import InfillingOptions
from chorale.sampling.next_step_options import SamplingOptions
from chorale.sampling.openings import find_start
from chorale.sampling.rewriting import rewrite
from chorale.training.chorale_networks import train_network
from chorale.training.options import TrainingOptions
from chorale.version import __version__
from chorale.voice_leading.checking import check

__all__ = [
    "Analysis",
    "BodyOptions",
    "Chorale",
    "ChoraleError",
    "Corpus",
    "InfillingOptions",
    "Judge",
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
    "analyze",
    "check",
    "evaluate",
    "find_start",
    "harmonize",
    "load_corpus",
    "load_model",
    "melody_of",
    "read",
    "read_melody",
    "register_body",
    "rewrite",
    "sample",
    "train_network",
    "write",
]
