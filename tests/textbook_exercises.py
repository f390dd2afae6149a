"""Exercises in four parts for tests, as textbooks have them, correct or with faults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from progressions import progression

from chorale.music.score import Chorale
from chorale.music.spelling import LETTERS
from chorale.utils.arrays import IntArray


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """An exercise.

    Attributes:
        name: what it is about.
        voices: soprano, alto, tenor and bass, see `progression`.
        key, metre, pickup, fermatas: see `progression`.
        faults: rule, bar and beat of each, at level standard.
    """

    name: str
    voices: tuple[str, str, str, str]
    key: str = "C major"
    metre: str = "4/4"
    pickup: int = 0
    fermatas: Sequence[tuple[int, int]] = ()
    faults: frozenset[tuple[str, int, float]] = frozenset()

    @property
    def chorale(self) -> Chorale:
        """The piece."""
        return progression(
            *self.voices,
            key=self.key,
            metre=self.metre,
            pickup=self.pickup,
            fermatas=self.fermatas,
        )

    @property
    def spelling(self) -> IntArray:
        """Int array (steps, 4), the diatonic numbers of the notes as written."""
        lines = []
        for voice in self.voices:
            numbers: list[int] = []
            for word in voice.split():
                name, _, length = word.partition(".")
                number = 0
                if name != "r":
                    number = 7 * int(name[-1]) + LETTERS.index(name[0])
                numbers += [number] * int(length or 4)
            lines.append(numbers)
        return np.array(lines).T


CORRECT = [
    Exercise(
        name="primary triads",
        voices=(
            "C5 C5 A4 G4 G4 A4 B4 C5",
            "G4 G4 F4 D4 E4 F4 D4 E4",
            "E4 C4 C4 B3 C4 C4 G3 G3",
            "C3 E3 F3 G3 C3 F2 G2 C3",
        ),
    ),
    Exercise(
        name="tonic and dominant alone",
        voices=(
            "C5 B4 C5 B4 C5.16",
            "G4 G4 G4 G4 G4.16",
            "E4 D4 E4 D4 E4.16",
            "C3 G2 C3 G2 C3.16",
        ),
    ),
    Exercise(
        name="minor, with a Phrygian half cadence",
        voices=(
            "A4 B4 C5 A4 G#4.8 A4 A4 G#4.8 A4.8",
            "E4 E4 E4 D4 E4.8 E4 F4 E4.8 E4.8",
            "C4 B3 A3 A3 B3.8 C4 D4 D4.8 C4.8",
            "A2 G#2 A2 F2 E2.8 A2 D3 E3.8 A2.8",
        ),
        key="A minor",
        fermatas=[(16, 24), (40, 48)],
    ),
    Exercise(
        name="cadential six-four in triple metre",
        voices=(
            "B4.8 D5 C5.12 B4.8 A4 G4.12",
            "G4.8 G4 A4.12 G4.8 F#4 G4.12",
            "D4.8 D4 E4.12 D4.8 C4 B3.12",
            "G2.8 B2 C3.12 D3.8 D3 G2.12",
        ),
        key="G major",
        metre="3/4",
    ),
    Exercise(
        name="a pickup, and a modulation to the dominant",
        voices=(
            "A4 Bb4 G4 A4 A4 B4 C5.8 A4 Bb4 Bb4 A4 G4 F4.12",
            "F4 F4 E4 F4 F4 F4 E4.8 F4 F4 G4 F4 E4 F4.12",
            "C4 D4 C4 C4 D4 D4 C4.8 C4 D4 D4 C4 Bb3 A3.12",
            "F3 Bb2 C3 F3 D3 G3 C3.8 F3 Bb2 Bb2 C3 C3 F2.12",
        ),
        key="F major",
        pickup=4,
        fermatas=[(24, 32), (52, 64)],
    ),
    Exercise(
        name="applied dominants",
        voices=(
            "B4 B4 A4 A4 B4 B4 C5 C5 B4.16",
            "G4 G4 G4 F#4 G4 F4 E4 F#4 G4.16",
            "D4 E4 E4 D4 D4 D4 C4 A3 G3.16",
            "G3 E3 C#3 D3 G2 G2 C3 D3 G2.16",
        ),
        key="G major",
    ),
    Exercise(
        name="suspensions, 4-3 and 9-8",
        voices=(
            "C5.8 C5 C5.8 B4 C5.8 A4.8 B4.8 C5.16",
            "G4.8 A4 A4 G4.8 G4.12 F4.12 E4.16",
            "E4.8 E4 F4 D4.8 E4.8 C4.8 G3.8 G3.16",
            "C3.8 A2 F2 G2.8 C3.8 F2.8 G2.8 C3.16",
        ),
    ),
    Exercise(
        name="a sequence of falling fifths in minor",
        voices=(
            "A4 A4 G4 G4 F4 F4 E4 E4",
            "E4 F4 D4 E4 C4 D4 B3 C4",
            "C4 D4 B3 C4 A3 B3 G#3 A3",
            "A3 D3 G3 C3 F3 B2 E3 A2",
        ),
        key="A minor",
        pickup=4,
    ),
    Exercise(
        name="a Picardy third",
        voices=(
            "D5 C#5 D5 D5 C#5.8 D5 D5 D5.8 C#5.8 D5.16",
            "A4 G4 A4 Bb4 A4.8 A4 Bb4 Bb4.8 A4 G4 F#4.16",
            "F4 E4 D4 G4 E4.8 F4 F4 E4.8 E4.8 D4.16",
            "D3 E3 F3 G3 A3.8 D3 Bb2 G2.8 A2.8 D3.16",
        ),
        key="D minor",
        fermatas=[(16, 24), (48, 64)],
    ),
    Exercise(
        name="a passing six-four, passing notes, a deceptive progression",
        voices=(
            "D5 C5 Bb4 Bb4 A4 Bb4 C5 C5 Bb4.16",
            "F4 F4 F4 G4 F4.2 Eb4.2 D4 Eb4 Eb4 D4.16",
            "Bb3 A3 Bb3 Eb4 C4 Bb3 G3 A3 Bb3.16",
            "Bb2 C3 D3 Eb3 F3 G3.2 F3.2 Eb3 F3 Bb2.16",
        ),
        key="Bb major",
    ),
    Exercise(
        name="compound metre",
        voices=(
            "A4.6 B4.6 A4.6 A4.6 B4.6 C#5.6 D5.12",
            "F#4.6 G4.6 E4.6 F#4.6 G4.6 G4.6 F#4.12",
            "D4.6 D4.6 C#4.6 D4.6 D4.6 A3.6 A3.12",
            "D3.6 G2.6 A2.6 D3.6 G2.6 A2.6 D3.12",
        ),
        key="D major",
        metre="6/8",
    ),
    Exercise(
        name="a diminished seventh and an augmented sixth",
        voices=(
            "C5 B4 C5 C5 C5 B4 C5.8",
            "G4 Ab4 G4 F#4 G4 G4 G4.8",
            "Eb4 F4 Eb4 Eb4 Eb4 D4 Eb4.8",
            "C3 D3 Eb3 Ab2 G2 G2 C3.8",
        ),
        key="C minor",
    ),
    Exercise(
        name="a pedal six-four and a plagal end",
        voices=(
            "A4 Bb4 A4 A4 Bb4 G4 A4.8 Bb4.8 A4.8",
            "F4 F4 F4 F4 F4 E4 F4.8 F4.8 F4.8",
            "C4 D4 C4 D4 D4 C4 C4.8 D4.8 C4.8",
            "F3 F3 F3 D3 Bb2 C3 F2.8 Bb2.8 F2.8",
        ),
        key="F major",
    ),
    Exercise(
        name="a suspension, 7-6",
        voices=(
            "C5.12 B4 C5 C5 B4.8 C5.16",
            "G4.8 F4.8 G4 A4 G4.8 G4.16",
            "E4.8 D4.8 C4 F4 D4.8 E4.16",
            "C3.8 D3.8 E3 F3 G3.8 C3.16",
        ),
    ),
    Exercise(
        name="a modulation to the relative major and back",
        voices=(
            "B4 C5 C5 B4 B4 A4 F#4 E4",
            "G4 A4 A4 G4 G4 F#4 D#4 E4",
            "E4 E4 F#4 G4 E4 C4 B3 G3",
            "E3 A2 D3 G2 E3 A2 B2 E3",
        ),
        key="E minor",
        pickup=4,
        fermatas=[(12, 16), (28, 32)],
    ),
    Exercise(
        name="a Neapolitan sixth and a cadential six-four",
        voices=(
            "D5 C#5 D5 D5 Eb5.8 D5 C#5 D5.16",
            "F4 E4 D4 D4 G4.8 F4 E4 D4.16",
            "A3 G3 A3 Bb3 Bb3.8 A3 G3 F3.16",
            "D3 E3 F3 G3 G3 G2 A2 A2 D3.16",
        ),
        key="D minor",
    ),
    Exercise(
        name="a sequence of sevenths",
        voices=(
            "D5.8 D5 C5 C5 Bb4 Bb4 A4 Bb4.16",
            "F4.8 G4 G4 F4 F4 Eb4 Eb4 D4.16",
            "Bb3.8 Bb3 A3 A3 G3 G3 F3 F3.16",
            "Bb2.8 Eb3 A2 D3 G2 C3 F2 Bb2.16",
        ),
        key="Bb major",
    ),
    Exercise(
        name="applied dominants in inversion, and an anticipation",
        voices=(
            "A4 A4 A4 A4.8 G#4 G#4 A4 B4 B4.10 A4.2 A4.12",
            "E4 E4 D4 D#4.8 E4 E4 E4 F#4 D4.12 C#4.12",
            "C#4 C#4 D4 B3.8 B3 B3 A3 A3 G#3.12 A3.12",
            "A3 G3 F#3 B2.8 E3 D3 C#3 D3 E3.12 A2.12",
        ),
        key="A major",
        metre="3/4",
    ),
    Exercise(
        name="a French sixth, a pickup, and a suspension 9-8 at the end",
        voices=(
            "D5 D5 Eb5 C5 C#5 D5.12 D5 D5 C5 A4.8 A4 G4.8",
            "F#4 G4 G4 G4 G4 F#4.12 F#4 G4 Eb4 D4 C4 Bb3.12",
            "A3 Bb3 Bb3 C4 A3 A3.12 A3 G3 G3 G3 F#3 G3.12",
            "D3 G2 Eb3 Eb3 Eb3 D3.12 C3 Bb2 C3 D3.8 G2.12",
        ),
        key="G minor",
        pickup=4,
        fermatas=[(20, 32), (56, 64)],
    ),
    Exercise(
        name="a modulation to the dominant, and a diminished seventh of it",
        voices=(
            "C5 D5 E5 E5 D5.8 D5.8 D5 D5 C5 C5 B4 B4 C5.8",
            "E4 G4 G4 A4 F#4.8 G4.8 G4 G4 G4 A4 G4 F4 E4.8",
            "G3 G3 G3 C4 C4.8 B3.8 B3 B3 C4 Eb4 D4 D4 C4.8",
            "C3 B2 C3 A2 D3.8 G3.8 G3 F3 E3 F#3 G3 G3 C3.8",
        ),
        fermatas=[(24, 32), (56, 64)],
    ),
    Exercise(
        name="the tenor below the octave from which the bass falls",
        voices=(
            "C5 B4 C5 D5 B4.8 C5.8",
            "G4 G4 G4 F4 D4.8 C4.8",
            "E4 D4 C4 A3 G3 F3 E3.8",
            "C3 D3 E3 F3 G3 G2 C3.8",
        ),
    ),
    Exercise(
        name="a seventh that the bass takes over",
        voices=(
            "C5 B4 B4 C5 C5.8 E5 D5 C5.16",
            "G4 F4 G4 G4 A4.8 G4 F4 E4.16",
            "E4 D4 D4 C4 C4.8 C4 B3 C4.16",
            "C3 G3 F3 E3 F3.8 G3 G2 C3.16",
        ),
    ),
    Exercise(
        name="suspensions in triple metre",
        voices=(
            "G4.12 E4.12 D4.12 D4.12",
            "D4.12 D4 C4.8 A3.12 B3.12",
            "B3.12 G3.12 G3 F#3.8 G3.12",
            "G3.12 C3.12 D3.12 G2.12",
        ),
        key="G major",
        metre="3/4",
    ),
    Exercise(
        name="a Phrygian ending",
        voices=(
            "E4 G4 A4 G4 F4.8 E4.8",
            "C4 C4 C4 C4 D4.8 B3.8",
            "A3 G3 C4 C4 A3.8 G#3.8",
            "A2 E3 F3 E3 D3.8 E3.8",
        ),
        key="E minor",
    ),
    Exercise(
        name="a Mixolydian ending",
        voices=(
            "G4 A4 C5 B4 A4 A4 G4.8",
            "D4 F4 G4 G4 F4 F4 D4.8",
            "B3 C4 C4 D4 D4 C4 B3.8",
            "G3 F3 E3 G3 D3 F3 G3.8",
        ),
        key="G major",
    ),
    Exercise(
        name="a suspension in the bass, and a Picardy third",
        voices=(
            "C5.8 D5.8 Eb5 C5 C5 B4 C5.16",
            "Eb4.8 G4.8 G4 F4 D4.8 E4.16",
            "G3.16 G3 Ab3 G3.8 G3.16",
            "C3.12 B2 C3 F3 G3.8 C3.16",
        ),
        key="C minor",
    ),
]

FAULTY = [
    Exercise(
        name="parallel fifths and octaves",
        voices=(
            "C5 C5 A4 G4 G4 A4 B4 C5",
            "G4 G4 F4 D4 E4 F4 G4 G4",
            "E4 C4 C4 B3 C4 C4 D4 E4",
            "C3 E3 F3 G3 C3 F2 G2 C3",
        ),
        faults=frozenset({("parallel-fifths", 2, 3), ("parallel-octaves", 2, 3)}),
    ),
    Exercise(
        name="leading tones, doubled and unresolved",
        voices=(
            "C5 D5 E5 E5 D5 B4 G4.8",
            "G4 G4 G4 A4 A4 G4 E4.8",
            "E4 B3 G3 C4 D4 D4 C4.8",
            "C3 B2 C3 A2 F2 G2 C3.8",
        ),
        faults=frozenset(
            {("doubled-leading-tone", 1, 2), ("unresolved-leading-tone", 2, 3)}
        ),
    ),
    Exercise(
        name="an augmented second, and a seventh that rises",
        voices=(
            "A4 A4 B4 C5 D5 D5 E5.8",
            "E4 F4 G#4 A4 A4 G#4 A4.8",
            "C4 C4 E4 E4 F4 E4 C4.8",
            "A2 F2 E2 A2 D3 E3 A2.8",
        ),
        key="A minor",
        faults=frozenset({("augmented-leap", 1, 3), ("unresolved-seventh", 2, 3)}),
    ),
    Exercise(
        name="spacing and range",
        voices=(
            "D5 E5 C5 D5 B4 C5.12",
            "G4 C4 E4 D4 D4 E4.12",
            "G3 G3 A3 A3 G3 G3.12",
            "B2 C3 A2 F2 G2 C2.12",
        ),
        pickup=4,
        faults=frozenset({("spacing", 1, 1), ("range", 2, 1)}),
    ),
    Exercise(
        name="crossing",
        voices=(
            "B4 G4 D5 D5 C5 A4 G4.8",
            "G4 C5 A4 B4 A4 F#4 G4.8",
            "D4 E4 D4 D4 E4 D4 B3.8",
            "G3 E3 F#3 G3 C3 D3 G2.8",
        ),
        key="G major",
        faults=frozenset({("crossing", 1, 2)}),
    ),
    Exercise(
        name="a direct octave, and a leap of a seventh",
        voices=(
            "E5 G5 G5 G5 E5 D5 C5.8",
            "G4 B4 C5 D5 C5 B4 C5.8",
            "C4 D4 E4 D4 G4 G4 E4.8",
            "C3 G3 C3 B3 C4 G3 C3.8",
        ),
        faults=frozenset({("direct-octaves", 1, 2), ("large-leap", 1, 4)}),
    ),
    Exercise(
        name="a six-four that is neither cadential nor passing nor pedal",
        voices=(
            "C5 C5 B4 C5 C5 B4 C5.8",
            "G4 A4 G4 G4 A4 G4 G4.8",
            "E4 E4 D4 E4 F4 D4 E4.8",
            "C3 E3 G3 C3 F2 G2 C3.8",
        ),
        faults=frozenset({("unprepared-six-four", 1, 2)}),
    ),
    Exercise(
        name="an open fifth",
        voices=(
            "C5 D5 C5 C5 B4 C5.12",
            "G4 G4 G4 A4 G4 G4.12",
            "E4 D4 E4 F4 D4 E4.12",
            "C3 G3 C3 F2 G2 C3.12",
        ),
        faults=frozenset({("open-fifth", 1, 2)}),
    ),
    Exercise(
        name="a dissonance reached and left by leap",
        voices=(
            "G4 G4 D5 A4 G4 G4.12",
            "E4 D4 E4 F4 D4 E4.12",
            "C4 B3 C4 C4 B3 C4.12",
            "C3 G3 C3 F3 G3 C3.12",
        ),
        faults=frozenset(
            {("unprepared-dissonance", 1, 3), ("unresolved-dissonance", 1, 4)}
        ),
    ),
    Exercise(
        name="an end on the subdominant",
        voices=(
            "D5.8 C#5 D5.12 D5.12",
            "A4.8 G4 A4.12 Bb4.12",
            "F4.8 E4 D4.12 D4.12",
            "D3.8 E3 F3.12 G3.12",
        ),
        key="D minor",
        metre="3/4",
        faults=frozenset({("missing-cadence", 3, 1)}),
    ),
    Exercise(
        name="a phrase that ends on an inversion",
        voices=(
            "C5 C5 B4 C5 D5 B4 C5.8",
            "G4 A4 G4 G4 A4 G4 G4.8",
            "E4 F4 D4 C4 D4 D4 E4.8",
            "C3 F3 G3 E3 F3 G3 C3.8",
        ),
        fermatas=[(12, 16), (24, 32)],
        faults=frozenset({("phrase-end-inversion", 1, 4)}),
    ),
    Exercise(
        name="a false relation",
        voices=(
            "C5 D5 C5 B4 C5.16",
            "G4 A4 F#4 G4 E4.16",
            "E4 D4 A3 G3 G3.16",
            "C3 F3 D3 G2 C3.16",
        ),
        faults=frozenset({("false-relation", 1, 3)}),
    ),
    Exercise(
        name="G against G sharp",
        voices=(
            "C5 B4 C5 A4 G#4 A4.12",
            "E4 E4 E4 F4 D4 C4.12",
            "A3 G3 A3 A3 E3 E3.12",
            "A2 G#2 A2 D3 E3 A2.12",
        ),
        key="A minor",
        faults=frozenset({("chromatic-clash", 1, 2)}),
    ),
    Exercise(
        name="a harmony tied over the barline",
        voices=(
            "C5.12 B4.12 C5.8 A4.8 B4.8 C5.16",
            "G4.12 G4.12 G4.8 F4.8 D4.8 E4.16",
            "E4.12 D4.12 E4.8 C4.8 G3.8 G3.16",
            "C3.12 G3.12 C3.8 F2.8 G2.8 C3.16",
        ),
        faults=frozenset({("syncopation", 2, 1)}),
    ),
    Exercise(
        name="a seventh that leaps in a deceptive progression",
        voices=(
            "C5.8 B4 C5 C5.8 E5 D5 C5.16",
            "E4.8 F4 A4 A4.8 G4 F4 E4.16",
            "C4.8 D4 C4 C4.8 C4 B3 C4.16",
            "C3.8 G2 A2 F2.8 G2 G2 C3.16",
        ),
        faults=frozenset({("unresolved-seventh", 1, 4)}),
    ),
    Exercise(
        name="a leap to a dissonance off the beat, and an unprepared fourth",
        voices=(
            "E4.2 B4.2 G4 C5 B4 C5.16",
            "C4 C4 D4.8 E4.16",
            "G3 G3 G3.8 G3.16",
            "C3 E3 G3.8 C3.16",
        ),
        faults=frozenset(
            {("unresolved-dissonance", 1, 2), ("unprepared-dissonance", 1, 3)}
        ),
    ),
    Exercise(
        name="a suspension that leaps away",
        voices=(
            "E5 D5.8 G4 F4.8 E4.8",
            "G4 G4 E4.8 D4.8 C4.8",
            "C4 B3 C4.8 B3.8 C4.8",
            "C3 G2 C3.8 G2.8 C3.8",
        ),
        faults=frozenset({("unresolved-dissonance", 1, 4)}),
    ),
    Exercise(
        name="an unprepared seventh",
        voices=(
            "G4 A4 C5 B4 C5.16",
            "E4 E4 D4 D4 E4.16",
            "C4 C4 A3 G3 G3.16",
            "C3 A2 F2 G2 C3.16",
        ),
        faults=frozenset({("unprepared-dissonance", 1, 3)}),
    ),
    Exercise(
        name="a seventh in the bass that leaps",
        voices=(
            "D5 C#5 D5.8 D5.8 C#5.8 D5.16",
            "F#4 E4 F#4.8 G4.8 G4.8 F#4.16",
            "A3 A3 A3.8 B3.8 A3.8 A3.16",
            "D3 G3 D3.8 G2.8 A2.8 D3.16",
        ),
        key="D major",
        faults=frozenset({("unresolved-seventh", 1, 3)}),
    ),
    Exercise(
        name="an applied leading tone that falls",
        voices=(
            "G4.8 F#4 D4 E4.16",
            "C4.8 C4 B3 C4.16",
            "E3.8 A3 G3 G3.16",
            "C3.8 D3 G3 C3.16",
        ),
        faults=frozenset({("unresolved-leading-tone", 1, 4)}),
    ),
    Exercise(
        name="an end on the submediant",
        voices=(
            "C5.8 C5.8 B4.8 C5.8",
            "E4.8 F4.8 D4.8 C4.8",
            "G3.8 A3.8 G3.8 E3.8",
            "C3.8 F2.8 G2.8 A2.8",
        ),
        faults=frozenset({("missing-cadence", 2, 3)}),
    ),
    Exercise(
        name="a leading tone in the bass that leaps",
        voices=(
            "C5 G4 G4 G4 G4.16",
            "G4 F4 E4 D4 E4.16",
            "E4 D4 C4 B3 C4.16",
            "C3 B2 E3 G3 C3.16",
        ),
        faults=frozenset({("unresolved-leading-tone", 1, 3)}),
    ),
]
