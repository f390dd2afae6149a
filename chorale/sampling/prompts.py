"""Prompts: the openings, plans and sopranos of Bach's that a model completes.

`find_start` finds the prompt of a single new piece. The other functions complete whole
sets of prompts for the judge (`chorale.evaluation.judgement`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chorale.corpus.index import read_index
from chorale.corpus.loading import bundled_corpus, load_entry
from chorale.corpus.seeds import find_seed
from chorale.encoding.plan import Plan
from chorale.errors import UsageError
from chorale.evaluation.judgement import JudgedSets
from chorale.evaluation.style.windows import Window, match_windows
from chorale.models.ngram import fit_ngram
from chorale.models.predictor import Predictor
from chorale.music.score import Chorale
from chorale.music.voices import SOPRANO
from chorale.sampling.completion import Model, Options, fill_in
from chorale.sampling.fragments import with_voice
from chorale.sampling.generate import Start, sample_each
from chorale.sampling.next_step import SamplingOptions
from chorale.utils.progress import Progress

# Default length of an opening: enough to establish metre and key.
OPENING_BARS = 2


def draw_chorales(
    chorales: Sequence[Chorale], count: int, random_state: int = 0
) -> list[Chorale]:
    """Draw `count` chorales in random order; none repeats before all have been drawn.

    Raises:
        UsageError: `count` is below 1.
    """
    if count < 1:
        raise UsageError(f"expected at least 1 sample, got {count}")
    order = np.random.default_rng(random_state).permutation(len(chorales))
    return [chorales[int(index)] for index in np.resize(order, count)]


def continue_each(
    predictor: Predictor[Any],
    chorales: Sequence[Chorale],
    options: SamplingOptions | None = None,
    *,
    bars: int | None = None,
    opening_bars: int | None = None,
    progress: Progress | None = None,
) -> list[Window]:
    """Continue the opening of each chorale, following the chorale's plan.

    Args:
        predictor: the model.
        chorales: sources of the openings and plans.
        options: None for the defaults.
        bars: length of each piece, opening included; None for the chorale's length.
        opening_bars: length of each opening; None for two bars, 0 for no opening.
        progress: see `sample_each`.

    Returns:
        The continuations without their openings; the group of each is its chorale.

    Raises:
        UsageError: `bars` leaves nothing to write, or an opening is longer than its
            chorale.
    """
    starts = []
    for chorale in chorales:
        plan = Plan.of(chorale) if bars is None else Plan.of(chorale).with_bars(bars)
        opening = None if opening_bars == 0 else opening_of(chorale, opening_bars)
        starts.append(Start(plan, opening))
    written = sample_each(predictor, starts, options, progress=progress)
    return [
        Window(piece, start.opening.steps if start.opening else 0, chorale.source)
        for piece, start, chorale in zip(written, starts, chorales, strict=True)
    ]


def harmonize_each(
    model: Model,
    chorales: Sequence[Chorale],
    options: Options | None = None,
    *,
    progress: Progress | None = None,
) -> list[Window]:
    """Harmonize the soprano of each chorale.

    Args:
        model: a predictor or an infiller.
        chorales: sources of the sopranos and plans.
        options, progress: see `fill_in`.

    Returns:
        The harmonizations, whole; the group of each is its chorale.
    """
    fragments = [with_voice(chorale, SOPRANO) for chorale in chorales]
    written = fill_in(model, fragments, options, progress=progress)
    return [
        Window(piece, 0, chorale.source)
        for piece, chorale in zip(written, chorales, strict=True)
    ]


def reference_windows(
    windows: Sequence[Window], chorales: Sequence[Chorale]
) -> list[Window]:
    """Return Bach's own versions of completed pieces, cut to at most their length.

    Args:
        windows: of `continue_each` or `harmonize_each`.
        chorales: all that were completed, and possibly others.

    Returns:
        One window a completed chorale, without duplicates, in the order of `chorales`.
    """
    completed = {window.group: window for window in windows}
    references = []
    for source, chorale in {chorale.source: chorale for chorale in chorales}.items():
        if source in completed:
            window = completed[source]
            steps = window.chorale.steps
            part = chorale.opening(steps)
            references.append(Window(part, window.start, source, steps < chorale.steps))
    return references


def sampled_sets(
    write: Callable[..., list[Window]],
    model: Model,
    chorales: Sequence[Chorale],
    train: Sequence[Chorale],
    options: Mapping[str, Options],
    *,
    progress: Progress | None = None,
) -> JudgedSets:
    """Complete Bach's prompts by a model and by an n-gram, to be judged.

    Args:
        write: `continue_each`, for a predictor, or `harmonize_each`.
        model: a predictor or an infiller.
        chorales: sources of the prompts.
        train: training chorales.
        options: of `samples`, and of any variants, by name.
        progress: called with the work done on all sets and its total.
    """
    samples = options["samples"]
    particles = getattr(samples, "particles", None)
    jobs = {name: (model, variant) for name, variant in options.items()}
    jobs["n-gram"] = fit_ngram(train), _ngram_options(samples.random_state, particles)
    drawn = {}
    for index, (name, (writer, variant)) in enumerate(jobs.items()):

        def part(done: int, total: int, index: int = index) -> None:
            if progress is not None:
                progress(index * total + done, len(jobs) * total)

        drawn[name] = write(writer, chorales, variant, progress=part)
    return JudgedSets(
        samples=drawn["samples"],
        bach=reference_windows(drawn["samples"], chorales),
        ngram=drawn["n-gram"],
        train=train,
        melodies=chorales if write is harmonize_each else (),
        variants={name: drawn[name] for name in options if name != "samples"},
    )


def matched_sets(
    windows: Sequence[Window],
    bach: Sequence[Chorale],
    train: Sequence[Chorale],
    *,
    opening_bars: int = 0,
    is_classic: bool = False,
    random_state: int = 0,
    progress: Progress | None = None,
) -> JudgedSets:
    """Match windows with Bach's chorales and samples of an n-gram, to be judged.

    Args:
        windows: to be judged.
        bach: held-out chorales.
        train: training chorales.
        opening_bars: bars that the n-gram continues; 0 for none.
        is_classic: whether the windows are from CSVs of four columns: then all others
            are reduced to what such files hold.
        random_state: of all draws.
        progress: called with the pieces that the n-gram has written and their total.
    """
    ngram = continue_each(
        fit_ngram(train),
        draw_chorales(bach, len(windows), random_state),
        _ngram_options(random_state),
        opening_bars=opening_bars,
        progress=progress,
    )
    if is_classic:
        bach, train = (tuple(map(as_classic, chorales)) for chorales in (bach, train))
        ngram = [replace(w, chorale=as_classic(w.chorale)) for w in ngram]
    random = np.random.default_rng(random_state)
    matched = match_windows(windows, bach, random).windows
    return JudgedSets(samples=windows, bach=matched, ngram=ngram, train=train)


def _ngram_options(random_state: int, particles: int | None = None) -> SamplingOptions:
    """Return options that sample the n-gram's own distribution."""
    return SamplingOptions(
        rules="off", top_p=1.0, particles=particles, random_state=random_state
    )


