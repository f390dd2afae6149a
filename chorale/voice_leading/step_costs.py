"""Costs of the notes of one step, while its voices are written one by one."""

from __future__ import annotations

import numpy as np

from chorale.music.voices import ALTO, TENOR, VOICES
from chorale.utils.arrays import BoolArray, Float64Array, IntArray
from chorale.voice_leading.chord_tables import CLASSES, UNKNOWN_CHORD
from chorale.voice_leading.cost_layout import (
    ATTACKS,
    CHORDS,
    CLASHES,
    DOUBLING,
    LEAVES,
    OWN,
    PAIRS_BEGIN,
    Layout,
)
from chorale.voice_leading.relation_tables import StepRelations
from chorale.voice_leading.rule_tables import RuleTables
from chorale.voice_leading.sonority_faults import SETS
from chorale.voice_leading.sonority_tables import StepSonorities


class StepCosts:
    """Costs of the notes of one step, while its voices are written one by one.

    Args:
        rules, layout: see `RuleCosts.at_step`, which returns this.
        before, phrase_start: see Context.
        tones: see `RuleCosts.tones`.
        scales, places: see `RuleCosts.at_step`.
    """

    def __init__(
        self,
        rules: RuleTables,
        layout: Layout,
        before: IntArray,
        phrase_start: BoolArray,
        tones: IntArray,
        scales: IntArray,
        places: IntArray,
    ) -> None:
        self._rules, self._layout = rules, layout
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
        self._relations = StepRelations(
            rules.relations, scales, before, phrase_start, rules.lowest, rules.classes
        )
        self._sonorities = StepSonorities(
            rules.sonorities, places, before, rules.lowest
        )
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
        if self._is_dominant:
            has_tone = rules.classes.take(notes) * SETS == self._tones
            self._is_new |= has_tone & ~self._had_tone[voice]
        self._relations.write(voice, notes)
        self._sonorities.write(voice, notes)
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
            starts[CLASHES] = self._relations.clashes(written)
            for row, begins in (
                (ATTACKS, self._relations.attacks(voice)),
                (LEAVES, self._relations.leaves(voice)),
            ):
                if begins is not None:
                    starts[row] = begins
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
