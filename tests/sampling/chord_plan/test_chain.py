"""The hidden Markov model of chords: what it finds, and how it is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest

from chorale.music.keys import Key
from chorale.sampling.chord_plan.beats import (
    ARRIVAL,
    BEGINNING,
    HELD,
    LAST_ARRIVAL,
    LAST_BEFORE,
    LEAP_ON,
    OFF_BEAT,
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
        Beat(4 * index, place, (SungNote(4 * index, pitch, STEP_ON),), place == STRONG)
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
    # Outer voices do not move here, and there is no barline.
    beats = [
        beat._replace(place=WEAK, is_strong=False) if beat.place == STRONG else beat
        for beat in phrase([74] * 5, last=False)
    ]
    found = chain.likeliest(beats, C_MAJOR)
    counts = chain.modes["major"]

    def score(path: tuple[int, ...]) -> float:
        total = counts.log_firsts[path[0]] - 2.0 * (chords[path[0]].name != "I")
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
                total -= 0.5 * (path[index - 1] == chord)
        before, last = chords[path[-2]], chords[path[-1]]
        total -= 4.0 * (last.name not in ("I", "V"))
        total -= 1.0 * (not last.is_dominant and not before.leads_to(last))
        return float(total)

    best = max(product(range(4), repeat=5), key=score)
    assert found == [chords[index] for index in best]


def uniform_chain(chords: str, favourite: str = "", factor: float = 4) -> ChordChain:
    """Return a chain of equally likely chords, but for one of them."""
    names = chords.split()
    weights = np.array([factor if name == favourite else 1 for name in names])
    counts = ModeCounts(
        chords=tuple(map(chord_named, names)),
        firsts=100 * weights,
        following={place: np.tile(100 * weights, (len(names), 1)) for place in PLACES},
        sung=np.full((len(names), 12), 100),
    )
    return ChordChain(
        modes={"major": counts, "minor": counts},
        chord_tones=dict.fromkeys(ROLES, (999, 1000)),
    )


def chosen(chain: ChordChain, beats: Sequence[Beat], key: Key = C_MAJOR) -> list[str]:
    return [chord.name for chord in chain.likeliest(beats, key)]


def test_chords_change_from_beat_to_beat_and_over_barlines() -> None:
    beats = phrase([72] * 10, last=False)
    found = chosen(uniform_chain("I I6 IV"), beats)
    assert all(one != other for one, other in pairwise(found))
    roots = [name.rstrip("6") for name in found]
    inside = range(2, 8)
    assert all(
        roots[index - 1] != roots[index] for index in inside if beats[index].is_strong
    )


@pytest.mark.parametrize("chords", ["I IV V", "V IV I"])
def test_a_last_chord_is_held(chords: str) -> None:
    beats = phrase([72] * 4)
    held = [beats[0]._replace(step=step, place=HELD) for step in (16, 20)]
    found = chosen(uniform_chain(chords, "I", factor=1.3), [*beats, *held])
    assert found[-3:] == ["I", "I", "I"]


def test_six_four_chords_are_on_strong_beats() -> None:
    beats = phrase([67] * 10)
    found = chosen(uniform_chain("I I64 V", "I64"), beats)
    on = {beats[index].is_strong for index, name in enumerate(found) if name == "I64"}
    assert on == {True}


@pytest.mark.parametrize(
    ("other", "melody"), [("V6", 74), ("ii", 65), ("vii°", 65), ("vii°6", 65)]
)
def test_a_piece_ends_on_a_dominant_in_root_position(other: str, melody: int) -> None:
    beats = phrase([67, 72, melody, 64])
    found = chosen(uniform_chain(f"I V {other}", other, factor=12), beats)
    assert found[-2:] == (["vii°", "I"] if other == "vii°" else ["V", "I"])


def test_a_phrase_of_one_beat_does_not_end_the_one_before() -> None:
    first = phrase([72, 74, 76, 72], last=False)
    second = Beat(16, LAST_ARRIVAL, (SungNote(16, 72, STEP_ON),), True)
    chain = uniform_chain("I V6 V", "V6", factor=20)
    assert chosen(chain, [*first, second])[-2:] == ["I", "I"]


def test_the_last_note_of_a_phrase_is_a_tone_of_its_chord() -> None:
    chain = uniform_chain("I V", "V", factor=1.5)
    for first, last, found in ((65, 64, "I"), (64, 65, "V")):
        beats = phrase([67] * 4, last=False)
        notes = SungNote(12, first, STEP_ON), SungNote(14, last, OFF_BEAT[0])
        beats[-1] = beats[-1]._replace(notes=notes)
        assert chosen(chain, beats)[-1] == found


@pytest.mark.parametrize(
    ("pitches", "chords", "second"),
    [
        ([72, 65], "I IV IV6", "IV6"),  # octaves above I and IV
        ([64, 65], "I IV IV6", "IV"),
        ([67, 62], "I V V6", "V6"),  # fifths above I and V
        ([72, 71], "I V V6", "V"),
    ],
)
def test_outer_voices_move_in_no_octaves_and_fifths(
    pitches: list[int], chords: str, second: str
) -> None:
    beats = phrase([76, *pitches, 76, 76, 76, 72])
    found = chosen(uniform_chain(chords, "I"), beats)
    assert found[1:3] == ["I", second]


@pytest.mark.parametrize("strong", [0, 1])
def test_the_first_strong_beat_is_on_the_tonic(strong: int) -> None:
    beats = [
        beat._replace(is_strong=index == strong)
        for index, beat in enumerate(phrase([72] * 6))
    ]
    found = chosen(uniform_chain("IV I", "IV"), beats)
    assert found.index("I") == strong


def test_phrases_in_minor_may_end_on_the_relative_major() -> None:
    beats, chain = phrase([65] * 4, last=False), uniform_chain("bVI bIII", "bVI")
    assert chosen(chain, beats, D_MINOR)[-1] == "bIII"
    assert chosen(chain, beats, Key("D", "major"))[-1] == "bVI"


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
