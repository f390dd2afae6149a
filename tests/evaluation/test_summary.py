"""The summary of a judgement in words, with bars."""

from __future__ import annotations

import json
import re

import pytest
from bach import few_chorales
from hand_made import chords, fermatas

from chorale.evaluation.observing import Observed, observe
from chorale.evaluation.style.progressions import Progressions
from chorale.evaluation.style.windows import Window, windows_of
from chorale.evaluation.summary import Summary
from chorale.music.score import Chorale
from chorale.voice_leading.checking import check, rates

TONIC = [72, 67, 64, 48]
SIXTH = [72, 67, 60, 52]
SUBDOMINANT = [72, 69, 65, 53]
DOMINANT = [71, 67, 62, 55]
# Parallel octaves of soprano and bass, in bar 2.
PARALLEL = [[76, 67, 60, 52], [77, 69, 60, 53]]


def exercise(last: list[int]) -> Chorale:
    """Return four bars of C major, a phrase each two; the second ends on a chord."""
    first = [TONIC, SUBDOMINANT, DOMINANT, TONIC, *PARALLEL, DOMINANT, SIXTH]
    second = [TONIC, SUBDOMINANT, DOMINANT, TONIC, TONIC, SUBDOMINANT, DOMINANT, last]
    marks = fermatas(64, (28, 32), (60, 64))
    return chords(*first, *second, fermatas=marks)


@pytest.fixture(scope="module")
def train() -> Observed:
    corpus = few_chorales()
    return observe(windows_of(corpus.train), Progressions.of(corpus.train))


def summary(train: Observed, *pieces: Chorale, start: int = 0) -> Summary:
    windows = [Window(piece, start, str(index)) for index, piece in enumerate(pieces)]
    names = [f"{index}.mid" for index in range(len(pieces))]
    return Summary.of(observe(windows, places=True), train, names, "Bach")


def test_phrase_ends_come_first_with_bars(train: Observed) -> None:
    found = summary(train, exercise(TONIC))
    assert (found.resting, found.phrases) == (1, 2)
    first, second, *_ = found.sentences()
    assert first.startswith(
        "Phrase ends: 1 of 2 rest on a triad in root position (Bach "
    )
    assert first.endswith("bar 2 beat 4, ends on the inversion I6 in C major.")
    assert second == "Endings: 1 of 1 on a complete cadence."


def test_an_end_elsewhere_is_named(train: Observed) -> None:
    _, second, *_ = summary(train, exercise([74, 67, 59, 55])).sentences()
    assert second == (
        "Endings: 0 of 1 on a complete cadence: bar 4 beat 3, ends on G major, the "
        "home key is C major."
    )


def test_ends_are_said_once(train: Observed) -> None:
    # Many pieces without a complete cadence are unusual, as the second sentence says.
    _, second, *others = summary(train, *[exercise(SIXTH)] * 12).sentences()
    assert second.startswith("Endings: 0 of 12 on a complete cadence: ")
    assert not any("complete cadence" in line for line in others)


def test_rules_that_bach_keeps_are_named_with_places(train: Observed) -> None:
    found = summary(train, exercise(TONIC))
    fault = next(item for item in found.faults if item.rule == "parallel-octaves")
    assert fault.findings == len(fault.places)
    assert fault.expected < 0.5
    assert all(place.piece == 0 for place in fault.places)
    words = next(line for line in found.sentences() if line.startswith("Parallel oct"))
    assert "bar 2 beat 2, soprano and bass: " in words
    # What is rare in Bach is not said to be absent.
    assert re.search(r"\(Bach 0\.0*[1-9] in as much music\)", words)
    # Given notes are not judged.
    later = summary(train, exercise(TONIC), start=32)
    assert "parallel-octaves" not in [item.rule for item in later.faults]


def test_of_several_pieces_the_worst_are_named(train: Observed) -> None:
    found = summary(train, exercise(TONIC), exercise([74, 67, 59, 55]))
    assert [name for name, _ in found.worst] == ["1.mid", "0.mid"]
    first, *_, last = found.sentences()
    assert "0.mid bar 2 beat 4" in first and "1.mid bar 2 beat 4" in first
    assert last.startswith("Most weak endings and faults of a piece: 1.mid (")


def test_many_places_are_counted_not_listed(train: Observed) -> None:
    found = summary(train, *[exercise(TONIC)] * 9)
    assert "; 3 more places." in found.sentences()[0]


def test_unusual_rates_have_a_direction(train: Observed) -> None:
    # A bass that only turns back and forth.
    rows = [TONIC, DOMINANT] * 15 + [TONIC, TONIC]
    found = summary(train, chords(*rows, fermatas=fermatas(128, (124, 128))))
    turning = next(item for item in found.unusual if item.name == "bass_returns")
    assert turning.rate == 1 and turning.deviations > 0
    more = next(line for line in found.sentences() if line.startswith("More often"))
    assert "bass notes that return" in more


def test_bach_has_little_to_be_said_of(train: Observed) -> None:
    numbers = []
    for piece in few_chorales().valid:
        found = summary(train, piece)
        numbers.append(len(found.faults) + len(found.unusual))
        json.dumps(found.to_json())
    assert sum(numbers) / len(numbers) < 8


def test_observed_are_the_findings_of_the_rules() -> None:
    (piece,) = few_chorales().valid[:1]
    found = observe([Window(piece, 16, "")], places=True)
    assert found.rules == rates([piece], start=16)
    expected = [
        finding for finding in check(piece, level="strict") if finding.step >= 16
    ]
    places = [place for places in found.faults.values() for place in places]
    assert sorted((place.bar, place.beat, place.text) for place in places) == sorted(
        (finding.bar, finding.beat, finding.message) for finding in expected
    )
    assert observe([Window(piece, 16, "")]).faults == {}
