"""Rewriting: other notes for a passage of a piece, that differ from those it had.

How drafts that differ enough are found is in `chorale.sampling.variations`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import cache

from chorale.errors import OptionError, UsageError
from chorale.music.score import Chorale
from chorale.sampling.best_of import Choice, Judge, choose_if_judged
from chorale.sampling.completion import Model, Options, default_options
from chorale.sampling.fragments import Fragment
from chorale.sampling.next_step_options import PARTICLES, SamplingOptions
from chorale.sampling.passages import name_of, passage_of
from chorale.sampling.variations import Choose, Rewritten, VariationSearch
from chorale.utils.arrays import BoolArray
from chorale.utils.progress import PartedProgress, Progress
from chorale.utils.text import counted, percent

# Particles of a passage: more than of a melody, as it is short and has to fit the notes
# after it.
PASSAGE_PARTICLES = 32
# Share of the cells of a passage that differ, unless asked otherwise.
DISTANCE = 0.4


class JudgedChoice:
    """Keeps the best of the drafts of each variation.

    Args:
        load_judge: opens the judge; called once, if there is something to rank.
        report: whether choices name all candidates.

    Attributes:
        remarks: sentences for the user.
    """

    def __init__(
        self, load_judge: Callable[[], Judge], *, report: bool = False
    ) -> None:
        self._load_judge, self._report = cache(load_judge), report
        self.remarks: tuple[str, ...] = ()

    def __call__(self, drafts: Sequence[Chorale]) -> Choice:
        choices, remarks = choose_if_judged(
            drafts, len(drafts), self._load_judge, report=self._report
        )
        self.remarks = tuple(dict.fromkeys((*self.remarks, *remarks)))
        return choices[0]


def rewrite(
    model: Model,
    chorale: Chorale,
    options: Options | None = None,
    *,
    bars: Collection[int] | None = None,
    voices: Collection[int] | None = None,
    keep: BoolArray | None = None,
    variations: int = 1,
    distance: float = DISTANCE,
    progress: Progress | None = None,
) -> list[Chorale]:
    """Rewrite a passage; all other notes stay unchanged.

    A note held beyond the end of the passage is kept from its onset; one held into the
    passage is kept up to its beginning.

    Args:
        model: a predictor or an infiller.
        chorale: the piece.
        options: of the model's kind; None for its defaults. Unless they name the number
            of particles, it is PASSAGE_PARTICLES.
        bars: numbers of bars, a pickup being 0; None for all.
        voices: indices of voices; None for all.
        keep: bool array (steps, 4), cells within these bars and voices that stay
            unchanged too, so that a passage may have any form; None for none.
        variations: number of chorales; the first of four equals the only one of one.
        distance: least share of the cells of the passage whose pitch differs from what
            it was, and between any two variations; 0 does not ask for any, 1 for as
            many as possible. Where the model has no such passage, the most different
            one that was found.
        progress: see `fill_in`; the total grows whenever drafts are drawn again.

    Raises:
        UsageError: fewer than one variation, no such bar or voice, a passage that is
            the whole piece or has no note to write, `keep` of another shape, a distance
            not from 0 to 1, a range without a note of the vocabulary, or options of the
            other kind of model.
        DataError: a note that is kept is outside the model's vocabulary.
    """
    rewritten = rewrite_passage(
        model,
        Fragment(chorale, ~passage_of(chorale, bars, voices, keep)),
        options,
        variations=variations,
        distance=distance,
        progress=progress,
    )
    return [each.choice.chorale for each in rewritten]


def rewrite_passage(
    model: Model,
    fragment: Fragment,
    options: Options | None = None,
    *,
    variations: int = 1,
    best_of: int = 1,
    distance: float = DISTANCE,
    choose: Choose = lambda drafts: Choice(drafts[0]),
    progress: Progress | None = None,
) -> list[Rewritten]:
    """Rewrite what is not given of a piece, and say how much it differs.

    Args:
        model, options, variations, distance, progress: see `rewrite`.
        fragment: the piece, and which of its cells stay as they are, if any do.
        best_of: number of drafts for each variation.
        choose: keeps one of those drafts that differ enough, one or more.

    Raises:
        UsageError, DataError: see `rewrite`.
    """
    if variations < 1:
        raise UsageError(f"expected at least 1 variation, got {variations}")
    if not 0 <= distance <= 1:
        raise OptionError("distance", f"expected {{}} from 0 to 1, got {distance}")
    options = options or default_options(model)
    if isinstance(options, SamplingOptions) and options.particles is None:
        particles = PASSAGE_PARTICLES if fragment.given.any() else PARTICLES
        options = replace(options, particles=particles)
    search = VariationSearch(
        model=model,
        fragment=fragment,
        options=options,
        best_of=best_of,
        distance=distance,
        choose=choose,
        progress=PartedProgress(progress),
    )
    drafts = search.draw(0, variations * best_of, search.avoided([]))
    rewritten: list[Rewritten] = []
    for number in range(variations):
        first = number * best_of
        others = [each.choice.chorale for each in rewritten]
        rewritten.append(search.find(first, drafts[first : first + best_of], others))
    return rewritten


def sentence_of(rewritten: Rewritten, distance: float) -> str:
    """Return how much changed, such as `changed 46 % of the 64 sixteenths of bar 5`.

    Sixteenths are those of all voices of the passage: its cells.

    Args:
        rewritten: the piece.
        distance: that was asked for.
    """
    passage = rewritten.passage
    cells = counted(int(passage.sum()), "sixteenth")
    name = name_of(passage, rewritten.choice.chorale)
    text = f"changed {percent(rewritten.changed)} of the {cells} of {name}"
    if rewritten.apart is not None:
        apart = percent(rewritten.apart)
        text += f", and {apart} or more from the variations before it"
    if not rewritten.reached:
        text += f"; no draft differs in the {percent(distance)} asked for"
    return text
