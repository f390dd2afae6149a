"""Plans of melodies: chords in pitch classes, and what is asked of a model."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from progressions import progression

from chorale.music.score import Chorale
from chorale.sampling.chord_plan import planning
from chorale.sampling.chord_plan.chords import chord_named
from chorale.sampling.chord_plan.planning import with_planned_chords
from chorale.sampling.fragments import Fragment, with_voice


def fragment(soprano: str, key: str = "C major") -> Fragment:
    """Return a melody in quarters whose last note has a fermata."""
    piece: Chorale = progression(
        soprano, *["r." + str(4 * len(soprano.split()))] * 3, key=key
    )
    fermatas = np.zeros(piece.steps, np.bool_)
    fermatas[-4:] = True
    return with_voice(
        Chorale(
            pitches=piece.pitches, onsets=piece.onsets, fermatas=fermatas, key=piece.key
        ),
        0,
    )


def test_a_plan_has_a_chord_for_each_beat() -> None:
    planned = with_planned_chords(fragment("C5 D5 E5 F5 E5 D5 C5"))
    assert planned.chords is not None and planned.endings is not None
    assert [chord.step for chord in planned.chords] == [*range(0, 28, 4)]
    *_, before, last = planned.chords
    assert set(before.tones) == {7, 11, 2, 5} and set(last.tones) == {0, 4, 7}
    assert last.bass == 0
    assert [chord.in_cadence for chord in planned.chords] == [False] * 5 + [True] * 2
    assert [str(ending) for ending in planned.endings] == ["C:PAC"]


def test_chords_are_pitch_classes_of_the_key() -> None:
    low = with_planned_chords(fragment("C5 D5 E5 F5 E5 D5 C5"))
    high = with_planned_chords(fragment("D5 E5 F#5 G5 F#5 E5 D5", "D major"))
    assert low.chords is not None and high.chords is not None
    for one, other in zip(low.chords, high.chords, strict=True):
        assert [(tone + 2) % 12 for tone in one.tones] == [*other.tones]
        assert (one.bass + 2) % 12 == other.bass


def test_a_model_without_keys_is_asked_for_no_endings() -> None:
    planned = with_planned_chords(fragment("C5 D5 C5"), are_keys_known=False)
    assert planned.chords and planned.endings is None


def test_the_notes_after_a_last_chord_keep_it_if_they_repeat_its_note() -> None:
    def last_steps(soprano: str) -> list[int]:
        whole = fragment(soprano)
        fermatas = np.array(whole.chorale.fermatas)
        fermatas[-12:] = True
        moved = Chorale(
            pitches=whole.chorale.pitches,
            onsets=whole.chorale.onsets,
            fermatas=fermatas,
            key=whole.chorale.key,
        )
        planned = with_planned_chords(with_voice(moved, 0))
        assert planned.chords is not None
        return [chord.step for chord in planned.chords if chord.in_cadence]

    assert last_steps("C5 D5 E5 D5 C5 C5 C5") == [12, 16, 20, 24]
    assert last_steps("C5 D5 E5 D5 C5 C4 C4") == [12, 16, 20, 24]
    assert last_steps("C5 D5 E5 D5 C5 C5 G4") == [12, 16, 20]


def test_a_last_beat_keeps_its_chord_while_the_melody_moves_on() -> None:
    piece = progression(
        "C5 D5 E5 D5.1 C5.1 B4.1 A4.1 G4 A4 B4 C5", *["r.32"] * 3, key="C major"
    )
    fermatas = np.isin(np.arange(piece.steps), [14, 28, 29, 30, 31])
    moved = Chorale(
        pitches=piece.pitches, onsets=piece.onsets, fermatas=fermatas, key=piece.key
    )
    planned = with_planned_chords(with_voice(moved, 0)).chords
    assert planned is not None
    assert [chord.ceiling for chord in planned[2:6]] == [76, 71, 71, 71]
    # To the last note of the phrase, not to the first of the next one.
    assert [chord.step for chord in planned] == [0, 4, 8, 12, 13, 14, 16, 20, 24, 28]
    assert len({chord.tones for chord in planned[3:6]}) == 1


def test_a_last_beat_after_a_rest_has_its_chord_where_the_note_begins() -> None:
    piece = progression("C5 D5 B4 r.2 C5.2", *["r.16"] * 3, key="C major")
    fermatas = np.arange(piece.steps) >= 14
    moved = Chorale(
        pitches=piece.pitches, onsets=piece.onsets, fermatas=fermatas, key=piece.key
    )
    planned = with_planned_chords(with_voice(moved, 0)).chords
    assert planned is not None
    assert [chord.step for chord in planned] == [0, 4, 8, 12, 14]


def test_after_a_silent_last_beat_no_chord_is_planned() -> None:
    for last, key in (("C5", "C major"), ("D5", "D major")):
        piece = progression(f"E5 F#5 E5 r {last}", *["r.20"] * 3, key=key)
        fermatas = np.arange(piece.steps) >= 12
        moved = Chorale(
            pitches=piece.pitches, onsets=piece.onsets, fermatas=fermatas, key=piece.key
        )
        planned = with_planned_chords(with_voice(moved, 0)).chords
        assert planned is not None
        assert [chord.step for chord in planned] == [0, 4, 8, 12]


@pytest.mark.parametrize(
    ("chord", "melody", "key", "tones"),
    [
        ("V", "D5", "C major", {7, 11, 2, 5}),
        ("V", "F5", "C major", {7, 11, 2}),
        ("vii°6", "D5", "C major", {11, 2, 5, 9}),
        ("vii°6", "D5", "C minor", {11, 2, 5, 8}),
        ("vii°6", "Ab5", "C minor", {11, 2, 5}),
        ("V", "E5", "D major", {9, 1, 4, 7}),
    ],
)
def test_sevenths_are_of_the_scale_and_not_doubled(
    chord: str,
    melody: str,
    key: str,
    tones: set[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chain = SimpleNamespace(likeliest=lambda beats, *_, **__: [chord_named(chord)])
    monkeypatch.setattr(planning, "chord_chain", lambda: chain)
    planned = with_planned_chords(fragment(melody, key)).chords
    assert planned is not None
    assert set(planned[0].tones) == tones


def test_a_last_note_after_the_beat_asks_for_no_cadence() -> None:
    piece = progression("C5 D5 E5 D5.6 C5.2", *["r.20"] * 3)
    fermatas = np.arange(piece.steps) >= 18
    moved = Chorale(
        pitches=piece.pitches, onsets=piece.onsets, fermatas=fermatas, key=piece.key
    )
    endings = with_planned_chords(with_voice(moved, 0)).endings
    assert endings is not None and [ending.kind for ending in endings] == [None]


def test_streams_make_other_plans_and_repeat() -> None:
    melody = fragment("C5 D5 E5 F5 E5 D5 C5 A4 G4 C5 B4 C5")
    likeliest = with_planned_chords(melody).chords
    drawn = [
        with_planned_chords(melody, np.random.SeedSequence(state)).chords
        for state in (*range(8), *range(8))
    ]
    assert drawn[:8] == drawn[8:]
    assert any(chords != likeliest for chords in drawn)