def as_classic(chorale: Chorale) -> Chorale:
    """Return a chorale reduced to what a CSV of four columns holds.

    Repeated notes are merged, fermatas dropped, and bars counted from the first step in
    4/4.
    """
    return Chorale(
        pitches=chorale.pitches,
        key=chorale.key,
        title=chorale.title,
        source=chorale.source,
    )


def find_start(
    seed: str | Chorale,
    *,
    plan: str | Chorale | None = None,
    bars: int | None = None,
    opening_bars: int | None = None,
    random_state: int = 0,
) -> Start:
    """Return the plan and the opening of a new piece.

    Args:
        seed: a chorale or the name of a seed, see `find_seed`; `none` for no opening.
        plan: the same, whose metre, pickup, fermatas and length to follow,
            in the key of `seed`; None for those of `seed`. A plan `none`, or a seed
            `none` without a plan, takes the plan of a random chorale of train.
        bars: length of the whole piece; None for the length of the plan.
        opening_bars: full bars of the seed to keep, in addition to its pickup; None for
            two, or all if the seed has fewer.
        random_state: seed of the choice of a random plan.

    Raises:
        UsageError: there is no such seed, a number of bars is out of bounds, or the
            seed has fewer bars than the opening.
        DataError: a file holds no chorale of four voices.
    """
    chorale = find_seed(seed)
    opening = None
    if chorale is not None:
        opening = opening_of(chorale, opening_bars)
    elif opening_bars is not None:
        raise UsageError(
            f"an opening of {opening_bars} bars needs a seed to take it from, got "
            f"the seed {seed!r}: name another seed or leave --opening out"
        )
    pattern = chorale if plan is None else find_seed(plan)
    if pattern is None:
        pattern = _random_train_chorale(random_state)
    whole = Plan.of(pattern)
    if chorale is not None:
        whole = replace(whole, key=chorale.key)
    return Start(whole if bars is None else whole.with_bars(bars), opening)


def opening_of(chorale: Chorale, bars: int | None = None) -> Chorale:
    """Return the pickup and the first full bars of a chorale.

    Args:
        bars: how many; None for two, or all if there are fewer.

    Raises:
        UsageError: fewer than one bar, or more than the chorale has.
    """
    available = int(chorale.bars[-1])
    if bars is None:
        bars = min(OPENING_BARS, available)
    if not 1 <= bars <= available:
        raise UsageError(
            f"expected an opening of 1 to {available} bars, the length of the seed, "
            f"got {bars}"
        )
    return chorale.opening(int((chorale.bars <= bars).sum()))


def _random_train_chorale(random_state: int) -> Chorale:
    """Return a random chorale of the train split."""
    folder = bundled_corpus()
    entries = [entry for entry in read_index(folder) if entry.split == "train"]
    picked = np.random.default_rng(random_state).integers(len(entries))
    return load_entry(entries[int(picked)], folder)
