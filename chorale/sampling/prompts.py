"""Prompts: sets of openings, plans and sopranos that a model completes.

They are for the judge (`chorale.evaluation.judgement`); the prompt of a single piece is
found by `chorale.sampling.openings`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chorale.encoding.tokens import Vocabulary
from chorale.errors import UsageError
from chorale.evaluation.judgement import JudgedSets
from chorale.evaluation.reference import Reference, within
from chorale.evaluation.style.windows import Window, match_windows
from chorale.models.form import Form
from chorale.models.ngram import fit_ngram
from chorale.models.predictor import Predictor
from chorale.music.phrases import fermatas_of
from chorale.music.score import Chorale
from chorale.music.voices import SOPRANO
from chorale.sampling.best_of import Judge, choose_if_judged
from chorale.sampling.completion import Model, Options, fill_in
from chorale.sampling.fragments import with_voice
from chorale.sampling.generate import Start, sample_each
from chorale.sampling.next_step_options import SamplingOptions
from chorale.sampling.openings import opening_of, plan_of
from chorale.utils.progress import Progress


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
    form: Form | None = None,
    progress: Progress | None = None,
) -> list[Window]:
    """Continue the opening of each chorale, following the chorale's plan.

    Args:
        predictor: the model.
        chorales: sources of the openings and plans.
        options: None for the defaults.
        bars: length of each piece, opening included; None for the chorale's length.
        opening_bars: length of each opening; None for two bars, 0 for no opening.
        form: see `Start`; None draws one for each piece.
        progress: see `sample_each`.

    Returns:
        The continuations without their openings; the group of each is its chorale.

    Raises:
        UsageError: `bars` leaves nothing to write, or an opening is longer than its
            chorale.
    """
    starts = []
    for chorale in chorales:
        plan, _ = plan_of(chorale)
        plan = plan if bars is None else plan.with_bars(bars)
        opening = None if opening_bars == 0 else opening_of(chorale, opening_bars)
        starts.append(Start(plan, opening, form))
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
    drafts: int = 1,
    progress: Progress | None = None,
) -> list[Window]:
    """Harmonize the soprano of each chorale, all at one temperature.

    Args:
        model: a predictor or an infiller.
        chorales: sources of the sopranos and plans.
        options, drafts, progress: see `fill_in`.

    Returns:
        The harmonizations, whole; the group of each is its chorale.
    """
    fragments = [
        with_voice(replace(chorale, fermatas=fermatas_of(chorale)[0]), SOPRANO)
        for chorale in chorales
    ]
    written = fill_in(model, fragments, options, drafts=drafts, progress=progress)
    return [
        Window(piece, 0, chorale.source)
        for piece, chorale in zip(written, chorales, strict=True)
    ]


def reference_windows(
    windows: Sequence[Window], chorales: Sequence[Chorale]
) -> list[Window]:
    """Return the original versions of completed pieces, cut to at most their length.

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
    reference: Reference,
    options: Mapping[str, Options],
    *,
    judge: Judge | None = None,
    best_of: int = 1,
    progress: Progress | None = None,
) -> JudgedSets:
    """Complete the prompts of a corpus by a model and by an n-gram, to be judged.

    Args:
        write: `continue_each`, for a predictor, or `harmonize_each`.
        model: a predictor or an infiller.
        chorales: sources of the prompts, drawn from those that are held out.
        reference: the corpus.
        options: of `samples`, and of any variants, by name.
        judge: keeps one of several samples; None to keep the only one.
        best_of: number of samples drawn of each prompt; those of the n-gram are kept as
            they are.
        progress: called with the work done on all sets and its total.
    """
    train = reference.train
    samples = options["samples"]
    particles = getattr(samples, "particles", None)
    jobs = {name: (model, variant) for name, variant in options.items()}
    jobs["n-gram"] = fit_ngram(train), _ngram_options(samples.random_state, particles)
    drawn = {}
    for index, (name, (writer, variant)) in enumerate(jobs.items()):

        def part(done: int, total: int, index: int = index) -> None:
            if progress is not None:
                progress(index * total + done, len(jobs) * total)

        if judge is None or name == "n-gram":
            drawn[name] = write(writer, chorales, variant, progress=part)
            continue
        repeated = [chorale for chorale in chorales for _ in range(best_of)]
        meeting = {"drafts": best_of} if write is harmonize_each else {}
        windows = write(writer, repeated, variant, progress=part, **meeting)
        drawn[name] = [
            _best(windows[first : first + best_of], judge)
            for first in range(0, len(windows), best_of)
        ]
    sets = JudgedSets(
        samples=drawn["samples"],
        bach=reference_windows(drawn["samples"], chorales),
        ngram=drawn["n-gram"],
        train=train,
        melodies=chorales if write is harmonize_each else (),
        variants={name: drawn[name] for name in options if name != "samples"},
        corpus=reference.name,
    )
    return as_classic_sets(sets) if reference.is_classic else sets


