"""What is in this drawing? Classification of sketches, stroke by stroke.

`strokes`, `preprocessing` and `formats` turn files into network input, `examples`,
`batches` and `augmentation` into training data. `network`, `options`, `training` and
`models` make a classifier of the 338 words of Quick, Draw!, `classification` uses it,
`evaluation`, `comparison` and `pictures` measure it. `conversion`, `shuffling` and
`download` prepare data sets. Importing this loads neither TensorFlow nor ONNX Runtime.
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
