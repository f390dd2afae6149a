"""Cross relations: one letter with two accidentals, at once or in succession."""

from __future__ import annotations

import numpy as np
import pytest

from chorale.music.keys import Key
from chorale.music.voices import ALTO, BASS, SILENCE, SOPRANO, TENOR, VOICES
from chorale.voice_leading.costs import rule_costs
from chorale.voice_leading.cross_relations import (
    chromatic_clashes,
    false_relations,
    letter_mates,
    scale,
)
from chorale.voice_leading.faults import NO_TONE, Context
from chorale.voice_leading.rules import surprisal

EVERY_CLASS = np.arange(60, 72)


def context(
    now: dict[int, int],
    before: dict[int, int] | None = None,
    key: str | None = "C major",
    phrase_start: bool = False,
) -> Context:
    """Return a context in which the voices that have notes are written."""
    chords = [
        [[notes.get(voice, SILENCE) for voice in range(VOICES)]]
        for notes in (before or {}, now)
    ]
    return Context(
        before=np.array(chords[0]),
        now=np.array(chords[1]),
        written=tuple(now),
        phrase_start=np.array([phrase_start]),
        leading=np.array([NO_TONE]),
        scale=np.array([scale(Key.parse(key) if key else None)]),
    )


def clashing(known: Context, voice: int, *notes: int) -> list[int]:
    """Return the notes that clash."""
    (fault,) = chromatic_clashes(known, voice, np.array([notes]))
    assert fault.rule == "chromatic-clash"
    return [
        note for note, bad in zip(notes, fault.notes[0].tolist(), strict=True) if bad
    ]


def false(known: Context, voice: int, *notes: int) -> list[int]:
    """Return the notes that make a false relation."""
    faults = list(false_relations(known, voice, np.array([notes])))
    assert {fault.rule for fault in faults} == {"false-relation"}
    bad = np.any([fault.notes[0] for fault in faults], axis=0)
    return [note for note, is_bad in zip(notes, bad.tolist(), strict=True) if is_bad]


# === Clashes ===


@pytest.mark.parametrize(
    ("key", "clashes"),
    [
        ("C major", {0: 1, 1: 0, 2: 3, 3: 2, 5: 6, 6: 5, 7: 8, 8: 7, 10: 11, 11: 10}),
        ("A minor", {0: 1, 1: 0, 2: 3, 3: 2, 5: 6, 6: 5, 7: 8, 8: 7, 10: 11, 11: 10}),
        ("C minor", {1: 2, 2: 1, 8: 9, 9: 8, 3: 4, 4: 3, 10: 11, 11: 10, 5: 6, 6: 5}),
        (None, {}),
    ],
)
def test_a_note_clashes_with_the_same_letter_of_another_accidental(
    key: str | None, clashes: dict[int, int]
) -> None:
    for sounding in range(12):
        known = context({BASS: 48 + sounding}, key=key)
        expected = [60 + clashes[sounding]] if sounding in clashes else []
        assert clashing(known, ALTO, *EVERY_CLASS) == expected, sounding


def test_silence_does_not_clash() -> None:
    assert clashing(context({BASS: 48}), ALTO, SILENCE, 61) == [61]
    assert clashing(context({BASS: SILENCE}), ALTO, *EVERY_CLASS) == []


def test_mates_of_letters_are_a_semitone_apart_and_mutual() -> None:
    notes, tonics = np.arange(48, 60), np.arange(12)[:, np.newaxis]
    mates = letter_mates(notes, tonics)
    has_mate = mates != NO_TONE
    assert has_mate.sum(axis=1).tolist() == [10] * 12
    assert np.isin((mates - notes)[has_mate] % 12, (1, 11)).all()
    back = letter_mates(48 + mates, tonics)
    assert (back == notes % 12)[has_mate].all()


# === False relations ===

# The tenor has C and the alto E, over the bass A; then the tenor leaps to A.
BEFORE = {SOPRANO: 69, ALTO: 64, TENOR: 60, BASS: 45}


def test_a_voice_does_not_move_to_a_letter_that_another_has_just_left() -> None:
    known = context({BASS: 45, TENOR: 57}, BEFORE)
    # C sharp in any octave; not C itself.
    assert false(known, ALTO, 60, 61, 73, 64, 62) == [61, 73]
    assert false(known, SOPRANO, 73, 72, 69) == [73]


def test_a_voice_does_not_leave_a_letter_that_another_has_just_altered() -> None:
    known = context({BASS: 45, ALTO: 61}, BEFORE)
    # It may stay (a clash), have the semitone itself, and fall by step.
    leaving = (48, 57, 58, 59, 60, 61, 62, 64, 73, SILENCE)
    assert false(known, TENOR, *leaving) == [48, 57, 62, 64]


def test_the_higher_note_moves_on_upwards() -> None:
    before = {SOPRANO: 69, ALTO: 64, TENOR: 61, BASS: 45}
    known = context({BASS: 41, ALTO: 60}, before)
    assert false(known, TENOR, 62, 63, 59, 57) == [59, 57]
    known = context({BASS: 41, TENOR: 62}, before)
    assert false(known, ALTO, 60) == []
    known = context({BASS: 41, TENOR: 59}, before)
    assert false(known, ALTO, 60) == [60]


@pytest.mark.parametrize(
    ("now", "before", "fields"),
    [
        ({BASS: 45, TENOR: 61}, {}, {}),  # the tenor has the semitone
        ({BASS: 45, TENOR: 60}, {}, {}),  # it stays: that is a clash
        ({BASS: 45, TENOR: 57}, {ALTO: 60}, {}),  # the alto has it
        ({BASS: 45, TENOR: 57}, {ALTO: 61}, {}),  # the alto had C sharp before
        ({BASS: 49, TENOR: 57}, {BASS: 48}, {}),  # the bass has it
        ({TENOR: 57}, {BASS: 48}, {}),  # the bass may have it
        ({BASS: 45, TENOR: SILENCE}, {}, {}),
        ({BASS: 45, TENOR: 57}, {TENOR: SILENCE}, {}),
        ({BASS: 45, TENOR: 57}, {ALTO: SILENCE}, {}),
        ({BASS: 45, TENOR: 57}, {}, {"phrase_start": True}),
        ({BASS: 45, TENOR: 57}, {}, {"key": None}),
        ({BASS: 45, TENOR: 57}, {}, {"key": "C# minor"}),  # its C natural is B sharp
    ],
)
def test_what_is_no_false_relation(
    now: dict[int, int], before: dict[int, int], fields: dict[str, object]
) -> None:
    known = context(now, {**BEFORE, **before}, **fields)  # type: ignore[arg-type]
    assert false(known, ALTO, 61, 73) == []


def test_cross_relations_cost_what_bach_makes_rare() -> None:
    assert surprisal("chromatic-clash") > surprisal("false-relation") > 5
    known = context({BASS: 45, TENOR: 57}, BEFORE)
    nothing = known._replace(scale=NO_TONE)
    notes = np.array([[61, 62]])
    costs = rule_costs(known, ALTO, notes) - rule_costs(nothing, ALTO, notes)
    assert costs[0] == pytest.approx([surprisal("false-relation"), 0])
    known = known._replace(now=np.array([[0, 0, 60, 45]]))
    costs = rule_costs(known, ALTO, notes) - rule_costs(nothing, ALTO, notes)
    assert costs[0] == pytest.approx([surprisal("chromatic-clash"), 0])
