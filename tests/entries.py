"""An entry of an index, for tests of corpora."""

from __future__ import annotations

from chorale.corpus.index import Entry

ENTRY = Entry(
    file="chorales/train/chorale_000.csv",
    split="train",
    bwv="253",
    score="bwv253.mxl",
    title="Ein Lämmlein geht, und trägt die Schuld",
    key="A major",
    metre="3/4 4/4@24",
    pickup=4,
    steps=40,
    tune_group=7,
    sha256="0" * 64,
)
