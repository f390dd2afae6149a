"""References: the corpus that the judge sets samples beside, and whether it is enough.

Of random sets of Bach's own chorales, each beside as many others and nine times as many
in train, 18, 10 and 7 % of the distances were significantly larger with two, three and
four chorales, 3 % with five and six. Each test should err in 2.5 %, so a corpus needs
five held-out pieces.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chorale.corpus.loading import Corpus
from chorale.encoding.vocabulary import NoteVocabulary, OutsideNote
from chorale.errors import DataError
from chorale.evaluation.judgement import BACH, LEAST_SIZE
from chorale.evaluation.style.two_sample import LEAST_GROUPS
from chorale.evaluation.style.windows import FIRST_BAR, numbered_from_one
from chorale.music.score import Chorale
from chorale.utils.text import counted

LEAST_HELD_OUT = LEAST_SIZE
LEAST_TRAIN = 10  # a subset as large as the held-out pieces, and a rest as large


@dataclass(frozen=True, kw_only=True)
class Reference:
    """The pieces of a corpus that samples are judged beside."""

    train: Sequence[Chorale]
    held_out: Sequence[Chorale]
    name: str = BACH  # of the corpus, in tables and plots
    # Whether the corpus has pitches alone: no repeated notes, fermatas and bars.
    is_classic: bool = False
    remarks: tuple[str, ...] = ()  # on what is left out, and on tests that are not made

    @classmethod
    def of(cls, corpus: Corpus, split: str) -> Reference:
        """Return the reference of a corpus of your own.

        Pieces of fewer than three bars are left out of `held_out`: a sample begins
        after two.

        Args:
            corpus: with a train split.
            split: the held-out pieces, `valid` or `test`.

        Raises:
            DataError: there is no such split, or too few pieces for the tests.
        """
        if not corpus.train:
            raise DataError(
                f"expected at least {LEAST_TRAIN} pieces in train, which samples and "
                f"{split} are compared with, found none: add other pieces, in a folder "
                f"train/ beside {split}/",
                corpus.path,
            )
        train, whole = _of_own_names(
            *(
                tuple(map(numbered_from_one, corpus.split(name)))
                for name in ("train", split)
            )
        )
        held_out = tuple(piece for piece in whole if piece.bars[-1] >= FIRST_BAR)
        if len(held_out) < LEAST_HELD_OUT or len(train) < LEAST_TRAIN:
            raise DataError(
                f"expected at least {LEAST_TRAIN} pieces in train and {LEAST_HELD_OUT} "
                f"of {FIRST_BAR} bars or more in {split}, fewer are not enough for the "
                f"tests; got {len(train)} and {len(held_out)}: import it with a larger "
                "share of valid (chorale corpus import --shares), or add pieces; of a "
                "corpus without a valid split a tenth is held out, so it needs "
                f"{10 * LEAST_HELD_OUT} pieces",
                corpus.path,
            )
        name = corpus.path.resolve().name
        remarks = []
        if short := len(whole) - len(held_out):
            remarks.append(
                f"{counted(short, 'piece')} of {split} with fewer than {FIRST_BAR} "
                "bars left out"
            )
        if len(held_out) < LEAST_GROUPS:
            remarks.append(
                f"the classifier two-sample test needs {LEAST_GROUPS} held-out pieces, "
                f"{split} of {name} has {len(held_out)}: it is left out"
            )
        # Records of shards hold annotations; CSVs have them beside them.
        is_classic = bool(corpus.files) and not any(
            "annotations/" in file for file in corpus.hashes
        )
        if is_classic:
            remarks.append(
                f"{name} has pitches alone, no annotations: repeated notes, fermatas "
                "and bars are left out of all sets, and bars counted in 4/4"
            )
        return cls(
            train=train,
            held_out=held_out,
            name=name,
            is_classic=is_classic,
            remarks=tuple(remarks),
        )


def within(
    chorales: Sequence[Chorale],
    parts: Sequence[Chorale],
    vocabularies: Sequence[NoteVocabulary],
) -> tuple[list[Chorale], list[OutsideNote]]:
    """Return the chorales whose given parts some models can read.

    Args:
        chorales: at least one.
        parts: what is given of each, such as its opening.
        vocabularies: of the models.

    Returns:
        The chorales, and the first note outside a vocabulary of each of the others.

    Raises:
        DataError: none is left.
    """
    kept, outside = [], []
    for chorale, part in zip(chorales, parts, strict=True):
        notes = [vocabulary.first_outside(part) for vocabulary in vocabularies]
        found = next((note for note in notes if note is not None), None)
        if found is None:
            kept.append(chorale)
        else:
            outside.append(found)
    if not kept:
        raise DataError(
            "expected a piece whose given notes are within the vocabularies of the "
            f"model and of the n-gram, got {len(outside)} with notes outside them, the "
            f"first {outside[0]}"
        )
    return kept, outside


def _of_own_names(*splits: Sequence[Chorale]) -> list[tuple[Chorale, ...]]:
    """Return splits whose pieces have different sources, numbered where they repeat."""
    used = Counter(piece.source for pieces in splits for piece in pieces)
    seen: Counter[str] = Counter()
    named = []
    for pieces in splits:
        own = []
        for piece in pieces:
            source = piece.source
            if used[source] > 1:
                seen[source] += 1
                piece = replace(piece, source=f"{source}-{seen[source]}")
            own.append(piece)
        named.append(tuple(own))
    return named
