"""The hidden Markov model of chords: what it finds, and how it is stored."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from chorale.music.keys import Key
from chorale.sampling.chord_plan.beats import (
    ARRIVAL,
    BEGINNING,
    LAST_ARRIVAL,
    LAST_BEFORE,
    LEAP_ON,
    PLACES,
    ROLES,
    STEP_ON,
    STRONG,
    WEAK,
    Beat,
    SungNote,
)
from chorale.sampling.chord_plan.chain import ChordChain, ModeCounts, chord_chain
from chorale.sampling.chord_plan.chords import chord_named

C_MAJOR, D_MINOR = Key("C", "major"), Key("D", "minor")


def phrase(pitches: list[int], last: bool = True) -> list[Beat]:
    """Return a phrase of quarters, two strong beats in a bar."""
    places = [STRONG if index % 2 else WEAK for index in range(len(pitches))]
    places[0] = BEGINNING
    if last:
        places[-2:] = LAST_BEFORE, LAST_ARRIVAL
    else:
        places[-1] = ARRIVAL
    return [
        Beat(4 * index, place, (SungNote(4 * index, pitch, STEP_ON),))
        for index, (place, pitch) in enumerate(zip(places, pitches, strict=True))
    ]


def names(pitches: list[int], key: Key = C_MAJOR, **options: object) -> list[str]:
    found = chord_chain().likeliest(phrase(pitches), key, **options)
    return [chord.name for chord in found]


def test_a_phrase_ends_on_a_cadence() -> None:
    assert names([72, 74, 76, 77, 76, 74, 72])[-2:] == ["V", "I"]
    assert names([69, 72, 70, 69, 67, 65, 64, 62], D_MINOR)[-2] in ("V", "vii°6")


def test_a_first_phrase_ends_on_tonic_or_dominant() -> None:
    for last in (74, 71, 67):
        beats = phrase([72, 74, 76, 77, 76, last], last=False)
        assert chord_chain().likeliest(beats, C_MAJOR)[-1].name in ("I", "V")


def test_notes_on_the_beat_are_tones_of_their_chords() -> None:
    pitches = [72, 76, 74, 71, 72, 69, 67, 74, 72]
    found = chord_chain().likeliest(phrase(pitches), C_MAJOR)
    assert all(
        pitch % 12 in chord.tones for pitch, chord in zip(pitches, found, strict=True)
    )


def test_a_leap_in_the_beat_stays_in_its_chord() -> None:
    beats = phrase([72, 72, 74, 72])
    leap = SungNote(6, 67, LEAP_ON)
    beats[1] = beats[1]._replace(notes=(*beats[1].notes, leap))
    assert 7 in chord_chain().likeliest(beats, C_MAJOR)[1].tones


@pytest.mark.parametrize("key", [C_MAJOR, Key("A", "major"), Key("Eb", "major")])
def test_chords_move_with_the_key(key: Key) -> None:
    pitches = [72, 74, 76, 77, 76, 74, 72]
    moved = [pitch + key.tonic_class for pitch in pitches]
    assert names(moved, key) == names(pitches)


def test_tones_that_a_mode_avoids_are_avoided() -> None:
    pitches = [72, 74, 74, 74, 74, 74, 74, 72]
    with_leading_tone = names(pitches)
    without = names(pitches, foreign=[11])

    def count(found: list[str]) -> int:
        return sum(11 in chord_named(name).triad_tones for name in found)

    assert count(without) < count(with_leading_tone)


def test_random_numbers_change_the_chords_and_repeat() -> None:
    pitches = [72, 74, 76, 77, 76, 74, 72, 69, 67, 72, 71, 72]
    drawn = {
        tuple(names(pitches, random=np.random.default_rng(state)))
        for state in (*range(10), *range(10))
    }
    assert 1 < len(drawn) <= 10


def test_the_likeliest_chords_are_those_of_an_exhaustive_search() -> None:
    chords = tuple(map(chord_named, ("I", "V", "IV", "ii6")))
    random = np.random.default_rng(0)
    chain = ChordChain(
        modes={
            "major": ModeCounts(
                chords=chords,
                firsts=random.integers(1, 9, 4),
                following={place: random.integers(0, 9, (4, 4)) for place in PLACES},
                sung=random.integers(1, 9, (4, 12)),
            )
        },
        chord_tones=dict.fromkeys(ROLES, (9, 10)),
    )
    # Held chords and leading outer voices do not cost here: repeated notes, no barline.
    beats = [
        beat._replace(place=WEAK) if beat.place == STRONG else beat
        for beat in phrase([74] * 5, last=False)
    ]
    found = chain.likeliest(beats, C_MAJOR)
    counts = chain.modes["major"]

    def score(path: tuple[int, ...]) -> float:
        total = counts.log_firsts[path[0]]
        for index, chord in enumerate(path):
            name = chords[chord]
            total += np.log(
                (9.1 / 10.2)
                * (counts.sung[chord, 2] + 1)
                / (counts.sung[chord].sum() + (4 if name.is_dominant else 3))
                if 2 in name.triad_tones
                else (1 - 9.1 / 10.2) / (12 - len(name.triad_tones))
            )
            if index:
                total += counts.log_following[beats[index].place][
                    path[index - 1], chord
                ]
        before, last = chords[path[-2]], chords[path[-1]]
        total -= 2.0 * (last.name not in ("I", "V"))
        total -= 1.0 * (not last.is_dominant and not before.leads_to(last))
        return float(total)

    best = max(product(range(4), repeat=5), key=score)
    assert found == [chords[index] for index in best]


@pytest.mark.parametrize("pitches", [[60, 62, 64, 67, 72], [64, 62, 67, 67, 72]])
def test_a_leap_to_the_tonic_has_no_step_of_the_bass_below(pitches: list[int]) -> None:
    # From V6 the outer voices would go to a direct octave.
    beats = phrase(pitches, last=False)
    found = chord_chain().likeliest(beats, C_MAJOR)
    assert [chord.name for chord in found[-2:]] == ["V", "I"]


def test_a_chain_is_stored_and_read() -> None:
    chain = chord_chain()
    again = ChordChain.from_json(chain.to_json())
    assert again.chord_tones == chain.chord_tones
    for mode, counts in chain.modes.items():
        other = again.modes[mode]
        assert other.chords == counts.chords
        assert np.array_equal(other.firsts, counts.firsts)
        assert np.array_equal(other.sung, counts.sung)
        for place in PLACES:
            assert np.array_equal(other.following[place], counts.following[place])


def test_probabilities_sum_to_one() -> None:
    for counts in chord_chain().modes.values():
        assert np.exp(counts.log_firsts).sum() == pytest.approx(1)
        for logs in counts.log_following.values():
            assert np.exp(logs).sum(axis=1) == pytest.approx(np.ones(len(logs)))


def test_a_place_that_was_never_seen_follows_the_general_probabilities() -> None:
    counts = chord_chain().modes["major"]
    empty = {place: np.zeros_like(table) for place, table in counts.following.items()}
    unseen = replace(counts, following=empty)
    for logs in unseen.log_following.values():
        assert np.isfinite(logs).all()
