"""`chorale sketch`: classify drawings, and train classifiers of drawings."""

from __future__ import annotations

from chorale.commands.lazy import lazy_family

family = lazy_family(
    __name__,
    "Classify drawings; train and evaluate classifiers.",
    {
        "classify": "Print the most likely words for drawings.",
        "evaluate": "Measure a classifier on labeled drawings.",
        "train": "Train a classifier of drawings; write a run folder with the model.",
        "convert": "Convert drawings of any format to one file for training.",
        "download": "Download public drawings, word by word; resumable.",
    },
)
