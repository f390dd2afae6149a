"""Batches: fragments of similar length, padded and completed side by side.

Samplers of both kinds of model share the batching. Each piece has its own stream of
random numbers, so it does not depend on the pieces beside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import Event, Lock
from typing import Any, Protocol

import numpy as np

from chorale.encoding.cells import CellVocabulary
from chorale.encoding.plan import Plan
from chorale.encoding.tokens import SILENCE_TOKEN, Vocabulary
from chorale.errors import UsageError
from chorale.models.infiller import Infiller
from chorale.models.predictor import Predictor
from chorale.music.phrases import phrase_starts
from chorale.music.score import Chorale
from chorale.music.voices import SILENCE, SOPRANO, VOICE_NAMES
from chorale.sampling.asked_plan import Ending, PlannedChord
from chorale.sampling.fragments import Fragment
from chorale.sampling.logits import DrawingOptions
from chorale.utils.arrays import (
    BoolArray,
    IntArray,
    batches_by_length,
    stack_padded,
)
from chorale.utils.progress import Progress
from chorale.utils.threads import map_in_threads, threads_of
from chorale.voice_leading.cross_relations import scale
from chorale.voice_leading.faults import OFF_BEAT, leading_tone
from chorale.voice_leading.sonority_faults import step_places


@dataclass(frozen=True)
class Batch:
    """Several encoded fragments, padded to the length of the longest.

    Attributes:
        lengths: int array (pieces,), steps of each piece.
        tokens: int array (pieces, steps, 4), tokens or cells; silence where nothing is
            given.
        free: bool array (pieces, steps, 4), the tokens to draw; False after the end of
            a piece.
        sources: int array (pieces, steps, 4), the earlier steps whose tokens are
            repeated, where none is drawn and none given; -1 elsewhere.
        plan: int array (pieces, steps, features); the last step of a piece repeats
            after its end.
        phrase_starts: bool array (pieces, steps), see
            `chorale.music.phrases.phrase_starts`.
        leading_tones: int array (pieces,), pitch classes, see `leading_tone`.
        places: int array (pieces, steps), see
            `chorale.voice_leading.sonority_faults.step_places`.
        scales: int array (pieces,), pitch classes, see
            `chorale.voice_leading.cross_relations.scale`.
        plans: of the pieces.
        asked: how their phrases are to end; None to draw it.
        chords: those that are planned for them; None to leave them to the model.
        streams: seeds of the random numbers, one per piece.
        drafts: number of consecutive pieces that are drafts of one: their plan is drawn
            once, and they meet after every phrase, after the last one only where chords
            are planned, see `chorale.sampling.phrase_costs`.
    """

    lengths: IntArray
    tokens: IntArray
    free: BoolArray
    sources: IntArray
    plan: IntArray
    phrase_starts: BoolArray
    leading_tones: IntArray
    places: IntArray
    scales: IntArray
    plans: Sequence[Plan]
    asked: Sequence[tuple[Ending, ...] | None]
    chords: Sequence[tuple[PlannedChord, ...] | None]
    streams: Sequence[np.random.SeedSequence]
    drafts: int = 1

    @property
    def steps(self) -> int:
        """Steps of the longest piece."""
        return int(self.lengths.max())

    @property
    def written(self) -> BoolArray:
        """The tokens that are not given, drawn or repeated: (pieces, steps, 4)."""
        written: BoolArray = self.free | (self.sources >= 0)
        return written

    def goes_on(self, piece: int) -> bool:
        """Return whether all voices but the soprano are written up to the end."""
        written = self.written[piece, : self.lengths[piece], SOPRANO + 1 :]
        first = int(written.any(axis=1).argmax())
        return bool(written[first:].all())

    def given_soprano(self, piece: int, vocabulary: Vocabulary) -> IntArray:
        """Return the given MIDI notes of the soprano, 0 elsewhere, (steps,)."""
        steps = self.lengths[piece]
        pitches, _ = vocabulary.decode(self.tokens[piece, :steps])
        written = self.written[piece, :steps, SOPRANO]
        return np.where(written, SILENCE, pitches[:, SOPRANO])


class Sampler(Protocol):
    """A sampler over one batch.

    Attributes:
        steps: number of iterations of `run`.
    """

    steps: int

    def run(self) -> Iterator[None]:
        """Draw all free tokens, and yield after every iteration."""

    def drawn(self) -> IntArray:
        """Return the completed batch, int array (pieces, steps, 4)."""


def complete_in_batches(
    model: Predictor[Any] | Infiller,
    fragments: Sequence[Fragment],
    make_sampler: Callable[[Batch], Sampler],
    *,
    size: int,
    least: int = 1,
    drafts: int = 1,
    random_state: int,
    first: int = 0,
    padding: int = SILENCE_TOKEN,
    progress: Progress | None = None,
) -> list[Chorale]:
    """Complete fragments in batches of at most `size` pieces, side by side in threads.

    Args:
        model: gives the vocabulary and the features of the plan.
        fragments: the pieces to complete.
        make_sampler: returns the sampler of a batch.
        size: largest number of pieces in a batch.
        least: size below which a batch is not split among threads.
        drafts: see Batch; these stay together.
        random_state: seed of the streams of all pieces.
        first: number of the first piece among those streams, from 0.
        padding: token after the end of a piece.
        progress: called with the iterations done and the iterations in all, in any of
            the threads.

    Raises:
        DataError: a given note is outside the model's vocabulary.
    """
    tokens = [model.vocabulary.encode(fragment.known()) for fragment in fragments]
    # As `SeedSequence.spawn` makes them.
    streams = [
        np.random.SeedSequence(random_state, spawn_key=(first + number,))
        for number in range(len(fragments))
    ]
    share = math.ceil(len(fragments) / threads_of(model))
    size = min(size, max(share, least))
    groups = [
        [first * drafts + draft for first in group for draft in range(drafts)]
        for group in batches_by_length(
            [len(piece) for piece in tokens[::drafts]], max(size // drafts, 1)
        )
    ]
    samplers = [
        make_sampler(
            _batch(
                model.plan_features,
                [fragments[index] for index in group],
                [tokens[index] for index in group],
                [streams[index] for index in group],
                drafts,
                padding,
            )
        )
        for group in groups
    ]
    completed: dict[int, Chorale] = {}
    drawn = _run(samplers, threads_of(model), progress)
    for group, rows in zip(groups, drawn, strict=True):
        for index, row in zip(group, rows, strict=True):
            notes = model.vocabulary.decode(row[: len(tokens[index])])
            completed[index] = fragments[index].completed(*notes)
    return [completed[index] for index in range(len(fragments))]


def _batch(
    plan_features: tuple[str, ...],
    fragments: Sequence[Fragment],
    tokens: Sequence[IntArray],
    streams: Sequence[np.random.SeedSequence],
    drafts: int,
    padding: int,
) -> Batch:
    """Return the batch of some fragments; for the arguments see `Batch`."""
    plans = [Plan.of(fragment.chorale) for fragment in fragments]
    sources = [_sources_of(fragment) for fragment in fragments]
    free = [
        ~fragment.given & (source < 0)
        for fragment, source in zip(fragments, sources, strict=True)
    ]
    places = [step_places(plan.fermatas, plan.positions, plan.metres) for plan in plans]
    return Batch(
        lengths=np.array([plan.steps for plan in plans]),
        tokens=stack_padded(tokens, padding),
        free=stack_padded(free, False),
        sources=stack_padded(sources, -1),
        plan=stack_padded([plan.features(plan_features) for plan in plans]),
        phrase_starts=stack_padded(
            [phrase_starts(plan.fermatas) for plan in plans], False
        ),
        leading_tones=np.array([leading_tone(plan.key) for plan in plans]),
        places=stack_padded(places, OFF_BEAT),
        scales=np.array([scale(plan.key) for plan in plans]),
        plans=plans,
        asked=[fragment.endings for fragment in fragments],
        chords=[fragment.chords for fragment in fragments],
        streams=streams,
        drafts=drafts,
    )


def _sources_of(fragment: Fragment) -> IntArray:
    """Return the steps that cells repeat, int array (steps, 4); given ones none."""
    if fragment.sources is None:
        return np.full(fragment.given.shape, -1)
    return np.where(fragment.given, -1, fragment.sources)


def _run(
    samplers: Sequence[Sampler], threads: int, progress: Progress | None
) -> Iterator[IntArray]:
    """Yield what samplers, run in threads, have drawn, in their order."""
    total, done = sum(sampler.steps for sampler in samplers), 0
    lock, stopped = Lock(), Event()

    def run(sampler: Sampler) -> IntArray:
        nonlocal done
        for _ in sampler.run():
            if stopped.is_set():
                break
            with lock:
                done += 1
                if progress is not None:
                    progress(done, total)
        return sampler.drawn()

    try:
        yield from map_in_threads(run, samplers, threads)
    finally:  # after an error or an interruption the others need not go on
        stopped.set()


def allowed_tokens(
    vocabulary: Vocabulary | CellVocabulary, options: DrawingOptions
) -> BoolArray:
    """Return the notes in the range of each voice, bool array (4, vocabulary size).

    HOLD is not among them: whether a note may be held depends on the note.

    Raises:
        UsageError: a range without a note of the vocabulary.
    """
    pitches = vocabulary.pitches
    ranges = options.ranges or vocabulary.ranges
    allowed = np.array([(low <= pitches) & (pitches <= high) for low, high in ranges])
    for name, voice_range, notes in zip(VOICE_NAMES, ranges, allowed, strict=True):
        if not notes.any():
            low, high = voice_range
            raise UsageError(
                f"the model knows no note in the range asked for the {name}, MIDI "
                f"notes {low} to {high}: it knows {vocabulary.lowest} to "
                f"{vocabulary.highest}"
            )
    allowed[:, SILENCE_TOKEN] = options.rests
    return allowed
