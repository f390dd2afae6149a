"""Sketches: what is it that somebody has drawn?

Drawings of any origin go down one road (`to_ink`) to a small network that tells 338
words of Google's Quick, Draw! apart. Importing this loads neither TensorFlow nor ONNX
Runtime.
"""

from chorale.sketches.classifying import Guess, classify, classify_many
from chorale.sketches.formats import read_sketches, write_sketches
from chorale.sketches.models import Classifier, load_classifier
from chorale.sketches.strokes import Sketch, to_ink

__all__ = [
    "Classifier",
    "Guess",
    "Sketch",
    "classify",
    "classify_many",
    "load_classifier",
    "read_sketches",
    "to_ink",
    "write_sketches",
]
