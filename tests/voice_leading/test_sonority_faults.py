"""Faults of sonorities: open fifths, and chords on which phrases end."""

from __future__ import annotations

import numpy as np
import pytest

from chorale.music.keys import Key
from chorale.music.metre import Metre
from chorale.music.voices import (
    ALTO,
    BASS,
    SILENCE,
    SOPRANO,
    TENOR,
    VOICE_ORDER,
    VOICES,
)
from chorale.voice_leading.costs import rule_costs
from chorale.voice_leading.cross_relations import (
    scale,
)
from chorale.voice_leading.faults import (
    HELD,
    NO_TONE,
    OFF_BEAT,
    ON_BEAT,
    PHRASE_END,
    PLACES,
    Context,
)
from chorale.voice_leading.rules import surprisal
from chorale.voice_leading.sonority_faults import (
    open_fifths,
    step_places,
    unstable_phrase_ends,
)

FINDERS = (open_fifths, unstable_phrase_ends)
EVERY_CLASS = np.arange(60, 72)


def context(
    now: dict[int, int], place: int = OFF_BEAT, key: str | None = "C major"
) -> Context:
    """Return a context in which some voices have notes, and those are written."""
    chord = [[now.get(voice, SILENCE) for voice in range(VOICES)]]
    return Context(
        before=np.zeros((1, VOICES), int),
        now=np.array(chord),
        written=tuple(now),
        phrase_start=np.zeros(1, bool),
        leading=np.array([NO_TONE]),
        place=np.array([place]),
        scale=np.array([scale(Key.parse(key) if key else None)]),
    )


def faults(known: Context, voice: int, *notes: int) -> list[set[str]]:
    """Return the names of the rules that each note would break."""
    found: list[set[str]] = [set() for _ in notes]
    for find in FINDERS:
        for fault in find(known, voice, np.array([notes])):
            assert fault.voices == (voice,)
            for names, is_fault in zip(found, fault.notes[0], strict=True):
                if is_fault:
                    names.add(fault.rule)
    return found


# === Open fifths ===


def test_the_last_voice_completes_the_third_on_beats() -> None:
    written = {SOPRANO: 72, BASS: 48, ALTO: 67}
    found = faults(context(written, ON_BEAT, key=None), TENOR, *EVERY_CLASS)
    without_third = [
        note for note, names in zip(EVERY_CLASS, found, strict=True) if names
    ]
    assert without_third == [60, 67]
    assert found[0] == found[7] == {"open-fifth"}


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ({SOPRANO: 72, BASS: 48, ALTO: 67}, OFF_BEAT),
        ({SOPRANO: 72, BASS: 48}, ON_BEAT),  # the tenor may still have the third
        ({SOPRANO: 72, BASS: 48, ALTO: SILENCE}, ON_BEAT),
        ({SOPRANO: 76, BASS: 48, ALTO: 67}, ON_BEAT),  # there is a third
    ],
)
def test_elsewhere_a_third_may_be_missing(written: dict[int, int], place: int) -> None:
    assert faults(context(written, place), TENOR, 60, 67, SILENCE) == [set()] * 3


def test_fourths_and_unisons_are_without_a_third_too() -> None:
    known = context({SOPRANO: 72, BASS: 43, ALTO: 67}, ON_BEAT)
    assert faults(known, TENOR, 60, 64) == [{"open-fifth"}, set()]
    known = context({SOPRANO: 72, BASS: 48, ALTO: 60}, ON_BEAT)
    assert faults(known, TENOR, 60, 53, 64) == [{"open-fifth"}, {"open-fifth"}, set()]


# === Phrase ends ===


def test_the_bass_leaves_room_for_a_triad_in_root_position() -> None:
    found = faults(context({SOPRANO: 76}, PHRASE_END), BASS, *EVERY_CLASS)
    unstable = {note: names for note, names in enumerate(found) if names}
    assert set(range(12)) - set(unstable) == {0, 1, 4, 9}  # C, C sharp, E, A
    assert unstable[5] == {"phrase-end-dissonance"}
    assert unstable[7] == unstable[8] == unstable[11] == {"phrase-end-inversion"}


def test_inner_voices_do_not_leave_the_triad() -> None:
    known = context({SOPRANO: 76, BASS: 48}, PHRASE_END)
    assert faults(known, ALTO, 60, 64, 67, 65, 69, SILENCE) == [
        set(),
        set(),
        set(),
        {"phrase-end-dissonance"},
        {"phrase-end-inversion"},
        set(),
    ]
    assert faults(known._replace(place=ON_BEAT), ALTO, 65, 69) == [set(), set()]


def test_notes_that_cannot_help_are_no_faults() -> None:
    """Where the notes written are dissonant, all others are equal."""
    known = context({SOPRANO: 77, BASS: 48}, PHRASE_END)
    assert faults(known, ALTO, 60, 64, 67, 69) == [set()] * 4


