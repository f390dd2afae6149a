"""Costs of the notes that a voice may choose next, by the rules that they would break.

A note that breaks no rule costs nothing; rarer faults in Bach cost more, see
`surprisal`. What a fault is, is defined in `faults`, `cross_relations` and
`sonority_faults`; here costs are looked up in `rule_tables`, in a few array operations
for a whole batch.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from chorale.music.voices import (
    HIGHEST_PITCH,
    LOWEST_PITCH,
    SILENCE,
)
from chorale.utils.arrays import BoolArray, Float64Array, IntArray
from chorale.voice_leading.chord_tables import (
    NO_LEADING_TONE,
)
from chorale.voice_leading.cost_layout import PAIRS_BEGIN, Choice, Layout
from chorale.voice_leading.cost_tables import pair_tables
from chorale.voice_leading.dyads import OCTAVE
from chorale.voice_leading.faults import NO_TONE, Context
from chorale.voice_leading.rule_tables import RuleTables
from chorale.voice_leading.sonority_faults import SETS
from chorale.voice_leading.step_costs import StepCosts

# Semitones between notes of usual vocabularies, and of any.
_REACHES = (47, HIGHEST_PITCH - LOWEST_PITCH)


def rule_costs(context: Context, voice: int, notes: IntArray) -> Float64Array:
    """Return the costs of notes in nats, float array (batch, notes).

    Args:
        context, voice, notes: as for `chorale.voice_leading.faults.exact_faults`.
    """
    costs = RuleCosts.covering(context.before, context.now, notes)
    return costs.looked_up(costs.of_context(context, voice), notes)


def rule_costs_between(
    context: Context,
    after: IntArray,
    phrase_start_after: BoolArray,
    voice: int,
    notes: IntArray,
) -> Float64Array:
    """Return the costs of notes as `rule_costs` does, if the next chord is known too.

    Faults of pairs of voices and leaps on the way to that chord are added.

    Args:
        context, voice, notes: as for `exact_faults`; unknown notes are silence.
        after: int array (batch, 4), MIDI notes a step after, 0 = silence or unknown.
        phrase_start_after: bool array (batch,), whether a phrase begins there.
    """
    costs = RuleCosts.covering(context.before, context.now, after, notes)
    table = costs.between(context, after, phrase_start_after, voice)
    return costs.looked_up(table, notes)


class RuleCosts(RuleTables):
    """What the rules make all notes of a vocabulary cost.

    Costs are float arrays (batch, 1 + notes), in nats: of silence, then of all notes
    from the lowest up.

    Args:
        lowest, highest: MIDI notes, between which all notes of all chords are.
    """

    def __init__(self, lowest: int, highest: int) -> None:
        super().__init__(lowest, highest, _REACHES[highest - lowest > _REACHES[0]])
        self._layouts: dict[tuple[Choice, ...], Layout] = {}

    @classmethod
    def covering(cls, *notes: IntArray) -> RuleCosts:
        """Return the costs of a vocabulary that contains some MIDI notes."""
        sounding = np.concatenate([array[array != SILENCE] for array in notes])
        if not len(sounding):
            return _rule_costs(HIGHEST_PITCH, HIGHEST_PITCH)
        return _rule_costs(int(sounding.min()), int(sounding.max()))

    def looked_up(self, costs: Float64Array, notes: IntArray) -> Float64Array:
        """Return the costs of some MIDI notes, of their shape (batch, notes)."""
        columns = np.where(notes == SILENCE, 0, notes - self.lowest + 1)
        return np.take_along_axis(costs, columns, axis=1)

    def tones(self, leading: IntArray) -> IntArray:
        """Return where leading tones are in tables of chords, int array (batch,).

        The leading tones are those of a Context.
        """
        above = (leading - self.lowest) % OCTAVE
        return SETS * np.where(leading == NO_TONE, NO_LEADING_TONE, above)

    def scales(self, scale: IntArray) -> IntArray:
        """Return where scales are in tables of relations, int array (batch,).

        The scales are those of a Context.
        """
        above = (scale - self.lowest) % OCTAVE
        return SETS * np.where(scale == NO_TONE, OCTAVE, above)

    def at_step(
        self,
        choices: tuple[Choice, ...],
        before: IntArray,
        phrase_start: BoolArray,
        tones: IntArray,
        scales: IntArray,
        places: IntArray,
    ) -> StepCosts:
        """Return the costs of the notes of one step, before any is written.

        Args:
            choices: the voices in the order in which they choose, and the voices that
                are written by then.
            before, phrase_start: see Context.
            tones: see `tones`.
            scales: see `scales`.
            places: int array (batch,), those of a Context.
        """
        if choices not in self._layouts:
            self._layouts[choices] = Layout.of(choices, self.pairs)
        layout = self._layouts[choices]
        return StepCosts(self, layout, before, phrase_start, tones, scales, places)

    def of_context(self, context: Context, voice: int) -> Float64Array:
        """Return the costs of all notes of a voice in a context."""
        before, now, written, phrase_start, leading, place, scale = context
        step = self.at_step(
            ((voice, tuple(written)),),
            before,
            phrase_start,
            self.tones(leading),
            self.scales(np.broadcast_to(scale, len(before))),
            np.broadcast_to(place, len(before)),
        )
        for each in written:
            step.write(each, now[:, each])
        return step.costs(voice)

    def between(
        self,
        context: Context,
        after: IntArray,
        phrase_start_after: BoolArray,
        voice: int,
    ) -> Float64Array:
        """Return the costs of all notes if the next chord is known, too.

        For the arguments see `rule_costs_between`.
        """
        costs = self.of_context(context, voice)
        tables = pair_tables(self.pairs.edge - 1, is_after=True)
        layout = Layout.of(((voice, tuple(context.written)),), tables)
        situations = layout.situations(tables, self.coded(after))
        starts = np.zeros((layout.rows, len(after)), np.int64)
        reached = self.codes_before.take(after.T)
        reached[:, phrase_start_after] = -self.unknown
        # A leap down costs what the same leap up does.
        self.own_starts.take(abs(reached[voice]), out=starts[voice], mode="clip")
        for other, pairs in layout.written.items():
            now = self.codes_now.take(context.now[:, other])
            motions = np.where(now < self.unknown, reached[other] - now, self.unknown)
            motions += tables.edge
            tables.find(situations[pairs], motions, now, starts[PAIRS_BEGIN:][pairs])
        windows = sliding_window_view(tables.values, self.count)
        costs[:, 1:] += windows[starts[layout.columns[voice]]].sum(axis=0)
        # If this voice rests, the next step costs what it costs when the others rest.
        rests = tables.places.take(situations + tables.width - 1)
        costs[:, 0] += tables.values[rests].sum(axis=0)
        return costs


@lru_cache(maxsize=16)
def _rule_costs(lowest: int, highest: int) -> RuleCosts:
    return RuleCosts(lowest, highest)
