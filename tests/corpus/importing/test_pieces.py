"""The pieces of one source: accepted, repaired or refused, each with its reasons."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import pytest
from bach import few_chorales
from hymns import hymn
from strategies import little_chorale

from chorale.corpus.importing import pieces
from chorale.corpus.importing.pieces import (
    ACCEPTED,
    REFUSED,
    REPAIRED,
    Outcome,
    Piece,
    PieceOptions,
    read_source,
)
from chorale.corpus.importing.sources import Source
from chorale.corpus.ranges import ANY
from chorale.errors import UsageError
from chorale.formats.abc import book
from chorale.formats.abc.reader import score_of
from chorale.formats.abc.text import Tune
from chorale.formats.classic_csv import annotations_text, csv_text
from chorale.formats.files import read, write
from chorale.formats.scores.written_score import WrittenScore
from chorale.music.keys import Key
from chorale.music.score import Chorale
from chorale.music.voices import VOICE_NAMES


def outcome_of(path: Path, **options: object) -> Outcome:
    source = Source(name=str(path), path=path, place=(path.name,))
    return read_source(source, PieceOptions(**options))  # type: ignore[arg-type]


def piece_of(path: Path, **options: object) -> Piece:
    (piece,) = outcome_of(path, **options).pieces
    return piece


def text(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("ending", ["mid", "musicxml"])
def test_a_piece_is_read_as_it_is(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"hymn.{ending}"
    chorale = little_chorale(title="Own  hymn")
    write(chorale, path)
    piece = piece_of(path)
    assert (piece.status, piece.reason, piece.changes) == (ACCEPTED, "", ())
    assert piece.music is not None
    assert piece.music.csv == csv_text(chorale)
    assert piece.music.annotations == annotations_text(chorale)
    assert (piece.music.title, piece.music.key) == ("Own hymn", "A minor")
    assert (piece.music.metre, piece.music.pickup) == ("4/4", 4)
    assert (piece.music.steps, piece.estimated) == (64, "")


def test_what_is_estimated_is_said(tmp_path: Path) -> None:
    path = tmp_path / "hymn.csv"
    write(little_chorale(), path)
    piece = piece_of(path)
    assert (piece.status, piece.estimated) == (ACCEPTED, "key metre")
    assert piece.notes == (
        "there is no key signature: read as A minor, by the notes",
        "the file has no metre: read as 4/4 with a pickup of 1/4, by the notes",
    )
    assert piece.music is not None
    assert (piece.music.metre, piece.music.pickup) == ("4/4", 4)
    held = replace(little_chorale(), onsets=None, fermatas=None)
    assert piece.music.annotations == annotations_text(held)


def test_a_default_metre_of_midi_does_not_hide_a_waltz(tmp_path: Path) -> None:
    # Without the events of its own writer the file only says 4/4.
    file = mido.MidiFile(type=1)
    chorale = next(
        piece
        for piece in few_chorales().train
        if piece.metre.name == "3/4" and piece.pickup
    )
    head = file.add_track()
    head.append(mido.MetaMessage("set_tempo", tempo=500_000))
    head.append(mido.MetaMessage("time_signature", numerator=4, denominator=4))
    head.append(mido.MetaMessage("key_signature", key="C"))
    for voice in range(4):
        track, last = file.add_track(VOICE_NAMES[voice]), 0
        for note in chorale.notes(voice):
            for kind, step in (("note_on", note.start), ("note_off", note.end)):
                time = 120 * (step - last)
                track.append(mido.Message(kind, note=note.pitch, time=time))
                last = step
    file.save(tmp_path / "a.mid")
    piece = piece_of(tmp_path / "a.mid")
    assert piece.music is not None
    assert (piece.music.metre, piece.music.pickup) == ("3/4", 4)
    assert "metre" in piece.estimated
    assert Key.parse(piece.music.key) == chorale.key


def test_a_church_mode_of_the_file_is_not_estimated(tmp_path: Path) -> None:
    dorian = piece_of(text(tmp_path / "d.abc", hymn(1, key="Ddor")))
    assert dorian.music is not None
    assert (dorian.status, dorian.estimated) == (ACCEPTED, "")
    assert (dorian.music.key, dorian.notes) == (
        "D minor",
        ("D dorian is read as D minor",),
    )
    aeolian = piece_of(text(tmp_path / "e.abc", hymn(1, key="Aaeo")))
    assert aeolian.music is not None
    assert (aeolian.music.key, aeolian.estimated, aeolian.notes) == ("A minor", "", ())


def test_a_humdrum_key_with_a_mode_is_not_estimated(tmp_path: Path) -> None:
    rows = ["**kern", "*k[b-]", "*G:dor", "*M4/4", "=1", "{}", "==", "*-"]
    notes = ["1GG", "1d", "1g", "1b-"]
    lines = ["\t".join([row] * 4) for row in rows]
    lines[5] = "\t".join(notes)
    piece = piece_of(text(tmp_path / "a.krn", "\n".join(lines) + "\n"))
    assert piece.music is not None, piece.reason
    assert (piece.music.key, piece.status, piece.estimated) == (
        "G minor",
        ACCEPTED,
        "",
    )
    assert piece.notes == ("G dorian is read as G minor",)


def test_a_key_of_the_file_is_not_estimated(tmp_path: Path) -> None:
    stated = piece_of(text(tmp_path / "a.abc", hymn(1, key="C")))
    assert (stated.estimated, stated.notes) == ("", ())
    unclear = piece_of(text(tmp_path / "b.abc", hymn(1, key="none")))
    assert unclear.estimated == "key"


def test_changes_make_a_repaired_piece(tmp_path: Path) -> None:
    path = text(tmp_path / "hymn.abc", hymn(1, last="{d}c4"))
    piece = piece_of(path)
    assert piece.status == REPAIRED
    assert piece.changes == ("grace notes are left out",)


# === Refused ===


def test_fewer_voices_are_refused(tmp_path: Path) -> None:
    solo = piece_of(text(tmp_path / "solo.abc", "X:1\nK:C\nCDEF|GABc|\n"))
    assert solo.reason.startswith("expected four voices, got a single part")
    three = hymn(1).replace("V:B", "%")
    trio = piece_of(text(tmp_path / "trio.abc", three))
    assert trio.reason.startswith("expected four voices")


def test_a_silent_voice_is_refused(tmp_path: Path) -> None:
    path = text(tmp_path / "a.csv", "note0,note1,note2,note3\n72,67,0,48\n71,67,0,50\n")
    piece = piece_of(path)
    assert piece.status == REFUSED
    assert piece.reason == "expected four voices, the tenor is silent throughout"


def test_triplets_are_counted_and_refused_above_a_share(tmp_path: Path) -> None:
    path = text(tmp_path / "hymn.abc", hymn(1, last="(3cdefz"))
    piece = piece_of(path, off_grid=0.2)
    assert piece.status == REPAIRED
    assert 0 < piece.off_grid < 0.2
    refused = piece_of(path, off_grid=0.01)
    assert refused.status == REFUSED
    assert refused.off_grid == piece.off_grid
    assert "off the grid of sixteenths" in refused.reason
    with pytest.raises(UsageError, match="off_grid"):
        PieceOptions(off_grid=1.5)


def test_notes_outside_the_ranges_are_refused(tmp_path: Path) -> None:
    path = text(tmp_path / "hymn.abc", hymn(1, last="c'''4"))
    piece = piece_of(path)
    assert piece.status == REFUSED
    assert piece.reason.startswith("the soprano leaves its range: expected")
    assert piece.reason.endswith("got C8 in bar 9, beat 1 (--range)")
    assert piece_of(path, ranges=ANY).status == ACCEPTED


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.mid", b"", "it is empty"),
        ("cut.mid", b"MThd\0\0\0\6", "MIDI"),
        ("cut.musicxml", b"<score-partwise><part-list>", "cannot read it"),
        ("noise.xml", b"\x93\x01\xff" * 50, "expected"),
        ("noise.krn", b"\x93\x01\xff" * 50, "expected"),
        ("note.txt", b"some words", "cannot read a .txt"),
        ("noending", b"some words", "cannot read a file without ending"),
        ("song.mscz", b"PK\3\4 and more", "MuseScore"),
        ("song.sib", b"\x0fSIBELIUS", "export it as MusicXML"),
        ("more.rar", b"Rar!", "this kind of archive"),
        ("rows.csv", b"a,b\n1,2\n", "expected the columns"),
        ("list.json", b'{"some": "words"}', "expected"),
    ],
)
def test_bad_files_are_refused(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    piece = piece_of(text(tmp_path / name, content))
    assert piece.status == REFUSED
    assert reason in piece.reason
    assert str(tmp_path) not in piece.reason
    assert piece.music is None


def test_a_file_that_vanished_is_refused(tmp_path: Path) -> None:
    outcome = outcome_of(tmp_path / "gone.mid")
    assert outcome.sha256 == ""
    assert outcome.pieces[0].reason == "cannot read it: No such file or directory"


def test_an_enormous_file_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "MEMBER_BYTES", 1 << 20)
    path = tmp_path / "large.abc"
    with path.open("wb") as file:
        file.write(hymn(1).encode())
        file.truncate(1 << 30)  # sparse
    outcome = outcome_of(path)
    assert outcome.pieces[0].reason == "expected at most 1 MiB, it is larger"
    assert outcome.sha256 == ""


def test_what_no_reader_foresaw_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RecursionError("maximum depth")

    monkeypatch.setattr(pieces, "read_whole", fail)
    write(little_chorale(), tmp_path / "hymn.csv")
    piece = piece_of(tmp_path / "hymn.csv")
    assert piece.status == REFUSED
    assert piece.reason.endswith("this is a bug of chorale: maximum depth")


def test_what_no_reader_foresaw_in_a_tune_costs_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(tune: Tune) -> WrittenScore:
        if tune.number == 2:
            raise RecursionError("maximum depth")
        return score_of(tune)

    monkeypatch.setattr(book, "score_of", read)
    content = f"{hymn(1)}\n{hymn(2)}\n{hymn(3)}"
    found = outcome_of(text(tmp_path / "book.abc", content)).pieces
    assert [piece.status for piece in found] == [ACCEPTED, REFUSED, ACCEPTED]
    assert found[1].reason.endswith("this is a bug of chorale: maximum depth")


# === Recognized by content ===


@pytest.mark.parametrize("name", ["hymn.txt", "hymn", "hymn.mid", "hymn.krn"])
def test_a_wrong_ending_is_repaired(tmp_path: Path, name: str) -> None:
    piece = piece_of(text(tmp_path / name, hymn(1)))
    assert piece.status == REPAIRED
    assert piece.changes == ("the file is ABC despite its ending: read as such",)


@pytest.mark.parametrize(
    "header", ["%abc-2.1\nI:abc-creator chorale\n\n", "% by hand\nM:3/4\nZ:N. N.\n\n"]
)
@pytest.mark.parametrize("name", ["hymn.musicxml", "hymn.txt"])
def test_abc_with_a_file_header_is_recognized(
    tmp_path: Path, name: str, header: str
) -> None:
    piece = piece_of(text(tmp_path / name, header + hymn(1)))
    assert piece.changes == ("the file is ABC despite its ending: read as such",)


def test_midi_named_as_musicxml_is_read(tmp_path: Path) -> None:
    write(little_chorale(), tmp_path / "hymn.mid")
    path = (tmp_path / "hymn.mid").rename(tmp_path / "hymn.xml")
    piece = piece_of(path)
    assert piece.music is not None
    assert piece.music.csv == csv_text(little_chorale())


# === Many pieces in a file ===


def test_a_book_of_tunes_gives_a_piece_for_each(tmp_path: Path) -> None:
    content = "\n".join(
        ["%%abc-charset utf-8", "C:Somebody", "", hymn(1, title="Eïns"), hymn(2)]
    )
    content += "\nX:7\nT:Solo\nK:C\nCDEF|\n"
    outcome = outcome_of(text(tmp_path / "book.abc", content))
    assert [piece.label for piece in outcome.pieces] == ["1", "2", "7"]
    assert [piece.status for piece in outcome.pieces] == [ACCEPTED, ACCEPTED, REFUSED]
    titles = [piece.music.title for piece in outcome.pieces if piece.music]
    assert titles == ["Eïns", "Hymn 2"]


def test_tunes_of_one_number_are_named_by_their_place(tmp_path: Path) -> None:
    content = f"{hymn(3)}\n{hymn(3, title='Other', last='B4')}"
    outcome = outcome_of(text(tmp_path / "book.abc", content))
    assert [piece.label for piece in outcome.pieces] == ["1", "2"]
    assert all(piece.status == ACCEPTED for piece in outcome.pieces)


def test_a_damaged_tune_costs_no_other_and_its_row_is_named(tmp_path: Path) -> None:
    broken = hymn(2).replace("M:4/4", "M:what")
    content = f"{hymn(1)}\n{broken}\n{hymn(3)}"
    one, two, three = outcome_of(text(tmp_path / "book.abc", content)).pieces
    assert (one.status, two.status, three.status) == (ACCEPTED, REFUSED, ACCEPTED)
    row = content.splitlines().index("M:what") + 1
    assert two.reason.startswith(f"row {row}: expected a metre")


def test_the_published_form_keeps_its_splits(tmp_path: Path) -> None:
    rows = [[72, 67, 60, 48]] * 4 + [[71, 67, 62, 55]] * 4
    content = json.dumps({"train": [rows], "valid": [rows[:6]], "test": [rows[2:]]})
    outcome = outcome_of(text(tmp_path / "jsb-chorales-16th.json", content))
    assert [piece.split for piece in outcome.pieces] == ["train", "valid", "test"]
    music = outcome.pieces[0].music
    assert music is not None
    assert music.csv == csv_text(Chorale(pitches=np.array(rows)))
    assert outcome.pieces[0].estimated == "key metre"
    assert music.key == "C major"


def test_pickles_need_trust(tmp_path: Path) -> None:
    path = tmp_path / "jsb.npz"
    arrays = {"train": np.array([np.full((8, 4), 60.0), np.full((4, 4), 62.0)], object)}
    np.savez(path, **arrays)  # type: ignore[arg-type]
    assert "--trust" in piece_of(path).reason
    outcome = outcome_of(path, trust=True)
    assert len(outcome.pieces) == 2


def test_a_csv_in_its_corpus_keeps_key_bars_and_onsets(tmp_path: Path) -> None:
    from chorale.corpus.loading import bundled_corpus

    path = min((bundled_corpus() / "chorales" / "valid").iterdir())
    piece = piece_of(path)
    chorale = read(path)
    assert piece.music is not None
    assert piece.music.csv == csv_text(chorale)
    folder = bundled_corpus() / "annotations" / "valid"
    assert piece.music.annotations == (folder / path.name).read_text()
