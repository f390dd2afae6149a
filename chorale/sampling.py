"""Sampling: from a predictor and a plan to new chorales.

Every token is drawn the same way: the predictor's logits pass through a few named
steps (temperature, what may sound, top-k, top-p), and one uniform number picks from
what they leave. An opening is forced token by token, so the predictor has heard it when
the first new note is drawn; and so may the soprano be, of which each chord then knows
what has been sung and what is, not what will be.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from chorale.averaging import AveragedPredictor
from chorale.errors import UsageError
from chorale.guidance import KEY_FEATURE, GuidedPredictor
from chorale.logits import DrawingOptions, pick
from chorale.plan import Plan
from chorale.predictors import Predictor
from chorale.score import DEFAULT_TEMPO, BoolArray, Chorale, IntArray
from chorale.tokens import SILENCE_TOKEN, Vocabulary
from chorale.voice_leading.piece import find_breaths
from chorale.voice_leading.writing import Moment, weigh
from chorale.voices import SOPRANO, VOICE_NAMES, VOICES

Progress = Callable[[int, int], None]  # steps done, steps in all

# Pieces that are written side by side; more make no step cheaper.
_BATCH = 64


@dataclass(frozen=True, kw_only=True)
class SamplingOptions(DrawingOptions):
    """How notes are drawn, one after another.

    Attributes:
        guidance: how much more closely than by itself the model follows the key of the
            plan in its last bars, see `chorale.guidance`; 0 samples the model as it is.

    Raises:
        UsageError: a value out of bounds.
    """

    guidance: float = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (self.guidance >= 0 and math.isfinite(self.guidance)):
            raise UsageError(f"expected a guidance of at least 0, got {self.guidance}")


class Start(NamedTuple):
    """What a new piece starts from.

    Attributes:
        plan: of the whole piece.
        opening: its first steps, to be kept note for note; None to write them too.
        soprano: in place of an opening, a piece as long as the plan whose soprano is to
            be kept; None to write that voice too.
    """

    plan: Plan
    opening: Chorale | None
    soprano: Chorale | None = None


class _Kept(NamedTuple):
    """Tokens, int array (steps, 4), and which of them are kept, bool array."""

    tokens: IntArray
    kept: BoolArray


# === What a voice may sing ===


def allowed_tokens(vocabulary: Vocabulary, options: SamplingOptions) -> BoolArray:
    """Return what each voice may attack, bool array (4, vocabulary size).

    HOLD is not among it: whether a note may be held depends on the note.

    Raises:
        UsageError: a range without a note that the model knows.
    """
    allowed = np.zeros((VOICES, vocabulary.size), np.bool_)
    allowed[:, SILENCE_TOKEN] = options.rests
    for voice, (low, high) in enumerate(options.ranges or vocabulary.ranges):
        low, high = max(low, vocabulary.lowest), min(high, vocabulary.highest)
        if low > high:
            raise UsageError(
                f"the model knows no note in the range asked for the "
                f"{VOICE_NAMES[voice]}"
            )
        allowed[voice, vocabulary.token(low) : vocabulary.token(high) + 1] = True
    return allowed


# === Whole pieces ===


def sample(
    predictor: Predictor[Any],
    plan: Plan,
    opening: Chorale | None = None,
    options: SamplingOptions | None = None,
    *,
    variations: int = 1,
    progress: Progress | None = None,
) -> list[Chorale]:
    """Write new chorales, all to one plan and from one opening.

    Each variation has its own stream of random numbers, so the first of four is the
    only one of one.

    Args:
        predictor: the model.
        plan: bars, metres, fermatas and key of the whole piece.
        opening: kept note for note; None to write everything.
        options: how to draw; None for the defaults.
        variations: how many to write.
        progress: called after every step with the steps done and the steps in all.

    Returns:
        chorales in the key of the plan and the tempo of the opening.

    Raises:
        UsageError: no variation is asked for, the opening leaves no step to write, or
            a range has no note that the model knows.
        DataError: a note of the opening is outside the model's vocabulary.
    """
    if variations < 1:
        raise UsageError(f"expected at least 1 variation, got {variations}")
    starts = [Start(plan, opening)] * variations
    return sample_each(predictor, starts, options, progress=progress)


def sample_each(
    predictor: Predictor[Any],
    starts: Sequence[Start],
    options: SamplingOptions | None = None,
    *,
    progress: Progress | None = None,
) -> list[Chorale]:
    """Write one new chorale from each start; otherwise as `sample`."""
    options = options or SamplingOptions()
    # An average carries as many memories for each piece as it has members.
    memories = predictor.members if isinstance(predictor, AveragedPredictor) else 1
    if options.guidance and KEY_FEATURE in predictor.plan_features:
        predictor = GuidedPredictor(predictor, options.guidance)
    vocabulary = predictor.vocabulary
    allowed = allowed_tokens(vocabulary, options)
    given = [_given(vocabulary, start) for start in starts]
    streams = np.random.SeedSequence(options.random_state).spawn(len(starts))
    # Pieces of similar length share a batch: all are written to the longest one's end.
    order = sorted(range(len(starts)), key=lambda index: starts[index].plan.steps)
    size = max(_BATCH // memories, 1)
    batches = [order[first : first + size] for first in range(0, len(order), size)]
    total = sum(starts[batch[-1]].plan.steps for batch in batches)
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    chorales: dict[int, Chorale] = {}
    for batch in batches:
        rows = _write(
            predictor,
            [starts[index].plan for index in batch],
            [given[index] for index in batch],
            _uniforms(
                [streams[index] for index in batch], starts[batch[-1]].plan.steps
            ),
            allowed,
            options,
            tick,
        )
        for index, tokens in zip(batch, rows, strict=True):
            chorales[index] = _finish(vocabulary, starts[index], tokens)
    return [chorales[index] for index in range(len(starts))]


def _write(
    predictor: Predictor[Any],
    plans: Sequence[Plan],
    given: Sequence[_Kept],
    uniforms: npt.NDArray[np.float64],
    allowed: BoolArray,
    options: SamplingOptions,
    tick: Callable[[], None],
) -> IntArray:
    """Return the tokens of one batch, int array (batch, steps, 4).

    Args:
        plans: one a piece. All are written to the end of the longest; what lies
            beyond a piece's own end is for the caller to cut off.
        given: what is kept of each piece.
        uniforms: float array (batch, steps, 4), one number for every token.
        allowed: bool array (4, vocabulary size), see `allowed_tokens`.
        tick: called after every step.
    """
    vocabulary = predictor.vocabulary
    steps = uniforms.shape[1]
    features = [plan.features(predictor.plan_features) for plan in plans]
    breaths = [find_breaths(plan.fermatas) for plan in plans]
    tokens = np.zeros((len(plans), steps, VOICES), np.int64)
    kept = np.zeros(tokens.shape, np.bool_)
    for row, one in enumerate(given):
        tokens[row, : len(one.tokens)] = one.tokens
        kept[row, : len(one.kept)] = one.kept
    state = predictor.start(_at(features, 0))
    past = vocabulary.begin((len(plans),))
    for step in range(steps):
        row_tokens = tokens[:, step]
        breathes = _at(breaths, step)
        for place, voice in enumerate(predictor.voice_order):
            forced = kept[:, step, voice]
            if forced.all():
                continue
            logits = predictor.voice_logits(state, voice, row_tokens)
            may_follow = _may_follow(vocabulary, allowed[voice], past.pitches[:, voice])
            costs = None
            if options.rules != "off":
                moment = Moment(
                    before=vocabulary.notes(past.pitches),
                    now=vocabulary.notes(vocabulary.follow(past, row_tokens).pitches),
                    written=predictor.voice_order[:place],
                    breathes=breathes,
                )
                notes = vocabulary.notes_after(past.pitches[:, voice])
                costs = weigh(moment, voice, notes)
            drawn = pick(logits, may_follow, costs, uniforms[:, step, voice], options)
            row_tokens[:, voice] = np.where(forced, row_tokens[:, voice], drawn)
        past = vocabulary.follow(past, row_tokens)
        if step + 1 < steps:
            state = predictor.advance(state, row_tokens, _at(features, step + 1))
        tick()
    return tokens


def _may_follow(
    vocabulary: Vocabulary, allowed: BoolArray, sounding: IntArray
) -> BoolArray:
    """Return which tokens may follow in one voice, bool array (batch, tokens).

    Args:
        allowed: bool array (tokens,), what the voice may attack.
        sounding: int array (batch,), the voice's `Past.pitches`.
    """
    may_follow = np.repeat(allowed[np.newaxis], len(sounding), axis=0)
    if vocabulary.hold is not None:
        # A note of the opening outside the range is let go, not held on.
        may_follow[:, vocabulary.hold] = allowed[sounding] & ~vocabulary.is_silent(
            sounding
        )
    return may_follow


def _given(vocabulary: Vocabulary, start: Start) -> _Kept:
    """Return what is kept of a piece."""
    plan, opening, soprano = start
    tokens = np.zeros((plan.steps, VOICES), np.int64)
    kept = np.zeros(tokens.shape, np.bool_)
    if soprano is not None:
        if soprano.steps != plan.steps:
            raise UsageError(
                f"expected a soprano as long as the plan, {plan.steps} steps, "
                f"got one of {soprano.steps}"
            )
        tokens[:, SOPRANO] = vocabulary.encode(soprano)[:, SOPRANO]
        kept[:, SOPRANO] = True
    elif opening is not None:
        if opening.steps >= plan.steps:
            raise UsageError(
                f"the opening reaches into bar {opening.bars[-1]} and the piece ends "
                f"in bar {plan.bars[-1]}, which leaves nothing to write: "
                "shorten the --opening or ask for more --bars"
            )
        tokens[: opening.steps] = vocabulary.encode(opening)
        kept[: opening.steps] = True
    return _Kept(tokens, kept)


def _at(tables: Sequence[npt.NDArray[Any]], step: int) -> npt.NDArray[Any]:
    """Return what the pieces' tables say of a step; a piece that has ended, its last.

    Args:
        tables: arrays (steps, ...), one a piece.

    Returns:
        array (batch, ...).
    """
    return np.stack([table[min(step, len(table) - 1)] for table in tables])


def _uniforms(
    streams: Sequence[np.random.SeedSequence], steps: int
) -> npt.NDArray[np.float64]:
    """Return one number in [0, 1) for every token, float array (batch, steps, 4).

    The number at a place does not depend on how many steps or pieces there are.
    """
    return np.stack(
        [np.random.default_rng(stream).random((steps, VOICES)) for stream in streams]
    )


def _finish(vocabulary: Vocabulary, start: Start, tokens: IntArray) -> Chorale:
    plan, opening, soprano = start
    pitches, onsets = vocabulary.decode(tokens[: plan.steps])
    # The `pitch` encoding has merged the repeated notes that were given.
    if soprano is not None:
        onsets[:, SOPRANO] = soprano.onsets[:, SOPRANO]
    if opening is None:
        return plan.chorale(pitches, onsets, tempo=DEFAULT_TEMPO)
    onsets[: opening.steps] = opening.onsets
    return plan.chorale(
        pitches,
        onsets,
        tempo=opening.tempo,
        title=_title(opening),
    )


def _title(opening: Chorale) -> str:
    name = opening.title or opening.source
    return f"After {name}" if name else ""