def _best(drafts: Sequence[Window], judge: Judge) -> Window:
    """Return the best of the drafts of one prompt."""
    pieces = [draft.chorale for draft in drafts]
    (choice,), _ = choose_if_judged(
        pieces, len(pieces), lambda: judge, opening=drafts[0].start
    )
    return replace(drafts[0], chorale=choice.chorale)


def matched_sets(
    windows: Sequence[Window],
    reference: Reference,
    *,
    opening_bars: int = 0,
    is_classic: bool = False,
    random_state: int = 0,
    progress: Progress | None = None,
) -> JudgedSets:
    """Match windows with chorales of a corpus and samples of an n-gram, to be judged.

    Args:
        windows: to be judged.
        reference: the corpus.
        opening_bars: bars that the n-gram continues; 0 for none.
        is_classic: whether the windows are from CSVs of four columns: then all others
            are reduced to what such files hold, as if the corpus were such.
        random_state: of all draws.
        progress: called with the pieces that the n-gram has written and their total.
    """
    train, held_out = reference.train, reference.held_out
    prompts = list(held_out)
    if opening_bars:
        openings = [opening_of(chorale, opening_bars) for chorale in held_out]
        prompts, _ = within(held_out, openings, [Vocabulary.fit(train)])
    ngram = continue_each(
        fit_ngram(train),
        draw_chorales(prompts, len(windows), random_state),
        _ngram_options(random_state),
        opening_bars=opening_bars,
        progress=progress,
    )
    if is_classic := is_classic or reference.is_classic:
        windows = _classic_windows(windows)
        held_out = tuple(map(as_classic, held_out))
    random = np.random.default_rng(random_state)
    matched = match_windows(windows, held_out, random).windows
    sets = JudgedSets(
        samples=windows, bach=matched, ngram=ngram, train=train, corpus=reference.name
    )
    return as_classic_sets(sets) if is_classic else sets


def _ngram_options(random_state: int, particles: int | None = None) -> SamplingOptions:
    """Return options that sample the n-gram's own distribution."""
    return SamplingOptions(
        rules="off",
        temperature=1.0,
        top_p=1.0,
        particles=particles,
        random_state=random_state,
    )


def as_classic_sets(sets: JudgedSets) -> JudgedSets:
    """Return sets whose chorales are reduced to what a CSV of four columns holds."""
    return replace(
        sets,
        samples=_classic_windows(sets.samples),
        bach=_classic_windows(sets.bach),
        ngram=_classic_windows(sets.ngram),
        train=tuple(map(as_classic, sets.train)),
        variants={
            name: _classic_windows(windows) for name, windows in sets.variants.items()
        },
    )


def _classic_windows(windows: Sequence[Window]) -> list[Window]:
    return [replace(window, chorale=as_classic(window.chorale)) for window in windows]


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
