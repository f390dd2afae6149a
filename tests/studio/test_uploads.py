"""Uploads: every format, what was guessed, and files that mean harm."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from strategies import little_chorale

from chorale.errors import ChoraleError, DataError, UsageError
from chorale.formats.files import FORMATS, write
from chorale.music.keys import Key
from chorale.music.score import Chorale, Note
from chorale.studio.piece_json import from_json
from chorale.studio.uploads import MOST_BYTES, open_path, open_upload, read_upload

SCORE = """<score-partwise version="4.0"><part-list><score-part id="P1"><part-name/>
</score-part></part-list><part id="P1"><measure number="1"><attributes><divisions>1
</divisions><time><beats>4</beats><beat-type>4</beat-type></time></attributes><note>
<pitch><step>C</step><octave>5</octave></pitch><duration>4</duration></note></measure>
</part></score-partwise>"""
ABC = "X:1\nT:Tune\nM:4/4\nL:1/4\nK:G\nG A B c | d2 d2 |]\n"


def written(chorale: Chorale, ending: str, folder: Path) -> bytes:
    path = folder / f"piece{ending}"
    write(chorale, path)
    return path.read_bytes()


def melody(*, start: int = 0, octave: int = 0) -> Chorale:
    pitches = [67, 69, 71, 72, 74, 72, 71, 67]
    line = [Note(p + 12 * octave, start + 4 * n, 4) for n, p in enumerate(pitches)]
    return Chorale.from_notes([line, [], [], []], start + 32, title="Air")


@pytest.mark.parametrize("ending", [".mid", ".musicxml", ".csv", ".abc", ".krn"])
def test_four_voices_are_a_chorale(ending: str, tmp_path: Path) -> None:
    piece = little_chorale(title="Air")
    found = open_upload(written(piece, ending, tmp_path), f"my air{ending.upper()}")
    assert (found["kind"], found["voice"]) == ("chorale", None)
    again = from_json(found["piece"])
    assert (again.pitches == piece.pitches).all()
    assert again.source == "my air"


@pytest.mark.parametrize("ending", [".mid", ".musicxml", ".abc", ".krn"])
def test_one_line_is_a_melody(ending: str, tmp_path: Path) -> None:
    data = written(melody(), ending, tmp_path)
    found = open_upload(data, f"air{ending}")
    assert (found["kind"], found["voice"]) == ("melody", 0)
    assert found["piece"]["voices"][0][0] == [67, 0, 4]
    assert not any(found["piece"]["voices"][1:])
    # What no file says is guessed, and said: where phrases end.
    assert any("no fermatas" in remark for remark in found["remarks"])


def test_the_voice_of_a_line_is_chosen_and_its_octave_said() -> None:
    found = read_upload(ABC.encode(), "tune.abc", voice="bass").to_json()
    assert (found["kind"], found["voice"]) == ("melody", 3)
    assert found["piece"]["voices"][3][0] == [43, 0, 4]
    assert "transposed 2 octaves down into the range of the bass" in found["remarks"]


def test_a_column_of_notes_is_a_melody() -> None:
    found = open_upload(b"note\n" + b"67\n" * 8 + b"69\n" * 8, "line.csv")
    assert (found["kind"], found["voice"]) == ("melody", 0)
    assert found["key_estimated"]
    assert any("no metre" in remark for remark in found["remarks"])


def test_keys_are_those_of_the_file_or_guessed_or_chosen(tmp_path: Path) -> None:
    in_g = open_upload(ABC.encode(), "tune.abc")
    assert (in_g["piece"]["key"], in_g["key_estimated"]) == ("G major", False)
    data = written(melody(), ".csv", tmp_path)
    assert open_upload(data, "a.csv")["key_estimated"]
    chosen = read_upload(data, "a.csv", key="e minor").to_json()
    assert (chosen["piece"]["key"], chosen["key_estimated"]) == ("E minor", False)
    dorian = read_upload(data, "a.csv", key="D dorian")
    assert dorian.remarks[0] == "D dorian is read as D minor"
    assert dorian.chorale.key == Key("D", "minor")
    with pytest.raises(UsageError, match="expected key such as 'G major'"):
        read_upload(data, "a.csv", key="H dur")
    with pytest.raises(UsageError, match="expected a voice out of soprano"):
        read_upload(data, "a.csv", voice="treble")


def test_content_says_the_format_of_a_name_without_ending() -> None:
    assert open_upload(ABC.encode(), "tune")["piece"]["title"] == "Tune"
    assert open_upload(SCORE.encode(), "")["kind"] == "melody"


def test_notes_moved_to_the_grid_are_said() -> None:
    data = ABC.replace("G A B c", "(3GAB c3").encode()
    remarks = open_upload(data, "tune.abc")["remarks"]
    assert any("off the grid of sixteenths" in remark for remark in remarks)


# === Names ===


@pytest.mark.parametrize(
    "name",
    [
        *(
            "../../etc/passwd.abc",
            "/etc/x.abc",
            "C:\\x\\y.abc",
            "a\x00b.abc",
            "~/é.abc",
        ),
        *("x" * 5000 + ".abc", "..abc", ".abc", "a/../../b.abc", "%2e%2e%2fb.abc"),
    ],
)
def test_names_are_never_paths(name: str, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    found = open_upload(ABC.encode(), name)
    assert found["kind"] == "melody"
    assert "/" not in found["piece"]["source"] and "\\" not in found["piece"]["source"]
    assert sorted(tmp_path.rglob("*")) == before


def test_messages_name_the_file_and_not_where_it_is() -> None:
    with pytest.raises(DataError, match=r"^bad name\.mid: ") as caught:
        open_upload(b"MThd broken", "/home/me/bad name.mid")
    assert "upload" not in str(caught.value) and "/" not in str(caught.value)


# === Files that mean harm ===


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)
    return file.getvalue()


BILLION = '<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">'
    for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)
HARMFUL = {
    "empty": (b"", "a.mid"),
    "huge": (b"X" * (MOST_BYTES + 1), "a.musicxml"),
    "a long text": (b"X:1\nK:C\n" + b"C" * 1_000_000, "a.abc"),
    "a long text without a name": (b"X:1\nK:C\n" + b"C" * 1_000_000, ""),
    "a bomb in an archive": (zipped(a_xml=b"<x>" + b" " * (40 << 20)), "a.mxl"),
    "a bomb for MuseScore": (zipped(a_mscx=b"<x>" + b" " * (40 << 20)), "a.mscz"),
    "an archive of nothing": (zipped(readme_txt=b"hello"), "a.mxl"),
    "a truncated archive": (zipped(a_xml=SCORE.encode())[:-40], "a.mxl"),
    "billion laughs": (
        SCORE.replace("<score", f"<!DOCTYPE s [{BILLION}]><score", 1)
        .replace("<part-name/>", "<part-name>&j;</part-name>")
        .encode(),
        "a.musicxml",
    ),
    "an external entity": (
        SCORE.replace(
            "<score", '<!DOCTYPE s [<!ENTITY a SYSTEM "file:///etc/passwd">]><score', 1
        )
        .replace("<part-name/>", "<part-name>&a;</part-name>")
        .encode(),
        "a.musicxml",
    ),
    "entities of MEI": (
        f'<!DOCTYPE mei [{BILLION}]><mei xmlns="x">&j;</mei>'.encode(),
        "a.mei",
    ),
    "entities of MuseScore": (
        f"<!DOCTYPE m [{BILLION}]><museScore>&j;</museScore>".encode(),
        "a.mscx",
    ),
    "truncated": (SCORE.encode()[:300], "a.musicxml"),
    "nested": (b"<a>" * 100_000, "a.musicxml"),
    "another format": (SCORE.encode(), "a.mid"),
    "a score that is text": (b"hello", "a.mid"),
    "a picture": (b"\x89PNG....", "a.png"),
    "an unknown ending": (SCORE.encode(), "a.exe"),
    "no ending": (b"hello", "a"),
    "nothing but rests": (ABC.replace("G A B c | d2 d2", "z4 | z4").encode(), "a.abc"),
    "endless": (b"X:1\nM:4/4\nL:1/16\nK:C\nC16|Z3000|C16|\n", "a.abc"),
    "no numbers": (b"note0,note1,note2,note3\n60,x,50,40\n", "a.csv"),
}


@pytest.mark.parametrize("what", HARMFUL)
def test_harmful_files_are_refused_in_a_sentence(what: str) -> None:
    data, name = HARMFUL[what]
    with pytest.raises((DataError, UsageError)) as caught:
        open_upload(data, name)
    message = str(caught.value)
    assert message.startswith(name)
    assert len(message) < 400 and "\n" not in message and "root:" not in message


@pytest.mark.parametrize("name", sorted({r.endings[0] for r in FORMATS.values()}))
def test_noise_is_refused(name: str) -> None:
    for data in (bytes(range(256)) * 8, b"\n" * 999, b"PK\x03\x04" + bytes(99)):
        with pytest.raises(ChoraleError):
            open_upload(data, f"noise{name}")


def test_a_wrong_ending_is_named() -> None:
    with pytest.raises(DataError, match="expected MIDI, this is MusicXML: give it the"):
        open_upload(SCORE.encode(), "a.mid")


# === Files of this machine ===


def test_a_file_of_the_command_line_is_read_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "air.musicxml"
    write(little_chorale(), path)
    found = open_path(path)
    assert found["kind"] == "chorale"
    assert found["piece"]["source"] == "air"
    with pytest.raises(DataError, match=f"^{tmp_path / 'none.mid'}: there is no such"):
        open_path(tmp_path / "none.mid")


def test_text_of_files_fits_into_a_document() -> None:
    long = SCORE.replace(
        "<part-list>", f"<movement-title>{'ä' * 3000}</movement-title><part-list>"
    )
    upload = read_upload(long.encode(), "a.musicxml")
    assert upload.chorale.title == "ä" * 1000
    assert from_json(upload.to_json()["piece"]).title == upload.chorale.title
    fast = open_upload(ABC.replace("K:", "Q:1/4=999\nK:").encode(), "a.abc")
    assert fast["piece"]["tempo"] <= 400
    assert read_upload(ABC.encode(), "a.abc").chorale.key == Key("G", "major")
