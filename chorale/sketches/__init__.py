"""What does a drawing show? Classification of sketches from their strokes.

- strokes: drawings as values; preprocessing: the pipeline to network input
- formats: reads and writes files of drawings
- download, http_files: the Quick, Draw! files; one file over HTTP, resumably
- conversion, shuffling: files of drawings into one, in random order
- examples, batches, augmentation: labeled training data
- network, options, training, models: train a classifier, store it, load it
- classification: the most likely words of a drawing
- evaluation, comparison, pictures: metrics, confidence intervals, plots

Importing this loads neither TensorFlow nor ONNX Runtime.
"""

from chorale.sketches.classification import Guess, classify, classify_many
from chorale.sketches.formats.files import read_sketches, write_sketches
from chorale.sketches.models import Classifier, load_classifier
from chorale.sketches.preprocessing import to_ink
from chorale.sketches.strokes import Sketch

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
