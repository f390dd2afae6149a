"""The key of a piece, by its signature and its notes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorale.corpus.loading import load_corpus
from chorale.errors import UsageError
from chorale.music import key_decision
from chorale.music.key_decision import parse_key, states_key
from chorale.music.keys import Key, KeySignature

# Soprano to bass: I IV V7 I, and i iv V i.
G_MAJOR = np.array([[71, 67, 62, 55], [72, 67, 64, 48], [69, 66, 62, 50]] * 2)
G_MAJOR = np.vstack([G_MAJOR, [[67, 67, 62, 55]]])
E_MINOR = np.array([[71, 67, 64, 52], [72, 69, 64, 57], [71, 66, 63, 59]] * 2)
E_MINOR = np.vstack([E_MINOR, [[71, 67, 64, 52]]])
DORIAN = np.array([62, 64, 65, 67, 69, 71, 72, 71, 69, 67, 65, 64, 62, 57, 60, 62])


def midi(fifths: int) -> KeySignature:
    return KeySignature(fifths=fifths, mode="major", default_mode=True)


def decide_key(signature: KeySignature | None, pitches: np.ndarray) -> tuple[Key, str]:
    """Return the key of a piece with one signature or none, and what is said of it."""
    signatures = [] if signature is None else [signature]
    key, remarks = key_decision.decide_key(signatures, pitches)
    assert len(remarks) < 2
    return key, "".join(remarks)


def test_a_signature_of_midi_has_no_mode() -> None:
    key, remark = decide_key(midi(1), E_MINOR)
    assert key == Key("E", "minor")
    assert remark == (
        "the key signature is G major, the notes are in E minor: read as E minor"
    )
    assert decide_key(midi(1), G_MAJOR) == (Key("G", "major"), "")


@pytest.mark.parametrize("notes", [G_MAJOR, E_MINOR])
@pytest.mark.parametrize("up", range(-5, 7))
def test_c_major_is_doubted_when_the_notes_contradict_it(
    notes: np.ndarray, up: int
) -> None:
    key, remark = decide_key(midi(0), notes + up)
    tonic, mode = (7, "major") if notes is G_MAJOR else (4, "minor")
    assert (key.tonic_class, key.mode) == ((tonic + up) % 12, mode)
    assert bool(remark) == (key != Key("C", "major"))


def test_a_signature_without_contradiction_is_kept() -> None:
    # No note tells G major from C major but the last; a score that names C major is
    # believed.
    tune = np.repeat([67, 69, 71, 67, 67], 4)
    assert decide_key(KeySignature(fifths=0, mode="major"), tune) == (
        Key("C", "major"),
        "",
    )
    signature = KeySignature(fifths=-2, mode="dorian")
    assert decide_key(signature, np.repeat([60, 63, 62, 60], 4)) == (
        Key("C", "minor"),
        "C dorian is read as C minor",
    )


def test_a_mode_that_a_score_names_is_kept_unless_the_notes_contradict_it() -> None:
    stated = KeySignature(fifths=1, mode="major")
    assert decide_key(stated, G_MAJOR) == (Key("G", "major"), "")
    key, remark = decide_key(stated, E_MINOR)
    assert key == Key("E", "minor")
    assert "G major" in remark and "E minor" in remark
    # The tonic is believed, not the third above it.
    minor = np.where(np.isin(G_MAJOR % 12, (11, 4)), G_MAJOR - 1, G_MAJOR)
    assert decide_key(stated, minor)[0] == Key("G", "minor")


def test_own_files_are_believed() -> None:
    certain = KeySignature(fifths=4, mode="minor", certain=True)
    assert decide_key(certain, G_MAJOR) == (Key("C#", "minor"), "")


def test_modal_signatures() -> None:
    # D dorian, written without a flat.
    for mode in ("", "dorian", "Dorian"):
        signature = KeySignature(fifths=0, mode=mode)
        key, remark = decide_key(signature, np.repeat(DORIAN, 4))
        assert key == Key("D", "minor")
        assert "D minor" in remark
    _, remark = decide_key(KeySignature(fifths=3, mode="dorian"), DORIAN + 9)
    assert remark == "B dorian is read as B minor"


@pytest.mark.parametrize(
    ("mode", "tonic", "third", "is_said"),
    [
        ("ionian", "C", "major", False),
        ("dorian", "D", "minor", True),
        ("phrygian", "E", "minor", True),
        ("lydian", "F", "major", True),
        ("mixolydian", "G", "major", True),
        ("aeolian", "A", "minor", False),
    ],
)
@pytest.mark.parametrize("notes", [G_MAJOR, E_MINOR + 3])
def test_a_church_mode_that_the_file_names_is_believed_whatever_the_notes(
    mode: str, tonic: str, third: str, is_said: bool, notes: np.ndarray
) -> None:
    signature = KeySignature(fifths=0, mode=mode)
    key, remark = decide_key(signature, notes)
    assert key == Key(tonic, third)
    assert remark == (f"{tonic} {mode} is read as {key.name}" if is_said else "")
    assert states_key([signature], key)


def test_without_a_signature_the_notes_decide() -> None:
    assert decide_key(None, G_MAJOR) == (
        Key("G", "major"),
        "there is no key signature: read as G major, by the notes",
    )
    key, remark = decide_key(KeySignature(fifths=8), G_MAJOR)
    assert key == Key("G", "major")
    assert "8 sharps" in remark


def test_a_signature_without_mode_says_so() -> None:
    for fifths, words in ((1, "1 sharp"), (-2, "2 flats"), (0, "no sharps or flats")):
        _, remark = decide_key(KeySignature(fifths=fifths), G_MAJOR)
        assert f"the key signature of {words} has no mode" in remark


@given(st.integers(-7, 7), st.sampled_from(["major", "minor", "", "phrygian"]))
def test_silence_leaves_the_signature(fifths: int, mode: str) -> None:
    silence = np.zeros((4, 4), np.int64)
    key, _ = decide_key(KeySignature(fifths=fifths, mode=mode), silence)
    assert mode == "phrygian" or key.fifths == fifths


def test_keys_are_spelled_as_near_to_the_signature_as_can_be() -> None:
    for fifths, name in ((6, "F# major"), (-6, "Gb major")):
        key, remark = decide_key(midi(fifths), G_MAJOR - 1)
        assert (key.name, remark) == (name, "")


@pytest.mark.parametrize(("voices", "least"), [(4, 0.95), (1, 0.9)])
def test_bachs_keys_are_found(voices: int, least: float) -> None:
    chorales = load_corpus(splits=("valid",)).valid
    right = doubted = 0
    for chorale in chorales:
        pitches = chorale.pitches[:, :voices]
        assert chorale.key is not None
        right += decide_key(midi(chorale.key.fifths), pitches)[0] == chorale.key
        doubted += decide_key(midi(0), pitches)[0] == chorale.key
    assert right >= least * len(chorales)
    assert doubted >= (least - 0.05) * len(chorales)


# === Parts with signatures of their own ===


def test_of_different_signatures_the_one_counts_that_most_notes_fit() -> None:
    horn, strings = (KeySignature(fifths=each, mode="major") for each in (2, 1))
    for signatures in ((horn, strings), (strings, horn, strings)):
        key, remarks = key_decision.decide_key(signatures, G_MAJOR)
        assert key == Key("G", "major")
        assert remarks == (
            "parts have different key signatures: the one that most notes fit is read",
        )
    key, remarks = key_decision.decide_key([horn, strings], E_MINOR)
    assert key == Key("E", "minor")
    assert len(remarks) == 2 and "the notes are in E minor" in remarks[1]


def test_of_equal_signatures_one_with_a_mode_counts() -> None:
    signatures = [KeySignature(fifths=1), KeySignature(fifths=1, mode="major")]
    assert key_decision.decide_key(signatures, G_MAJOR) == (Key("G", "major"), ())


def test_a_key_is_stated_by_a_signature_with_its_mode() -> None:
    minor = [KeySignature(fifths=1), KeySignature(fifths=1, mode="minor")]
    assert states_key(minor, Key("E", "minor"))
    assert states_key([KeySignature(fifths=1, mode="Dorian")], Key("A", "minor"))
    assert not states_key(minor, Key("G", "major"))
    assert not states_key([KeySignature(fifths=1)], Key("G", "major"))
    assert not states_key([KeySignature(fifths=9, mode="major")], Key("A", "major"))
    assert not states_key([], Key("C", "major"))


@pytest.mark.parametrize(
    ("name", "key", "remarks"),
    [
        ("E minor", "E minor", ()),
        (" bb  Major ", "Bb major", ()),
        ("D dorian", "D minor", ("D dorian is read as D minor",)),
        ("g Mixolydian", "G major", ("G mixolydian is read as G major",)),
        ("F# phrygian", "F# minor", ("F# phrygian is read as F# minor",)),
        ("C ionian", "C major", ("C ionian is read as C major",)),
    ],
)
def test_a_name_is_that_of_a_key_or_of_a_church_mode(
    name: str, key: str, remarks: tuple[str, ...]
) -> None:
    assert parse_key(name) == (Key.parse(key), remarks)


@pytest.mark.parametrize("name", ["", "H", "C", "D dorisch", "D# major", "Fb minor"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="'D dorian', got "):
        parse_key(name)
