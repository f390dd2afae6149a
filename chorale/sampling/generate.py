"""Sampling with a next-step model: new chorales, and completions of given notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from chorale.encoding.plan import Plan
from chorale.errors import UsageError
from chorale.models.critic.tables import critic_of
from chorale.models.guidance import KEY_FEATURE, GuidedPredictor
from chorale.models.predictor import Predictor
from chorale.music.credits import opening_credit
from chorale.music.score import Chorale
from chorale.music.voices import SILENCE, VOICES
from chorale.sampling.batches import Batch, complete_in_batches
from chorale.sampling.cadence_keys import with_cadence_keys
from chorale.sampling.fragments import Fragment
from chorale.sampling.next_step import (
    PARTICLES,
    NextStepSampler,
    SamplingOptions,
    last_steps,
)
from chorale.utils.progress import Progress

# Rows of a batch, counted once per particle and per member of an ensemble. Larger
# batches save no time per row.
_BATCH = 64
_LEAST = 8  # rows that one thread draws alone


class Start(NamedTuple):
    """The start of a new piece.

    Attributes:
        plan: of the whole piece.
        opening: its first steps, kept note for note; None to write them too.
    """

    plan: Plan
    opening: Chorale | None

    def fragment(self) -> Fragment:
        """Return the piece with its opening given.

        Raises:
            UsageError: the opening leaves no step to write.
        """
        plan, opening = self
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
        return Fragment(plan.chorale(pitches, onsets, **labels), given)


def sample(
    predictor: Predictor[Any],
    plan: Plan,
    opening: Chorale | None = None,
    options: SamplingOptions | None = None,
    *,
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
    starts = [Start(plan, opening)] * variations
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
    fragments = [start.fragment() for start in starts]
    written = complete(predictor, fragments, options, first=first, progress=progress)
    return [replace(piece, source="") for piece in written]


def complete(
    predictor: Predictor[Any],
    fragments: Sequence[Fragment],
    options: SamplingOptions | None = None,
    *,
    first: int = 0,
    progress: Progress | None = None,
) -> list[Chorale]:
    """Write the notes that are not given in each fragment.

    Given notes stay unchanged. Each piece has its own stream of random numbers.

    Args:
        predictor: the model.
        fragments: the pieces and their given notes.
        options: None for the defaults.
        first, progress: see `sample`.

    Returns:
        Chorales with the plan, key, tempo, title and source of the fragments.

    Raises:
        UsageError: a range without a note of the vocabulary.
        DataError: a given note is outside the model's vocabulary.
    """
    options = options or SamplingOptions()
    critic = critic_of(predictor) if options.critic else None
    particles = options.particles or PARTICLES
    if critic is None and not any(map(_is_led, fragments)):
        particles = 1
    size = max(_BATCH // (predictor.members * particles), 1)

    def sampler(batch: Batch) -> NextStepSampler:
        if critic is not None and critic.cadence_keys is not None:
            batch = with_cadence_keys(
                batch,
                critic.cadence_keys,
                predictor.vocabulary,
                predictor.plan_features,
            )
        model = _with_guidance(predictor, batch, options.guidance, particles)
        return NextStepSampler(model, batch, options, particles, critic)

    return complete_in_batches(
        predictor,
        fragments,
        sampler,
        size=size,
        # Smaller batches take more time for each row than two threads save.
        least=max(_LEAST // (predictor.members * particles), 1),
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