def test_while_the_bass_is_unknown_any_triad_will_do() -> None:
    known = context({SOPRANO: 76, TENOR: 55}, PHRASE_END)
    assert faults(known, ALTO, 60, 71, 72, 69) == [
        set(),
        set(),
        set(),
        {"phrase-end-dissonance"},
    ]
    # A silent bass is as good as none.
    known = context({SOPRANO: 76, TENOR: 55, BASS: SILENCE}, PHRASE_END)
    assert faults(known, ALTO, 71) == [set()]


def resting(before: tuple[int, ...], now: dict[int, int]) -> Context:
    """Return a context of a phrase end that goes on from another chord."""
    return context(now, HELD)._replace(before=np.array([before]))


def test_the_last_chord_stays() -> None:
    """E minor after G major is a triad in root position too, but another one."""
    before = (74, 67, 59, 43)
    known = resting(before, {SOPRANO: 74})
    assert faults(known, BASS, 43, 55, 52, 47, 45) == [
        set(),
        set(),
        {"phrase-end-dissonance"},
        {"phrase-end-inversion"},
        {"phrase-end-dissonance"},
    ]
    known = resting(before, {SOPRANO: 74, BASS: 43})
    assert faults(known, ALTO, 67, 71, 62, 64, 69) == [
        *[set()] * 3,
        *[{"phrase-end-dissonance"}] * 2,
    ]
    assert faults(known._replace(place=np.array([PHRASE_END])), ALTO, 71) == [set()]


def test_a_suspension_and_an_inversion_may_resolve_in_the_last_chord() -> None:
    for before in ((74, 67, 60, 43), (74, 67, 55, 47)):
        known = resting(before, {SOPRANO: 74, BASS: 43})
        assert faults(known, TENOR, 59) == [set()]


def test_the_last_chord_has_its_third() -> None:
    known = context({SOPRANO: 72, BASS: 48, ALTO: 67}, PHRASE_END)
    assert faults(known, TENOR, 60, 64, 63, 55) == [
        {"open-fifth"},
        set(),
        set(),
        {"open-fifth"},
    ]


# === Costs ===


def test_notes_cost_what_bach_makes_rare() -> None:
    assert surprisal("open-fifth") > surprisal("phrase-end-inversion")
    known = context({SOPRANO: 76, BASS: 48}, PHRASE_END)
    notes = np.array([[64, 65, 69]])
    costs = rule_costs(known, ALTO, notes) - rule_costs(
        known._replace(place=OFF_BEAT), ALTO, notes
    )
    assert costs[0] == pytest.approx(
        [0, surprisal("phrase-end-dissonance"), surprisal("phrase-end-inversion")]
    )


def test_a_chord_without_a_fault_costs_nothing_in_any_key() -> None:
    for root, fifths in enumerate(7 * np.arange(12) % 12):
        key = Key.from_fifths(int(fifths) - 12 * (fifths > 6)).name
        chord = {SOPRANO: 76 + root, BASS: 48 + root, ALTO: 67 + root}
        for place in PLACES:
            for turn, voice in enumerate(VOICE_ORDER[:3]):
                written = {each: chord[each] for each in VOICE_ORDER[:turn]}
                known = context(written, place, key)
                assert faults(known, voice, chord[voice]) == [set()]


# === Places ===


def test_places_of_steps() -> None:
    fermatas = np.zeros(16, bool)
    fermatas[4:6] = True
    places = step_places(fermatas, np.arange(16), (Metre(4, 4),))
    beat = [ON_BEAT, OFF_BEAT, OFF_BEAT, OFF_BEAT]
    end = [PHRASE_END, HELD, HELD, HELD]
    assert places.tolist() == [*beat, *end[:2], *beat[2:], *beat, *end]


def test_the_beats_of_compound_time_are_dotted_quarters() -> None:
    places = step_places(np.zeros(12, bool), np.arange(12), (Metre(6, 8),))
    end = [PHRASE_END, *[HELD] * 5]
    assert places.tolist() == [ON_BEAT, *[OFF_BEAT] * 5, *end]


def test_a_phrase_may_end_right_after_another_one() -> None:
    fermatas = np.zeros(8, bool)
    fermatas[:4] = True  # the last beat ends the piece without one
    places = step_places(fermatas, np.arange(8), (Metre(4, 4),))
    assert places.tolist() == [PHRASE_END, HELD, HELD, HELD] * 2


def test_a_pickup_without_a_beat_has_no_phrase_end() -> None:
    places = step_places(np.zeros(2, bool), np.array([14, 15]), (Metre(4, 4),))
    assert places.tolist() == [OFF_BEAT] * 2
