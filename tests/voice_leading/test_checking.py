"""Each rule by examples, and properties that hold for any music."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from chord_examples import CHORD_EXAMPLES
from hypothesis import given
from hypothesis import strategies as st
from strategies import chorales, keys, little_chorale

from chorale.corpus.loading import load_corpus
from chorale.errors import DataError, UsageError
from chorale.music.keys import Key
from chorale.music.metre import Metre, number_bars
from chorale.music.score import Chorale
from chorale.music.spelling import diatonic_numbers
from chorale.voice_leading.checking import (
    Finding,
    Tally,
    check,
    check_and_count,
    count,
    rates,
    total,
)
from chorale.voice_leading.rule import LEVELS
from chorale.voice_leading.rules import BACH_PER_THOUSAND, RULES, choose_rules

C_MAJOR = Key("C", "major")
Chord = tuple[int, int, int, int]
# By split, of each piece.
Bach = dict[str, list[tuple[list[Finding], dict[str, Tally]]]]


def chords(*chords: Chord, key: Key = C_MAJOR, fermatas: object = None) -> Chorale:
    """Return a chorale of chords, a quarter each."""
    if fermatas is not None:
        fermatas = np.repeat(np.array(fermatas, bool), 4)
    return Chorale(pitches=np.repeat(chords, 4, axis=0), key=key, fermatas=fermatas)


def found(chorale: Chorale, rule: str, **options: object) -> list[tuple[int, ...]]:
    """Return the voices of what a rule finds."""
    return [finding.voices for finding in check(chorale, rules=[rule], **options)]


TONIC = (72, 67, 64, 48)
DOMINANT = (71, 67, 62, 43)
REST = (0, 0, 0, 0)

# Chords, and the voices that break the rule in them; none: they keep it.
Example = tuple[str, list[Chord], list[tuple[int, ...]]]
EXAMPLES: list[Example] = [
    # === Parallels ===
    ("parallel-fifths", [(72, 64, 55, 48), (71, 65, 57, 50)], [(2, 3)]),
    ("parallel-fifths", [(67, 64, 60, 36), (69, 65, 60, 38)], [(0, 3)]),  # twelfths
    ("parallel-fifths", [(67, 64, 60, 36), (69, 65, 60, 50)], [(0, 3)]),  # to a fifth
    ("parallel-fifths", [(67, 64, 60, 48), (62, 59, 59, 55)], []),  # contrary motion
    ("parallel-fifths", [(67, 64, 60, 48), (65, 62, 59, 47)], []),  # to a diminished
    ("parallel-fifths", [(72, 65, 59, 48), (72, 67, 60, 48)], []),  # from a diminished
    ("parallel-fifths", [TONIC, TONIC], []),  # repeated
    ("parallel-fifths", [(67, 64, 60, 48), REST, (69, 65, 62, 50)], []),
    ("parallel-octaves", [(72, 67, 64, 48), (74, 67, 59, 50)], [(0, 3)]),
    ("parallel-octaves", [(72, 67, 60, 48), (74, 67, 59, 50)], [(0, 3)]),
    ("parallel-octaves", [(72, 67, 60, 48), (67, 64, 60, 55)], []),  # contrary
    ("parallel-octaves", [(64, 64, 55, 48), (65, 65, 57, 41)], []),  # unisons
    ("parallel-unisons", [(72, 64, 64, 48), (71, 65, 65, 50)], [(1, 2)]),
    ("contrary-fifths", [(67, 64, 60, 48), (62, 59, 59, 55)], [(0, 3)]),
    ("contrary-fifths", [(72, 64, 55, 48), (71, 65, 57, 50)], []),  # parallel
    ("contrary-fifths", [(67, 64, 60, 48), (67, 64, 60, 36)], []),  # one stays
    ("contrary-octaves", [(72, 67, 60, 48), (67, 64, 60, 55)], [(0, 3)]),
    ("contrary-octaves", [(72, 67, 55, 55), (72, 67, 62, 50)], [(2, 3)]),  # a unison
    ("contrary-octaves", [(72, 67, 64, 48), (74, 67, 59, 50)], []),  # parallel
    ("parallel-unisons", [(72, 64, 52, 48), (71, 65, 53, 50)], []),  # octaves
    # === Hidden fifths and octaves ===
    ("direct-fifths", [(64, 60, 55, 48), (69, 62, 53, 50)], [(0, 3)]),
    ("direct-fifths", [(67, 62, 55, 47), (69, 62, 53, 50)], []),  # soprano by step
    ("direct-fifths", [(64, 60, 55, 52), (69, 62, 53, 50)], []),  # contrary
    ("direct-fifths", [(72, 60, 55, 48), (72, 67, 53, 48)], []),  # inner voices
    ("direct-octaves", [(72, 67, 60, 52), (77, 69, 60, 53)], [(0, 3)]),
    ("direct-octaves", [(71, 67, 62, 55), (72, 67, 64, 60)], []),  # soprano by step
    ("direct-octaves", [(67, 64, 60, 48), (79, 65, 60, 60)], []),  # from a fifth
    # === Places ===
    ("crossing", [TONIC, (72, 60, 64, 48)], [(1, 2)]),
    ("crossing", [(72, 60, 64, 48), (72, 62, 65, 48), TONIC], [(1, 2)]),  # once
    ("crossing", [(72, 60, 64, 48), TONIC, (72, 60, 64, 48)], [(1, 2), (1, 2)]),
    ("crossing", [(72, 64, 64, 48)], []),  # a unison
    ("crossing", [(72, 0, 64, 48)], []),  # a rest
    ("overlap", [(72, 64, 60, 48), (74, 67, 65, 47)], [(1, 2)]),  # the tenor, too high
    ("overlap", [(72, 67, 64, 48), (72, 60, 57, 53)], [(1, 2)]),  # the alto, too low
    ("overlap", [(72, 64, 60, 48), (74, 67, 64, 47)], []),  # to the same note
    ("overlap", [(72, 64, 60, 48), (72, 64, 67, 47)], []),  # it is a crossing
    ("overlap", [(72, 60, 64, 48), (72, 65, 62, 48)], []),  # it was one
    ("overlap", [(71, 62, 55, 55), (71, 62, 53, 45)], [(2, 3)]),
    ("overlap", [(71, 62, 55, 55), (71, 62, 53, 43)], []),  # the bass falls an octave
    ("spacing", [TONIC, (77, 64, 60, 48)], [(0, 1)]),
    ("spacing", [(72, 67, 52, 48), (72, 69, 52, 48)], [(1, 2)]),  # once
    ("spacing", [(72, 60, 55, 36)], []),  # an octave, and the bass is free
    ("range", [(81, 72, 64, 48)], [(0,)]),
    ("range", [(79, 74, 67, 39), (79, 74, 67, 40)], [(3,)]),
    ("range", [(60, 55, 48, 40), (79, 74, 67, 60), REST], []),
    # === Leading tones ===
    ("doubled-leading-tone", [(71, 62, 59, 43), (72, 64, 60, 48)], [(0, 2)]),
    ("doubled-leading-tone", [DOMINANT, TONIC], []),
    ("doubled-leading-tone", [(71, 62, 59, 43), (72, 64, 57, 45)], []),  # no fifth
    ("doubled-leading-tone", [(72, 64, 64, 48), (72, 65, 57, 53)], []),  # I to IV
    ("doubled-leading-tone", [(70, 64, 64, 48), (69, 65, 65, 53)], [(1, 2)]),  # V7/IV
    ("doubled-leading-tone", [(74, 69, 66, 54), (74, 67, 59, 55)], [(2, 3)]),  # V/V
    ("unresolved-leading-tone", [DOMINANT, (67, 64, 60, 48)], [(0,)]),
    ("unresolved-leading-tone", [(74, 67, 59, 43), (72, 67, 64, 48)], [(2,)]),  # a 4th
    ("unresolved-leading-tone", [DOMINANT, TONIC], []),
    ("unresolved-leading-tone", [(74, 71, 67, 43), (72, 67, 64, 48)], []),  # inner
    ("unresolved-leading-tone", [DOMINANT, (71, 67, 60, 48), TONIC], []),  # suspended
    ("unresolved-leading-tone", [DOMINANT, (69, 67, 62, 43), TONIC], []),  # decorated
    (  # from E7 to A7 it becomes the seventh
        "unresolved-leading-tone",
        [(71, 68, 62, 52), (69, 67, 61, 45), (69, 65, 62, 50)],
        [],
    ),
    ("unresolved-leading-tone", [DOMINANT, (67, 64, 60, 45)], []),  # deceptive
    ("leading-tone-leap", [(74, 71, 67, 43), (72, 67, 64, 48)], [(1,)]),
    ("leading-tone-leap", [(71, 67, 62, 43), (67, 64, 60, 48)], []),  # soprano
    ("leading-tone-leap", [(74, 71, 67, 43), (72, 72, 64, 48)], []),
    # === Sevenths ===
    ("unresolved-seventh", [(71, 65, 62, 43), (72, 67, 64, 48)], [(1,)]),
    ("unresolved-seventh", [(71, 65, 62, 43), (72, 64, 60, 48)], []),
    ("unresolved-seventh", [(71, 67, 62, 53), (72, 67, 64, 48)], [(3,)]),
    # The bass takes the note of resolution.
    ("unresolved-seventh", [(71, 65, 67, 50), (72, 67, 67, 52)], []),
    ("unresolved-seventh", [(74, 71, 65, 43), (72, 72, 65, 48), TONIC], []),  # stays
    ("unresolved-seventh", [(71, 65, 62, 43), (72, 69, 60, 45)], [(1,)]),  # deceptive
    ("unresolved-seventh", [(71, 65, 62, 43), (72, 68, 60, 44)], [(1,)]),  # in minor
    ("unresolved-seventh", [(71, 65, 62, 43), (72, 64, 60, 45)], []),
    ("unresolved-seventh", [(71, 65, 62, 43), (72, 69, 62, 41)], []),  # neither
    # In vii°6, and in vii°7 of V.
    ("doubled-leading-tone", [(71, 65, 59, 50), (72, 64, 60, 48)], [(0, 2)]),
    ("doubled-leading-tone", [(78, 75, 66, 57), (79, 74, 67, 55)], [(0, 2)]),
    ("doubled-leading-tone", [(74, 71, 59, 53), (74, 71, 62, 50)], []),  # to ii, G6
    ("unresolved-leading-tone", [(71, 65, 62, 50), (67, 64, 60, 48)], [(0,)]),  # vii°6
    ("unresolved-seventh", [(72, 69, 65, 50), (77, 67, 62, 47)], [(0,)]),  # ii7–V6/5
    ("unresolved-seventh", [(72, 69, 65, 50), (71, 67, 62, 55)], []),
    ("unresolved-seventh", [(68, 65, 62, 47), (72, 64, 60, 48)], [(0,)]),  # vii°7
    ("unresolved-seventh", [(68, 65, 62, 47), (67, 64, 60, 48)], []),
    # === Leaps ===
    ("large-leap", [TONIC, (72, 67, 64, 58)], [(3,)]),
    ("large-leap", [(72, 67, 60, 48), (60, 67, 60, 48)], []),  # an octave
    ("large-leap", [(74, 67, 60, 48), (60, 67, 60, 48)], [(0,)]),
    ("large-leap", [(72, 67, 60, 48), (72, 67, 60, 57)], []),  # a sixth
    ("large-leap", [(72, 67, 60, 48), REST, (72, 67, 60, 59)], []),
    ("augmented-leap", [(65, 60, 57, 53), (71, 62, 55, 43)], [(0,)]),  # F to B
    ("augmented-leap", [(71, 62, 55, 43), (77, 60, 57, 53)], []),  # B up to F
    ("augmented-leap", [TONIC, (73, 64, 57, 45)], []),  # a chromatic semitone
    (
        "diminished-leap",
        [(77, 69, 60, 53), (71, 67, 62, 43), (69, 64, 60, 45)],
        [(0,)],
    ),
    (
        "diminished-leap",
        [(77, 69, 60, 53), (71, 67, 62, 43), (72, 64, 60, 45)],
        [],  # back up to C
    ),
    ("diminished-leap", [(77, 69, 60, 53), (71, 67, 62, 43)], []),  # the end
    ("diminished-leap", [(71, 62, 55, 43), (65, 60, 57, 53), TONIC], []),  # augmented
    # === Fifths that are not equal ===
    ("unequal-fifths", [(74, 65, 62, 47), (76, 67, 60, 48)], [(1, 3)]),
    ("unequal-fifths", [(67, 64, 60, 48), (65, 62, 59, 47)], []),  # to a diminished
    ("unequal-fifths", [(65, 59, 55, 50), (67, 60, 55, 52)], []),  # upper voices
    ("unequal-fifths", [(74, 65, 62, 47), (72, 67, 60, 36)], []),  # contrary motion
    # === One letter, two accidentals ===
    ("chromatic-clash", [(74, 69, 66, 53), (74, 67, 67, 55)], [(2, 3)]),  # F sharp, F
    (  # once
        "chromatic-clash",
        [(74, 69, 66, 53), (69, 62, 66, 53), (71, 62, 67, 55)],
        [(2, 3)],
    ),
    ("chromatic-clash", [(72, 71, 64, 45)], []),  # B against C
    ("chromatic-clash", [(76, 73, 69, 45)], []),
    ("false-relation", [(76, 67, 60, 52), (73, 69, 64, 45)], [(0, 2)]),
    ("false-relation", [(72, 67, 64, 52), (73, 69, 64, 45)], []),  # in one voice
    # The bass moves down the scale of A minor, the alto has its leading tone.
    ("false-relation", [(76, 71, 64, 55), (74, 68, 59, 53)], []),
    ("false-relation", [(76, 67, 60, 52), REST, (73, 69, 64, 45)], []),
    # === Dissonances on a beat ===
    (
        "unprepared-dissonance",
        [(74, 67, 59, 43), (77, 67, 64, 48), (76, 67, 64, 48)],
        [(0,)],
    ),
    (
        "unprepared-dissonance",
        [(77, 67, 59, 43), (77, 67, 64, 48), (76, 67, 64, 48)],
        [],  # a suspension
    ),
    (
        "unprepared-dissonance",
        [(79, 67, 59, 43), (77, 67, 64, 48), (76, 67, 64, 48)],
        [],  # an accented passing note
    ),
    (
        "unresolved-dissonance",
        [(74, 67, 59, 43), (77, 67, 64, 48), (72, 67, 64, 48)],
        [(0,)],
    ),
    (
        "unresolved-dissonance",
        [(77, 67, 59, 43), (77, 67, 64, 48), (76, 67, 64, 48)],
        [],
    ),
    *CHORD_EXAMPLES,
]


@pytest.mark.parametrize(("rule", "music", "voices"), EXAMPLES)
def test_a_rule_by_example(
    rule: str, music: list[Chord], voices: list[tuple[int, ...]]
) -> None:
    assert found(chords(*music), rule) == voices


@pytest.mark.parametrize(
    ("soprano", "steps", "is_found"),
    [
        ((64, 65, 67), 2, False),
        ((64, 65, 67), 4, True),  # too long to pass
        ((60, 65, 67), 2, True),  # reached by leap
        ((67, 65, 67), 2, True),  # from above
        ((64, 65, 72), 2, True),  # left by leap
    ],
)
def test_a_seventh_may_pass(
    soprano: tuple[int, int, int], steps: int, is_found: bool
) -> None:
    lower = [(60, 55, 48), (62, 55, 47), (64, 55, 48)]  # I, V6/5, I
    music = [(top, *rest) for top, rest in zip(soprano, lower, strict=True)]
    chorale = Chorale(pitches=np.repeat(music, [4, steps, 4], axis=0), key=C_MAJOR)
    assert found(chorale, "unresolved-seventh") == [(0,)] * is_found


@pytest.mark.parametrize(
    ("before", "after", "is_found"),
    [
        ((68, 33), (71, 34), True),  # A flat to B
        ((68, 32), (71, 34), False),  # G sharp to B
        ((65, 31), (71, 34), True),  # F to B
        ((71, 34), (65, 31), True),  # and back
        ((71, 34), (65, 30), False),  # B to E sharp, diminished
        ((72, 35), (73, 35), False),  # a chromatic semitone
        ((60, 28), (73, 35), True),  # C to C sharp an octave higher
    ],
)
def test_augmented_leaps_are_those_of_the_spelling(
    before: tuple[int, int], after: tuple[int, int], is_found: bool
) -> None:
    chorale = chords((before[0], 60, 52, 40), (after[0], 60, 52, 40))
    spelling = diatonic_numbers(chorale.pitches, C_MAJOR)
    spelling[:4, 0], spelling[4:, 0] = before[1], after[1]
    assert found(chorale, "augmented-leap", spelling=spelling) == [(0,)] * is_found


def test_every_rule_has_an_example_for_and_against_it() -> None:
    for rule in RULES:
        verdicts = {bool(voices) for name, _, voices in EXAMPLES if name == rule}
        assert verdicts == {True, False}, rule


def test_every_rule_has_definition_and_source() -> None:
    for name, rule in RULES.items():
        assert rule.name == name
        assert rule.summary
        definition = rule.dyad_fault or rule.find
        text = getattr(definition, "func", definition).__doc__
        assert text.startswith("Find "), name
        assert "pportunit" in text, name
        assert "ource" in text, name


@pytest.mark.parametrize(
    "rule", [name for name, rule in RULES.items() if rule.is_motion]
)
def test_no_motion_leads_out_of_a_fermata(rule: str) -> None:
    music = next(music for name, music, voices in EXAMPLES if name == rule and voices)
    place = next(iter(check(chords(*music), rules=[rule]))).step // 4
    fermatas = [0] * len(music)
    assert found(chords(*music, fermatas=fermatas), rule)
    fermatas[place - 1] = 1
    assert not found(chords(*music, fermatas=fermatas), rule)


# === Findings ===


def test_a_finding_says_what_where_and_who() -> None:
    (finding,) = check(chords((72, 64, 55, 48), (71, 65, 57, 50)))
    assert (finding.rule, finding.voices, finding.step) == (
        "parallel-fifths",
        (2, 3),
        4,
    )
    assert (finding.bar, finding.beat) == (1, 2)
    assert finding.pitches == ((55, 57), (48, 50))
    assert finding.message == "tenor and bass: fifth D3-A3 follows fifth C3-G3"


@pytest.mark.parametrize(
    ("metre", "pickup", "bar", "beat"),
    [
        ("4/4", 0, 1, 2),
        ("3/4", 0, 1, 2),
        ("6/8", 0, 1, 3),
        ("2/2", 0, 1, 1.5),
        ("3/4", 8, 0, 3),
        ("4/4", 4, 1, 1),
    ],
)
def test_beats_are_of_the_metre(metre: str, pickup: int, bar: int, beat: float) -> None:
    chorale = chords((72, 64, 55, 48), (71, 65, 57, 50))
    metres = (Metre.parse(metre),)
    bars, positions = number_bars(8, metres, pickup)
    chorale = replace(chorale, metres=metres, bars=bars, positions=positions)
    (finding,) = check(chorale, rules=["parallel-fifths"])
    assert (finding.bar, finding.beat) == (bar, beat)


def test_names_are_those_of_the_key_or_of_the_file() -> None:
    chorale = chords((82, 68, 64, 48), key=Key("Eb", "major"))
    assert check(chorale, rules=["range"])[0].message == "soprano: Bb5 is above G5"
    sharp = diatonic_numbers(chorale.pitches, Key("B", "major"))
    (finding,) = check(chorale, rules=["range"], spelling=sharp)
    assert finding.message == "soprano: A#5 is above G5"


def test_findings_come_by_step_and_then_by_rule() -> None:
    chorale = load_corpus(splits=("valid",)).valid[0]
    findings = check(chorale, level="strict")
    order = [(finding.step, [*RULES].index(finding.rule)) for finding in findings]
    assert order == sorted(order)
    assert len(findings) == sum(tally.findings for tally in count(chorale).values())


@pytest.fixture(scope="module")
def bach() -> Bach:
    """Return findings and tallies of the pieces of train and valid."""
    corpus = load_corpus(splits=("train", "valid"))
    return {
        split: [check_and_count(piece) for piece in corpus.split(split)]
        for split in ("train", "valid")
    }


def test_every_rule_says_something_about_bach(bach: Bach) -> None:
    pieces = bach["train"] + bach["valid"]
    findings = [finding for findings, _ in pieces for finding in findings]
    # Bach has no unequal fifths.
    assert {finding.rule for finding in findings} == set(RULES) - {"unequal-fifths"}
    assert all(len(finding.message) < 100 for finding in findings)


# === Counting ===


def test_rates_add_up() -> None:
    wrong = chords((72, 64, 55, 48), (71, 65, 57, 50))
    right = chords(DOMINANT, TONIC)
    both = rates([wrong, right], rules=["parallel-fifths"])
    # All voices move in the first; only the alto stays in the second.
    assert both == {"parallel-fifths": Tally(1, 6 + 3)}
    assert both["parallel-fifths"].per_thousand == pytest.approx(1000 / 9)
    assert rates([wrong, right]) == total([count(wrong), count(right)])
    assert rates([]) == {name: Tally() for name in RULES}


@given(chorales(), st.integers(0, 80))
def test_an_opening_can_be_left_out(chorale: Chorale, start: int) -> None:
    findings = check(chorale, level="strict")
    late = [finding.rule for finding in findings if finding.step >= start]
    counted = count(chorale, start=start)
    assert {name: tally.findings for name, tally in counted.items()} == {
        name: late.count(name) for name in RULES
    }
    assert rates([chorale], start=start) == rates([chorale], start=[start]) == counted


def test_rules_can_be_chosen() -> None:
    assert list(count(chords(TONIC), rules=["range", "crossing"])) == [
        "crossing",
        "range",
    ]
    assert check(little_chorale(), rules=[]) == []
    with pytest.raises(UsageError, match=r"parallel-fifths, .* got 'fifths'"):
        check(chords(TONIC), rules=["range", "fifths"])


def test_arguments_that_do_not_fit() -> None:
    with pytest.raises(DataError, match=r"spelling of shape \(4, 4\), got \(1, 4\)"):
        check(chords(TONIC), spelling=np.zeros((1, 4), np.int64))
    with pytest.raises(DataError, match="expected 1 starts, got 2"):
        rates([chords(TONIC)], start=[0, 0])


# === What Bach breaks ===


def test_the_rates_are_those_of_train(bach: Bach) -> None:
    measured = total([tallies for _, tallies in bach["train"]])
    for name, per_thousand in BACH_PER_THOUSAND.items():
        tally = measured[name]
        expected = 1000 * max(tally.findings, 0.5) / tally.opportunities
        assert per_thousand == pytest.approx(expected, abs=0.005), name


def test_every_rule_counts_but_the_lenient_one() -> None:
    assert set(RULES) - set(BACH_PER_THOUSAND) == {"leading-tone-leap"}


# === Any music ===


@given(chorales(), st.integers(-12, 12).filter(lambda shift: shift % 12))
def test_transposing_changes_nothing_but_ranges(chorale: Chorale, shift: int) -> None:
    rules = [name for name in RULES if name != "range"]
    here, there = (
        [
            (finding.rule, finding.voices, finding.step)
            for finding in check(piece, rules=rules)
        ]
        for piece in (chorale, chorale.transpose(shift))
    )
    assert here == there


@given(
    st.lists(st.integers(60, 67), min_size=4, max_size=4), st.integers(1, 40), keys()
)
def test_a_chord_that_is_repeated_moves_nowhere(
    chord: list[int], steps: int, key: Key
) -> None:
    pitches = np.tile(sorted(chord, reverse=True), (steps, 1))
    onsets = np.ones_like(pitches, bool)
    piece = Chorale(pitches=pitches, onsets=onsets, key=key)
    findings = check(piece, level="strict")
    assert not any(
        RULES[finding.rule].is_motion or "bass" in finding.rule for finding in findings
    )


def test_silence_breaks_no_rule() -> None:
    assert check(chords(REST), level="strict") == []


# === Levels ===

# Two chords each, which break a rule that is first checked at the level.
LEVELED = {
    "beginner": [(72, 64, 55, 48), (71, 65, 57, 50)],  # parallel fifths
    "standard": [(64, 60, 55, 48), (69, 62, 53, 50)],  # a direct fifth
    "strict": [(74, 71, 67, 43), (72, 67, 64, 48)],  # an inner leading tone leaps
}


@pytest.mark.parametrize(("position", "level"), [*enumerate(LEVELED)])
def test_a_level_includes_those_before_it(position: int, level: str) -> None:
    for place, (first, chord) in enumerate(LEVELED.items()):
        levels = {
            RULES[finding.rule].level for finding in check(chords(*chord), level=level)
        }
        assert (first in levels) == (place <= position)


def test_levels_are_nested_and_the_last_has_all_rules() -> None:
    sets = [{rule.name for rule in choose_rules(level=level)} for level in LEVELS]
    assert sets[0] < sets[1] < sets[2] == set(RULES)
    assert {RULES[name].level for name in sets[0]} == {"beginner"}


def test_the_level_is_standard_and_names_are_of_any_level() -> None:
    chorale = chords(*LEVELED["strict"])
    assert check(chorale) == check(chorale, level="standard")
    names = ["leading-tone-leap"]
    assert check(chorale, rules=names, level="beginner") == check(chorale, rules=names)
    assert check(chorale, rules=names)
    with pytest.raises(UsageError, match="a level out of beginner, standard, strict"):
        check(chorale, level="Beginner")


def test_bach_avoids_parallels(bach: Bach) -> None:
    figures = total([tallies for _, tallies in bach["train"] + bach["valid"]])
    for name, most in (("fifths", 1), ("octaves", 0.6), ("unisons", 0.1)):
        rate = figures[f"parallel-{name}"].per_thousand
        assert rate is not None
        assert 0 < rate < most


def test_bach_ends_phrases_on_triads_in_root_position(bach: Bach) -> None:
    figures = total([tallies for _, tallies in bach["train"] + bach["valid"]])
    ends = figures["phrase-end-dissonance"] + figures["phrase-end-inversion"]
    assert ends == Tally(21, 4134)
    assert figures["missing-cadence"].findings <= 10


@given(chorales(), st.sets(st.sampled_from(sorted(RULES)), min_size=1))
def test_one_pass_finds_and_counts_the_same(chorale: Chorale, rules: set[str]) -> None:
    findings, tallies = check_and_count(chorale, rules=rules)
    assert findings == check(chorale, rules=rules)
    assert tallies == count(chorale, rules=rules)
    assert len(findings) == sum(tally.findings for tally in tallies.values())
