"""What does a drawing show? Classification of sketches from their strokes.

- strokes: drawings as values; preprocessing: the pipeline to network input
- formats: reads and writes files of drawings
- download, http_files: the Quick, Draw! files; one file over HTTP, resumably
- conversion, shuffling: files of drawings into one, in random order
- examples, batches, augmentation: labeled training data
- network, options, training, models: train a classifier, store it, load it
- classification: the most likely words of a drawing
- evaluation, comparison, pictures: metrics, confidence intervals, plots

Importing this loads neither TensorFlow nor ONNX Runtime; its names are imported when
they are used.
"""

from typing import TYPE_CHECKING

from chorale.utils.lazy_names import import_when_used

if TYPE_CHECKING:
    from chorale.sketches.classification import Guess as Guess
    from chorale.sketches.classification import classify as classify
    from chorale.sketches.classification import classify_many as classify_many
    from chorale.sketches.formats.files import read_sketches as read_sketches
    from chorale.sketches.formats.files import write_sketches as write_sketches
    from chorale.sketches.models import Classifier as Classifier
    from chorale.sketches.models import load_classifier as load_classifier
    from chorale.sketches.preprocessing import to_ink as to_ink
    from chorale.sketches.strokes import Sketch as Sketch

# Modules, and which public names are theirs.
_NAMES = {
    "chorale.sketches.classification": ("Guess", "classify", "classify_many"),
    "chorale.sketches.formats.files": ("read_sketches", "write_sketches"),
    "chorale.sketches.models": ("Classifier", "load_classifier"),
    "chorale.sketches.preprocessing": ("to_ink",),
    "chorale.sketches.strokes": ("Sketch",),
}
__all__, __getattr__ = import_when_used(__name__, _NAMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
