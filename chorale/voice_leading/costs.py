"""Costs of the notes that a voice may choose next, by the rules that they would break.

A note that breaks no rule costs nothing; rarer faults in Bach cost more, see
`surprisal`. What a fault is, is defined in `faults`; here costs are looked up in the
tables of `cost_tables` and `chord_tables`, in a few array operations for a whole batch.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from chorale.music.voices import (
    ALTO,
    HIGHEST_PITCH,
    LOWEST_PITCH,
    SILENCE,
    TENOR,
    VOICES,
)
from chorale.utils.arrays import BoolArray, Float64Array, IntArray
from chorale.voice_leading.chord_tables import (
    CLASSES,
    ENDINGS,
    NO_LEADING_TONE,
    SILENT_CLASS,
    UNKNOWN_CHORD,
    own_tables,
)
from chorale.voice_leading.cost_layout import (
    CHORDS,
    CLASHES,
    DOUBLING,
    OWN,
    PAIRS_BEGIN,
    Choice,
    Layout,
)
from chorale.voice_leading.cost_tables import pair_tables
from chorale.voice_leading.dyads import OCTAVE
from chorale.voice_leading.faults import NO_TONE, Context
from chorale.voice_leading.sonority_faults import SETS
from chorale.voice_leading.sonority_tables import StepSonorities, sonority_tables

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


class RuleCosts:
    """What the rules make all notes of a vocabulary cost.

    Costs are float arrays (batch, 1 + notes), in nats: of silence, then of all notes
    from the lowest up.

    Args:
        lowest, highest: MIDI notes, between which all notes of all chords are.
    """

    def __init__(self, lowest: int, highest: int) -> None:
        self.lowest, self.count = lowest, highest - lowest + 1
        reach = _REACHES[highest - lowest > _REACHES[0]]
        self.own, self.pairs = own_tables(reach), pair_tables(reach)
        self.sonorities = sonority_tables(reach)
        self.windows = sliding_window_view(self.pairs.values, self.count)
        edge = self.pairs.edge
        notes = np.arange(HIGHEST_PITCH + 1)
        relative, is_silent = notes - lowest, notes == SILENCE
        # Codes of notes whose differences are outside the tables if a voice is silent:
        # of any two voices, one after the other; of a voice before and now.
        silent = 8 * edge * (1 + np.arange(VOICES)[:, np.newaxis])
        self.unknown = 64 * edge
        self.codes = np.where(is_silent, silent, relative).ravel()
        self.code_begins = len(notes) * np.arange(VOICES)[:, np.newaxis]
        self.codes_before = np.where(is_silent, self.unknown, relative)
        self.codes_now = np.where(is_silent, 2 * self.unknown, relative)
        # Pitch classes above the lowest note, and the sets that they make.
        self.classes = np.where(is_silent, SILENT_CLASS, relative % OCTAVE)
        self.chords = np.where(is_silent, 0, 1 << relative % OCTAVE)
        self.chords_before = np.where(is_silent, UNKNOWN_CHORD, self.chords)
        # Begins of own rows by the note before, the last for a voice without one.
        self.own_starts = np.append(self.own.own[0, 0] - np.arange(edge), 0)
        # How far own rows of tendencies are behind the first.
        self.tendency_starts = self.own.own - self.own.own[0, 0]
        self.tendency_starts[:, : len(ENDINGS)] = 0
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
        """Return where scales are in tables of sonorities, int array (batch,).

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
        sonorities: StepSonorities,
    ) -> StepCosts:
        """Return the costs of the notes of one step, before any is written.

        Args:
            choices: the voices in the order in which they choose, and the voices that
                are written by then.
            before, phrase_start: see Context.
            tones: see `tones`.
            sonorities: of the step, see `step_sonorities`.
        """
        if choices not in self._layouts:
            self._layouts[choices] = Layout.of(choices, self.pairs)
        layout = self._layouts[choices]
        return StepCosts(self, layout, before, phrase_start, tones, sonorities)

    def step_sonorities(self, scales: IntArray, places: IntArray) -> StepSonorities:
        """Return the sonorities of one step, before any note is written.

        Args:
            scales: see `scales`.
            places: int array (batch,), those of a Context.
        """
        return StepSonorities(self.sonorities, scales, places)

    def of_context(self, context: Context, voice: int) -> Float64Array:
        """Return the costs of all notes of a voice in a context."""
        before, now, written, phrase_start, leading, place, scale = context
        batch = len(before)
        sonorities = self.step_sonorities(
            np.broadcast_to(self.scales(np.asarray(scale)), batch),
            np.broadcast_to(place, batch),
        )
        choice, tones = (voice, tuple(written)), self.tones(leading)
        step = self.at_step((choice,), before, phrase_start, tones, sonorities)
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

    def coded(self, notes: IntArray) -> IntArray:
        """Return the codes (4, batch) of MIDI notes (batch, 4)."""
        return self.codes.take(notes.T + self.code_begins)


@lru_cache(maxsize=16)
def _rule_costs(lowest: int, highest: int) -> RuleCosts:
    return RuleCosts(lowest, highest)


