"""Costs of the next note: exact faults are those of the check, others approximate."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given
from strategies import chorales

from chorale.music.keys import Key
from chorale.music.phrases import phrase_starts
from chorale.music.score import Chorale
from chorale.music.voices import VOICE_ORDER, VOICES
from chorale.voice_leading.costs import rule_costs, rule_costs_between
from chorale.voice_leading.faults import (
    EXACT_RULES,
    NO_TONE,
    Context,
    Fault,
    doubled_leading_tones,
    exact_faults,
    forced_overlaps,
    leading_tone,
    unresolved_leading_tones,
    unresolved_sevenths,
)
from chorale.voice_leading.piece import Piece
from chorale.voice_leading.rule import NEIGHBORS, PAIRS
from chorale.voice_leading.rules import BACH_PER_THOUSAND, RULES, surprisal
from chorale.voice_leading.spacing import overlap

Find = Callable[[Context, int, np.ndarray], Iterator[Fault]]

# Every note that there is, and silence.
ANY = np.arange(128)


def context(
    before: list[int],
    now: list[int],
    written: tuple[int, ...],
    phrase_start: bool = False,
    key: Key | None = None,
) -> Context:
    return Context(
        np.array([before]),
        np.array([now]),
        written,
        np.array([phrase_start], bool),
        np.array([leading_tone(key)]),
    )


def contexts(chorale: Chorale, written: tuple[int, ...]) -> Context:
    """Return all steps but the first as a batch, as they are once `written` is."""
    return Context(
        before=chorale.pitches[:-1],
        now=np.where(np.isin(np.arange(VOICES), written), chorale.pitches[1:], 0),
        written=written,
        phrase_start=phrase_starts(chorale.fermatas)[1:],
        leading=np.full(chorale.steps - 1, leading_tone(chorale.key)),
    )


def assert_found_by_the_judge(chorale: Chorale) -> int:
    """Compare all faults of all steps, laid to the voice that chooses later."""
    piece = Piece(chorale)
    judged = {rule: RULES[rule].find(piece).faults[1:] for rule in EXACT_RULES}
    overlaps = overlap(piece.dyads(NEIGHBORS))[1:]
    assert not (judged["overlap"] & ~overlaps).any()
    judged["overlap"] = overlaps  # also those that are excused
    every_note = np.tile(ANY, (chorale.steps - 1, 1))
    seen, faults = set(), 0
    for place, voice in enumerate(VOICE_ORDER):
        known = contexts(chorale, VOICE_ORDER[:place])
        chosen = chorale.pitches[1:, voice, None]
        for fault in exact_faults(known, voice, every_note):
            found = np.take_along_axis(fault.notes, chosen, axis=1)[:, 0]
            column = RULES[fault.rule].voices.index(fault.voices)
            assert np.array_equal(found, judged[fault.rule][:, column]), fault[:2]
            seen.add(fault[:2])
            faults += found.sum()
    assert seen == {
        (rule, voices) for rule in EXACT_RULES for voices in RULES[rule].voices
    }
    return int(faults)


@given(chorales().filter(lambda chorale: chorale.steps > 1))
def test_the_faults_are_those_that_the_judge_finds(chorale: Chorale) -> None:
    assert_found_by_the_judge(chorale)


def test_where_everybody_moves_the_faults_are_the_judges_too() -> None:
    random = np.random.default_rng(0)
    centres = np.array([69, 65, 60, 53])
    pitches = centres + random.integers(-5, 6, (5000, VOICES))
    pitches[random.random(pitches.shape) < 0.03] = 0
    fermatas = random.random(len(pitches)) < 0.2
    chorale = Chorale(pitches=pitches, fermatas=fermatas, key=Key("C", "major"))
    assert assert_found_by_the_judge(chorale) > 1000


def test_all_that_is_seen_has_a_rate() -> None:
    assert set(EXACT_RULES) < set(BACH_PER_THOUSAND)
    unseen = set(BACH_PER_THOUSAND) - set(EXACT_RULES)
    assert {"range", "doubled-leading-tone", "unresolved-seventh"} < unseen


# === What notes cost ===

START = [67, 64, 60, 48]  # soprano and bass a twelfth apart


@pytest.mark.parametrize(
    ("note", "rules"),
    [
        (48, []),  # stays
        (0, []),  # rests
        (47, []),
        (50, ["parallel-fifths"]),
        (38, ["contrary-fifths", "large-leap"]),
        (62, ["parallel-fifths", "large-leap", "overlap"]),  # above the tenor's C
    ],
)
def test_the_bass_pays_for_what_it_does_to_the_soprano(
    note: int, rules: list[str]
) -> None:
    known = context(START, [69, 0, 0, 0], (0,))
    costs = rule_costs(known, 3, np.array([[note]]))
    expected = sum(-math.log(BACH_PER_THOUSAND[rule] / 1000) for rule in rules)
    assert costs == pytest.approx(np.array([[expected]]))


def test_costs_by_hand() -> None:
    # Soprano and bass have gone up a tone from twelfth to twelfth already; the tenor's
    # own choice: B, C (stays), D (octaves with the bass, fifths with the soprano), E
    # (above the alto's D).
    known = context(START, [69, 62, 0, 50], (0, 3, 1))
    costs = rule_costs(known, 2, np.array([[59, 60, 62, 64]]))
    assert costs.round(2).tolist() == [[0, 0, 15.58, 5.19]]
    assert round(surprisal("parallel-octaves"), 2) == 8.08
    assert round(surprisal("parallel-fifths"), 2) == 7.51
    assert round(surprisal("crossing"), 2) == 5.19


def test_what_is_broken_already_costs_no_more() -> None:
    crossed = context([67, 59, 60, 48], [67, 58, 0, 48], (0, 3, 1))
    assert rule_costs(crossed, 2, np.array([[60, 59, 58]])).tolist() == [[0, 0, 0]]


def test_no_motion_leads_into_a_new_phrase() -> None:
    notes = ANY[np.newaxis]
    known, fresh = (
        context(START, [69, 62, 0, 50], (0, 3, 1), phrase_start)
        for phrase_start in (False, True)
    )
    broken = {
        name: {
            fault.rule for fault in exact_faults(each, 2, notes) if fault.notes.any()
        }
        for name, each in (("known", known), ("fresh", fresh))
    }
    assert broken["known"] > broken["fresh"] == {"crossing", "spacing"}
    assert not any(fault.notes.any() for fault in forced_overlaps(fresh, 2, notes))


def test_nothing_comes_from_before_the_beginning() -> None:
    silent = context([0] * 4, [72, 0, 0, 48], (0, 3))
    costs = rule_costs(silent, 1, np.array([[36, 60, 73]]))
    # An octave and more below the soprano, at ease, above it.
    spacing, ease, crossing = costs[0].tolist()
    assert (spacing, ease, crossing) == (
        pytest.approx(surprisal("spacing")),
        0,
        pytest.approx(surprisal("crossing")),
    )


def test_in_a_corner_a_neighbor_has_no_way_out() -> None:
    known = context(START, [67, 0, 0, 48], (0, 3))
    cornered = {
        int(note)
        for fault in forced_overlaps(known, 1, ANY[np.newaxis])
        for note in ANY[fault.notes[0]]
    }
    assert cornered == set(range(1, START[2]))  # below the tenor
    for note in range(50, 67):
        chosen = context(START, [67, note, 0, 48], (0, 3, 1))
        faults = [
            fault.notes[0, 1:]  # to rest is a way out always
            for fault in exact_faults(chosen, 2, ANY[np.newaxis])
            if fault.rule in ("overlap", "crossing") and fault.voices == (1, 2)
        ]
        assert np.logical_or.reduce(faults).all() == (note in cornered)


def test_corners_are_of_neighbors_that_are_yet_to_choose() -> None:
    pairs = {
        (place, fault.voices)
        for place, voice in enumerate(VOICE_ORDER)
        for fault in forced_overlaps(
            context(START, [67, 64, 60, 48], VOICE_ORDER[:place]), voice, ANY[None]
        )
    }
    assert pairs == {(0, (0, 1)), (1, (2, 3)), (2, (1, 2))}
    assert {voices for _, voices in pairs} < set(PAIRS)


# === Between two chords that are known ===


def test_between_two_chords_faults_of_pairs_and_leaps_cost_on_both_ways() -> None:
    random = np.random.default_rng(1)
    centres = np.array([69, 65, 60, 53])
    pitches = centres + random.integers(-5, 6, (600, 3, VOICES))
    pitches[random.random(pitches.shape) < 0.05] = 0
    phrase_start = random.random((600, 2)) < 0.2
    for voice in range(VOICES):
        others = tuple(each for each in range(VOICES) if each != voice)
        known = Context(
            pitches[:, 0],
            pitches[:, 1],
            others,
            phrase_start[:, 0],
            np.full(600, NO_TONE),
        )
        notes = np.tile(np.arange(55, 65), (600, 1))
        costs = rule_costs_between(
            known, pitches[:, 2], phrase_start[:, 1], voice, notes
        )
        for row in range(0, 600, 15):
            threes = np.repeat(pitches[[row]], notes.shape[1], axis=0)
            threes[:, 1, voice] = notes[row]
            # But for what the others do among themselves, whatever the note.
            rest = costs[row] - costs_of(threes, phrase_start[row])
            assert rest == pytest.approx(np.full(10, rest[0])), row


def costs_of(threes: np.ndarray, phrase_start: np.ndarray) -> np.ndarray:
    """Return what all faults cost on the way through each of some three chords."""
    costs = np.zeros(len(threes))
    for step in (0, 1):
        before, now = threes[:, step], threes[:, step + 1]
        fresh = np.repeat(phrase_start[step], len(threes))
        for place, voice in enumerate(VOICE_ORDER):
            nowhere = np.full(len(threes), NO_TONE)
            known = Context(before, now, VOICE_ORDER[:place], fresh, nowhere)
            for fault in exact_faults(known, voice, now[:, [voice]]):
                costs += surprisal(fault.rule) * fault.notes[:, 0]
    return costs


# === Sevenths ===

SEVENTH = [71, 65, 62, 55]  # G7: the alto has F


@pytest.mark.parametrize(
    ("now", "written", "faults"),
    [
        # C major: F goes to E; or stays, or sinks to Eb.
        ([72, 0, 0, 48], (0, 3), {60, 61, 62, 66, 67, 68, 69, 70, 71}),
        # The chord goes on: F may hand its place to another tone of G7.
        ([74, 0, 0, 59], (0, 3), {60, 61, 66, 68, 69, 70}),
        ([0, 0, 0, 0], (), {60, 61, 66, 68, 69, 70}),
    ],
)
def test_sevenths_go_down_by_step(
    now: list[int], written: tuple[int, ...], faults: set[int]
) -> None:
    notes = np.arange(60, 72)[np.newaxis]
    (fault,) = unresolved_sevenths(context(SEVENTH, now, written), 1, notes)
    assert fault[:2] == ("unresolved-seventh", (1,))
    assert set(notes[fault.notes].tolist()) == faults
    costs = rule_costs(context(SEVENTH, now, written), 1, notes)
    # Up to the rounding of the tables.
    assert (costs[fault.notes] > surprisal("unresolved-seventh") - 1e-9).all()
    # The same in another key.
    moved = context([note + 5 for note in SEVENTH], [n and n + 5 for n in now], written)
    (transposed,) = unresolved_sevenths(moved, 1, notes + 5)
    assert np.array_equal(transposed.notes, fault.notes)


@pytest.mark.parametrize(
    ("before", "voice", "phrase_start"),
    [
        (SEVENTH, 0, False),  # not the seventh
        (SEVENTH, 1, True),  # a new phrase
        ([71, 65, 62, 57], 1, False),  # B diminished over A
        ([71, 65, 0, 55], 1, False),  # a voice rests
        ([70, 65, 62, 55], 1, False),  # a minor seventh chord
        ([67, 65, 62, 55], 1, False),  # no third
    ],
)
def test_other_tones_go_where_they_like(
    before: list[int], voice: int, phrase_start: bool
) -> None:
    known = context(before, [72, 0, 0, 48], (3,), phrase_start)
    (fault,) = unresolved_sevenths(known, voice, ANY[np.newaxis])
    assert not fault.notes.any()


@pytest.mark.parametrize("root", range(12))
def test_who_is_silent_has_left_no_chord(root: int) -> None:
    seventh, third, fifth = 70 + root, 64 + root, 55 + root
    before, notes = [seventh, third, fifth, 48 + root], np.array([[third, fifth]])
    unknown = context(before, [0, 0, 0, 0], (1, 2, 3))
    (fault,) = unresolved_sevenths(unknown, 0, notes)
    assert not fault.notes.any()
    (fault,) = unresolved_sevenths(
        context(before, [0, 0, 0, 53 + root], (1, 2, 3)), 0, notes
    )
    assert fault.notes.all()


def test_a_chord_of_three_is_no_dominant() -> None:
    # As a pitch class silence would be C, the third of A flat's dominant seventh.
    known = context([66, 63, 0, 56], [0] * 4, ())
    (fault,) = unresolved_sevenths(known, 0, np.array([[72]]))
    assert not fault.notes.any()


def test_a_rest_is_no_unresolved_seventh() -> None:
    known = context(SEVENTH, [72, 0, 0, 48], (0, 3))
    (fault,) = unresolved_sevenths(known, 1, np.array([[0, 64, 72]]))
    assert fault.notes.tolist() == [[False, False, True]]


# === Leading tones ===

C_MAJOR, C_MINOR = Key("C", "major"), Key("C", "minor")


def faulty_notes(known: Context, voice: int, find: Find) -> set[int]:
    """Return the notes with which a rule of leading tones finds fault."""
    (fault,) = find(known, voice, ANY[np.newaxis])
    assert fault.voices == (voice,)
    return set(ANY[fault.notes[0]].tolist())


EVERY_B = set(range(11, 128, 12))


@pytest.mark.parametrize(
    ("now", "written", "key", "doubled"),
    [
        ([71, 0, 0, 55], (0, 3), C_MAJOR, EVERY_B),  # B over G
        ([71, 0, 0, 50], (0, 3), C_MINOR, EVERY_B),  # B over D
        ([71, 65, 0, 55], (0, 3, 1), C_MAJOR, EVERY_B),
        ([71, 0, 0, 0], (0, 3), C_MAJOR, EVERY_B),  # the bass rests
        ([71, 0, 0, 52], (0, 3), C_MAJOR, set()),  # B over E is of another chord
        ([74, 0, 0, 55], (0, 3), C_MAJOR, set()),  # no voice has it
        ([0, 0, 0, 0], (), C_MAJOR, set()),
        ([71, 0, 0, 55], (0, 3), Key("G", "major"), set()),
        ([71, 0, 0, 55], (0, 3), None, set()),
    ],
)
def test_a_leading_tone_is_not_sung_twice(
    now: list[int], written: tuple[int, ...], key: Key | None, doubled: set[int]
) -> None:
    known = context([72, 64, 60, 48], now, written, key=key)
    assert faulty_notes(known, 2, doubled_leading_tones) == doubled
    costs = rule_costs(known, 2, np.array([[59]]))
    unknown = rule_costs(
        known._replace(leading=np.array([NO_TONE])), 2, np.array([[59]])
    )
    cost = surprisal("doubled-leading-tone") if doubled else 0
    assert costs - unknown == pytest.approx(np.array([[cost]]))


def test_a_leading_tone_that_is_doubled_already_may_be_held() -> None:
    before, now = [71, 62, 59, 55], [71, 62, 0, 55]
    rule = doubled_leading_tones
    assert faulty_notes(context(before, now, (0, 3, 1), key=C_MAJOR), 2, rule) == set()
    # But not if it is another voice that joins.
    for before in ([71, 62, 55, 43], [74, 62, 59, 55]):
        assert (
            faulty_notes(context(before, now, (0, 3, 1), key=C_MAJOR), 2, rule)
            == EVERY_B
        )


DOMINANT = [67, 62, 59, 55]  # G: the tenor has B


@pytest.mark.parametrize("key", [C_MAJOR, C_MINOR])
def test_a_leading_tone_goes_up_to_the_tonic(key: Key) -> None:
    third = 64 if key is C_MAJOR else 63
    known = context(DOMINANT, [67, third, 0, 48], (0, 3, 1), key=key)
    every = set(range(1, 128))
    found = faulty_notes(known, 2, unresolved_leading_tones)
    assert found == every - {58, 59, 60, 55}  # the last: down to the fifth
    # The soprano has no such way out.
    known = context([71, 62, 67, 55], [0, third, 67, 48], (1, 2, 3), key=key)
    found = faulty_notes(known, 0, unresolved_leading_tones)
    assert found == every - {70, 71, 72}


@pytest.mark.parametrize(
    ("before", "now", "written", "phrase_start", "key"),
    [
        (DOMINANT, [67, 62, 0, 55], (0, 3, 1), False, C_MAJOR),  # the dominant goes on
        (DOMINANT, [67, 0, 0, 55], (0, 3), False, C_MAJOR),  # so far
        (DOMINANT, [69, 60, 0, 53], (0, 3, 1), False, C_MAJOR),  # on to F
        (DOMINANT, [67, 64, 0, 48], (0, 3, 1), True, C_MAJOR),  # a new phrase
        (DOMINANT, [67, 64, 0, 48], (0, 3, 1), False, None),
        (DOMINANT, [0, 0, 0, 0], (), False, C_MAJOR),
        ([67, 64, 59, 52], [67, 64, 0, 48], (0, 3, 1), False, C_MAJOR),  # from E minor
        ([67, 62, 0, 55], [67, 64, 0, 48], (0, 3, 1), False, C_MAJOR),  # it rested
        ([65, 62, 59, 50], [67, 64, 0, 48], (0, 3, 1), False, C_MAJOR),  # B diminished
    ],
)
def test_elsewhere_a_leading_tone_is_free(
    before: list[int],
    now: list[int],
    written: tuple[int, ...],
    phrase_start: bool,
    key: Key | None,
) -> None:
    known = context(before, now, written, phrase_start, key)
    assert faulty_notes(known, 2, unresolved_leading_tones) == set()


@pytest.mark.parametrize(
    ("key", "tone"),
    [(C_MAJOR, 11), (Key("D", "minor"), 1), (Key("F#", "minor"), 5), (None, NO_TONE)],
)
def test_the_leading_tone_of_a_key(key: Key | None, tone: int) -> None:
    assert leading_tone(key) == tone
