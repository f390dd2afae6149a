"""Which chorales a model can be evaluated on: those whose notes it can write."""

from __future__ import annotations

from collections.abc import Sequence

from chorale.encoding.vocabulary import NoteVocabulary, OutsideNote
from chorale.errors import DataError
from chorale.music.score import Chorale


def covered(
    vocabulary: NoteVocabulary, chorales: Sequence[Chorale], *, strict: bool = False
) -> tuple[list[Chorale], tuple[OutsideNote, ...]]:
    """Divide chorales into those inside a vocabulary and the others.

    Args:
        vocabulary: of the model.
        chorales: at least one.
        strict: whether to raise at the first chorale with a note outside.

    Returns:
        The chorales inside, in the given order, and the first note outside of each of
        the others.

    Raises:
        DataError: there are no chorales, or none is inside.
    """
    if not chorales:
        raise DataError("expected at least one chorale to evaluate, got none")
    inside, outside = [], []
    for chorale in chorales:
        note = vocabulary.first_outside(chorale)
        if note is None:
            inside.append(chorale)
        elif strict:
            vocabulary.number_notes(chorale)  # raises
        else:
            outside.append(note)
    if not inside:
        raise DataError(
            f"expected a chorale within the model's vocabulary, {vocabulary.compass}, "
            f"got {len(outside)} with notes outside it, the first {outside[0]}"
        )
    return inside, tuple(outside)
