"""The corpus that `chorale judge` compares with: Bach's, or one of yours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from chorale.commands.model_options import trainings
from chorale.commands.printing import print_remarks
from chorale.corpus.held_out import leakage_remarks, learned_pieces, load_divided
from chorale.corpus.loading import Corpus, load_corpus, unseen_melodies
from chorale.encoding.tokens import Vocabulary
from chorale.errors import DataError
from chorale.evaluation.reference import Reference, within
from chorale.music.score import Chorale
from chorale.music.voices import SOPRANO
from chorale.sampling.completion import Model
from chorale.sampling.fragments import with_voice
from chorale.sampling.openings import opening_of


def load_reference(
    path: Path | None, split: str, names: Sequence[str], *, new_tunes: bool = False
) -> Reference:
    """Return what samples are compared with; print remarks on it.

    Args:
        path: folder of the corpus; None for Bach's chorales.
        split: that is held out.
        names: of the models that are judged.
        new_tunes: whether only pieces are held out whose tunes train lacks.

    Raises:
        DataError: as `load_divided` and `Reference.of`; or no tune is new.
    """
    if path is None:
        corpus = load_corpus(splits=("train", split))
        if new_tunes:
            corpus = _with_new_tunes(corpus, split)
        return Reference(train=corpus.train, held_out=corpus.split(split))
    data = trainings(names)
    corpus, remarks = load_divided(path, ("train", split), data)
    print_remarks(*remarks)
    if new_tunes:
        corpus = _with_new_tunes(corpus, split)
    reference = Reference.of(corpus, split)
    learned = learned_pieces(corpus, split, data)
    leaks = leakage_remarks(learned, len(corpus.split(split)))
    print_remarks(*leaks, *reference.remarks)
    return reference


def _with_new_tunes(corpus: Corpus, split: str) -> Corpus:
    """Return a corpus whose pieces of a split have tunes that train lacks."""
    unseen = unseen_melodies(corpus, split)
    if not unseen:
        raise DataError(
            f"expected a piece of {split} whose tune does not occur in train, got none",
            corpus.path,
        )
    kept = set(map(id, unseen))
    files = tuple(
        file
        for file, chorale in zip(corpus.files[split], corpus.split(split), strict=True)
        if id(chorale) in kept
    )
    changes: dict[str, Any] = {split: unseen, "files": {**corpus.files, split: files}}
    return replace(corpus, **changes)


def prompts_of(reference: Reference, model: Model, given: bool) -> Sequence[Chorale]:
    """Return the held-out pieces whose opening, or soprano, the models can read."""
    held_out = reference.held_out
    vocabularies = [model.vocabulary, Vocabulary.fit(reference.train)]
    if given:
        parts = [with_voice(chorale, SOPRANO).known() for chorale in held_out]
    else:
        parts = [opening_of(chorale) for chorale in held_out]
    prompts, outside = within(held_out, parts, vocabularies)
    print_remarks(
        *(
            f"{note} is outside the vocabulary of the model, or of the n-gram of train:"
            " the piece is left out"
            for note in outside
        )
    )
    return prompts
