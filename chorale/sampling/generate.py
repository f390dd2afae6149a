"""Sampling with a next-step model: new chorales, and completions of given notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from chorale.encoding.plan import Plan
from chorale.errors import UsageError
from chorale.models.critic.tables import critic_of
from chorale.models.form import Form, FormCounts
from chorale.models.guidance import KEY_FEATURE, GuidedPredictor
from chorale.models.predictor import Predictor
from chorale.music.credits import opening_credit
from chorale.music.score import Chorale
from chorale.music.voices import SILENCE, SOPRANO, VOICES
from chorale.sampling.asked_plan import Ending, Outline
from chorale.sampling.batches import Batch, complete_in_batches
from chorale.sampling.cadence_keys import draw_keys, with_cadence_keys
from chorale.sampling.fragments import Fragment
from chorale.sampling.next_step import NextStepSampler, last_steps
from chorale.sampling.next_step_options import (
    PARTICLES,
    PLANNED_PARTICLES,
    SamplingOptions,
)
from chorale.utils.progress import Progress

# Rows of a batch, counted once per particle and per member of an ensemble. Larger
# batches save no time per row, and two smaller ones in threads are no faster than one:
# what Python does at a step takes the same time for few rows, one thread at a time.
_BATCH = 64
_STREAM = 2**31 + 1  # of the random numbers of forms, beside those of the notes


class Start(NamedTuple):
    """The start of a new piece.

    Attributes:
        plan: of the whole piece.
        opening: its first steps, kept note for note; None to write them too.
        form: what is repeated; None to draw it as often as Bach repeats, if the model
            has a critic, which counts it.
        endings: how its phrases end; None to draw them in the same way.
        remark: a sentence on what the plan assumes, or nothing.
    """

    plan: Plan
    opening: Chorale | None
    form: Form | None = None
    endings: tuple[Ending, ...] | None = None
    remark: str = ""

    def fragment(self) -> Fragment:
        """Return the piece with its opening given, and what it repeats, if known.

        Raises:
            UsageError: the opening leaves no step to write.
        """
        plan, opening, form, endings, _ = self
        pitches = np.full((plan.steps, VOICES), SILENCE)
        onsets, given = np.zeros((2, *pitches.shape), np.bool_)
        labels: dict[str, Any] = {"title": "Chorale"}
        if opening is not None:
            steps = opening.steps
            if steps >= plan.steps:
                raise UsageError(
                    f"the opening reaches into bar {opening.bars[-1]} and the piece "
                    f"ends in bar {plan.bars[-1]}, which leaves nothing to write: "
                    "shorten the --opening or ask for more --bars"
                )
            pitches[:steps], onsets[:steps] = opening.pitches, opening.onsets
            given[:steps] = True
            name = opening.title or opening.source
            title = f"After {name}" if name else "Chorale"
            labels = {
                "tempo": opening.tempo,
                "title": title,
                "source": opening.source,
            }
        labels["credit"] = opening_credit(opening)
        sources = None if form is None else form.sources(plan.steps)
        piece = plan.chorale(pitches, onsets, **labels)
        return Fragment(piece, given, sources, endings)


def sample(
    predictor: Predictor[Any],
    plan: Plan,
    opening: Chorale | None = None,
    options: SamplingOptions | None = None,
    *,
    form: Form | None = None,
    endings: tuple[Ending, ...] | None = None,
    variations: int = 1,
    first: int = 0,
    progress: Progress | None = None,
) -> list[Chorale]:
    """Write new chorales, all with one plan and one opening.

    Each variation has its own stream of random numbers, so the first of four equals the
    only one of one.

    Args:
        predictor: the model.
        plan: bars, metres, fermatas and key of the whole piece.
        opening: kept note for note; None to write everything.
        options: None for the defaults.
        form, endings: see `Start`; None draws them for each variation.
        variations: number of chorales.
        first: number of the first variation, from 0: those from 3 on are the fourth
            and later ones of a larger number.
        progress: called after every step with the steps done and the steps in all;
            from several threads, but never from two at once.

    Returns:
        Chorales in the key of the plan and the tempo of the opening.

    Raises:
        UsageError: fewer than one variation, an opening that leaves no step to write,
            or a range without a note of the vocabulary.
        DataError: a note of the opening is outside the model's vocabulary.
    """
    if variations < 1:
        raise UsageError(f"expected at least 1 variation, got {variations}")
    starts = [Start(plan, opening, form, endings)] * variations
    return sample_each(predictor, starts, options, first=first, progress=progress)


def sample_each(
    predictor: Predictor[Any],
    starts: Sequence[Start],
    options: SamplingOptions | None = None,
    *,
    first: int = 0,
    progress: Progress | None = None,
) -> list[Chorale]:
    """Write one new chorale from each start; otherwise as `sample`."""
    options = options or SamplingOptions()
    starts = [
        with_form(predictor, start, options, first + number)
        for number, start in enumerate(starts)
    ]
    fragments = [start.fragment() for start in starts]
    written = complete(predictor, fragments, options, first=first, progress=progress)
    return [replace(piece, source="") for piece in written]


def with_form(
    predictor: Predictor[Any], start: Start, options: SamplingOptions, number: int
) -> Start:
    """Return a start whose form is drawn, if it has none.

    Args:
        predictor: the model; without a critic nothing is repeated.
        start: of a piece.
        options: of its notes.
        number: of the piece among those of the random state, from 0.
    """
    critic = critic_of(predictor) if options.critic else None
    if start.form is not None or critic is None or critic.form is None:
        return start
    stream = _form_stream(options, number)
    opening = 0 if start.opening is None else start.opening.steps
    form = critic.form.draw(start.plan, np.random.default_rng(stream), opening)
    return start._replace(form=form)


def _form_stream(options: SamplingOptions, number: int) -> np.random.SeedSequence:
    """Return the random numbers of the form of a piece."""
    return np.random.SeedSequence(options.random_state, spawn_key=(number, _STREAM))


def with_repeats(
    fragment: Fragment, counts: FormCounts, options: SamplingOptions, number: int
) -> Fragment:
    """Return a fragment with the repeat of its Stollen, if its melody repeats it.

    The other voices are then the same as often as in the corpus, see
    `FormCounts.draw_for`. Nothing is repeated unless whole voices are given.

    Args:
        fragment: a piece.
        counts: of a corpus.
        options: of its notes.
        number: of the piece, or its first draft, see `with_form`.
    """
    given = fragment.given
    if fragment.sources is not None or not given.any() or (given != given[0]).any():
        return fragment
    plan, stream = Plan.of(fragment.chorale), _form_stream(options, number)
    form = counts.draw_for(plan, fragment.known(), np.random.default_rng(stream))
    return replace(fragment, sources=form.sources(plan.steps))


def planned(
    predictor: Predictor[Any], start: Start, options: SamplingOptions, number: int
) -> Outline:
    """Return what a piece repeats and how its phrases are to end, as `sample` draws it.

    The arguments are those of `with_form`.
    """
    form = with_form(predictor, start, options, number).form
    letters = () if form is None else form.letters(start.plan)
    critic = critic_of(predictor) if options.critic else None
    if start.endings or start.plan.key is None:
        return Outline(letters, start.endings or ())
    if critic is None or critic.cadence_keys is None:
        return Outline(letters, ())
    stream = np.random.SeedSequence(options.random_state, spawn_key=(number,))
    soprano = np.zeros(start.plan.steps, np.int64)
    if start.opening is not None:
        soprano[: start.opening.steps] = start.opening.pitches[:, SOPRANO]
    keys = draw_keys(critic.cadence_keys, start.plan, soprano, stream)
    if form is not None:
        for phrase, of in form.whole_phrases(start.plan):
            keys[phrase] = keys[of]
    return Outline(letters, tuple(map(Ending, keys)))


def complete(
    predictor: Predictor[Any],
    fragments: Sequence[Fragment],
    options: SamplingOptions | None = None,
    *,
    drafts: int = 1,
    first: int = 0,
    progress: Progress | None = None,
) -> list[Chorale]:
    """Write the notes that are not given in each fragment.

    Given notes stay unchanged. A given voice that repeats its first phrases mostly has
    the same other voices both times, see `with_repeats`. Each piece has its own stream
    of random numbers.

    Args:
        predictor: the model.
        fragments: the pieces and their given notes.
        options: None for the defaults. If chords are planned for a fragment, none is
            led by guidance.
        drafts: number of consecutive fragments, all alike, that are drafts of one
            piece, of which one is to be kept (`chorale.sampling.best_of`). They repeat
            the same, end their phrases in the same keys, and after each phrase go on
            from the best of all of them (`chorale.sampling.phrase_costs`).
        first, progress: see `sample`.

    Returns:
        Chorales with the plan, key, tempo, title and source of the fragments.

    Raises:
        UsageError: a range without a note of the vocabulary, or a number of fragments
            that is no multiple of the drafts.
        DataError: a given note is outside the model's vocabulary.
    """
    if drafts < 1 or len(fragments) % drafts:
        raise UsageError(
            f"expected a multiple of {drafts} drafts of a piece, got {len(fragments)}"
        )
    options = options or SamplingOptions()
    critic = critic_of(predictor) if options.critic else None
    is_planned = any(fragment.chords is not None for fragment in fragments)
    default = PLANNED_PARTICLES if is_planned else PARTICLES
    particles = options.particles or default
    if critic is None and not any(map(_is_led, fragments)):
        particles = 1
    if critic is not None and critic.form is not None:
        fragments = [
            with_repeats(
                fragment, critic.form, options, first + index // drafts * drafts
            )
            for index, fragment in enumerate(fragments)
        ]
    size = max(_BATCH // (predictor.members * particles), 1)

    def sampler(batch: Batch) -> NextStepSampler:
        keys = None if critic is None else critic.cadence_keys
        if keys is not None or any(batch.asked):
            batch = with_cadence_keys(
                batch, keys, predictor.vocabulary, predictor.plan_features
            )
        # Planned chords lead to their keys by themselves.
        guidance = 0.0 if is_planned else options.guidance
        model = _with_guidance(predictor, batch, guidance, particles)
        return NextStepSampler(model, batch, options, particles, critic)

    return complete_in_batches(
        predictor,
        fragments,
        sampler,
        size=size,
        least=size,
        drafts=drafts,
        random_state=options.random_state,
        first=first,
        progress=progress,
    )


def _is_led(fragment: Fragment) -> bool:
    """Return whether notes are given after free ones, which weigh particles."""
    given = fragment.given.all(axis=1)
    return bool(fragment.given[int(given.argmin()) :].any())


def _with_guidance(
    predictor: Predictor[Any], batch: Batch, weight: float, particles: int
) -> Predictor[Any]:
    """Return a predictor with guidance.

    If no step that matters is guided, it is the predictor itself.
    """
    if not weight or KEY_FEATURE not in predictor.plan_features:
        return predictor
    guided = GuidedPredictor(predictor, weight)
    ends = last_steps(batch, particles)
    matters = np.arange(batch.steps) < ends[:, np.newaxis]
    return guided if guided.guides(batch.plan[matters]) else predictor