class StepCosts:
    """Costs of the notes of one step, while its voices are written one by one.

    Args:
        rules, layout: see `RuleCosts.at_step`, which returns this.
        before, phrase_start: see Context.
        tones: see `RuleCosts.tones`.
        sonorities: of the step.
    """

    def __init__(
        self,
        rules: RuleCosts,
        layout: Layout,
        before: IntArray,
        phrase_start: BoolArray,
        tones: IntArray,
        sonorities: StepSonorities,
    ) -> None:
        self._rules, self._layout, self._sonorities = rules, layout, sonorities
        codes, origins = rules.coded(before), rules.codes_before.take(before.T)
        chords = np.bitwise_or.reduce(rules.chords_before.take(before), axis=1)
        new_phrases = bool(phrase_start.any())
        if new_phrases:
            origins[:, phrase_start] = rules.unknown
            chords[phrase_start] |= UNKNOWN_CHORD
        self._situations = layout.situations(rules.pairs, codes)
        # Begins of windows in the tables.
        self._starts = np.zeros((layout.rows, len(before)), np.int64)
        rules.own_starts.take(origins, out=self._starts[:VOICES], mode="clip")
        if len(layout.forced):
            self._find_forced(codes, phrase_start if new_phrases else None)
        # What motions are differences from.
        self._origins = np.subtract(origins, rules.pairs.edge, out=origins)
        self._written: IntArray | None = None  # the set of the notes written
        self._tones = tones
        chord = rules.own.before.take(chords + 2 * tones)
        self._is_dominant = bool(chord.any())  # or has the leading tone
        if self._is_dominant:
            self._remember(chord.astype(np.int64), rules.classes.take(before.T))

    def write(self, voice: int, notes: IntArray) -> None:
        """Write the notes of a voice, int array (batch,), MIDI notes."""
        rules = self._rules
        if voice in self._layout.written:
            now, pairs = rules.codes_now.take(notes), self._layout.written[voice]
            rules.pairs.find(
                self._situations[pairs],
                now - self._origins[voice],
                now,
                self._starts[PAIRS_BEGIN:][pairs],
            )
        classes = rules.classes.take(notes)
        if self._is_dominant:
            has_tone = classes * SETS == self._tones
            self._is_new |= has_tone & ~self._had_tone[voice]
        self._sonorities.write(voice, notes, classes)
        chords = rules.chords.take(notes)
        self._written = chords if self._written is None else self._written | chords

    def costs(self, voice: int, columns: int = 0) -> Float64Array:
        """Return the costs of all notes of a voice, see RuleCosts.

        Args:
            voice: its index.
            columns: of the result; what follows the highest note costs nothing.
        """
        rules, written = self._rules, self._written
        starts = self._starts.take(self._layout.columns[voice], axis=0)
        if self._is_dominant:
            starts[OWN] += self._tendency_starts(voice)
        if written is not None:
            doubling = rules.own.doubling.take(written + self._tones)
            if self._is_dominant:
                doubling[self._had_tone[voice] & ~self._is_new] = 0
            starts[DOUBLING] = doubling
            starts[CLASHES] = self._sonorities.clashes(written)
            chords = self._sonorities.chords(voice, written)
            if chords is not None:
                starts[CHORDS] = chords
        costs = np.zeros((starts.shape[1], max(columns, 1 + rules.count)))
        np.add.reduce(rules.windows[starts], axis=0, out=costs[:, 1 : 1 + rules.count])
        return costs

    def _find_forced(self, codes: IntArray, phrase_start: BoolArray | None) -> None:
        """Find the windows of pairs whose other voice is not written in time.

        Args:
            codes: int array (4, batch), of the notes before.
            phrase_start: where no motion leads to this step; None if nowhere.
        """
        tables, forced = self._rules.pairs, self._layout.forced
        places = tables.places.take(self._situations[: len(forced)])
        starts = self._starts[PAIRS_BEGIN : PAIRS_BEGIN + len(forced)]
        neighbors = codes.take(forced, axis=0)
        np.subtract(places, np.minimum(neighbors, tables.edge - 1), out=starts)
        if phrase_start is not None:
            starts[:, phrase_start] = 0  # costs nothing

    def _remember(self, chord: IntArray, classes: IntArray) -> None:
        """Remember what the voices have of a dominant before, and the leading tone.

        Args:
            chord: int array (batch,), codes in `OwnTables.before`.
            classes: int array (4, batch), pitch classes before.
        """
        own = self._rules.own
        self._tendencies = own.tendencies.take(chord * CLASSES + classes)
        self._roots = (chord >> 3) * SETS
        self._had_tone = classes * SETS == self._tones
        # Where a voice has the leading tone that did not have it before.
        self._is_new = np.zeros(len(chord), np.bool_)

    def _tendency_starts(self, voice: int) -> IntArray:
        """Return how far own rows of tendencies are behind the first own row."""
        own, written = self._rules.own, self._written
        chords = self._roots if written is None else self._roots + written
        cases = self._tendencies[voice] + own.endings.take(chords)
        is_inner = int(voice in (ALTO, TENOR))
        starts: IntArray = self._rules.tendency_starts[is_inner].take(cases)
        return starts
