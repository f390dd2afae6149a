"""`chorale check`."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest
from bach import few_chorales
from command_line import run_command
from progressions import progression
from strategies import little_chorale
from textbook_exercises import CORRECT, FAULTY

from chorale.commands.analyses import analysis_lines
from chorale.corpus.loading import bundled_corpus, load_corpus
from chorale.formats.classic_csv import write_annotations
from chorale.formats.files import write
from chorale.formats.musicxml.writer import write_musicxml
from chorale.music.harmony.analysis import key_label
from chorale.music.harmony.analyzing import analyze
from chorale.music.keys import Key
from chorale.music.score import Chorale
from chorale.voice_leading.checking import check as find_faults
from chorale.voice_leading.checking import rates
from chorale.voice_leading.rules import RULES, choose_rules


def check(
    *arguments: Path | str, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return run_command("check", *arguments, folder=folder)


def answer(*arguments: Path | str, folder: Path | None = None) -> Any:
    return json.loads(check(*arguments, "--json", folder=folder).stdout)


def parallels() -> Chorale:
    """Return two chords, a quarter each, with parallel fifths in the lower voices."""
    pitches = np.repeat([[72, 64, 55, 48], [71, 65, 57, 50]], 4, axis=0)
    return Chorale(pitches=pitches, key=Key("C", "major"))


LINE = "1:2 parallel-fifths tenor and bass: fifth D3-A3 follows fifth C3-G3\n"


@pytest.mark.parametrize("ending", ["mid", "musicxml"])
def test_a_line_for_each_finding(tmp_path: Path, ending: str) -> None:
    write(parallels(), tmp_path / f"hymn.{ending}")
    done = check(f"hymn.{ending}", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"hymn.{ending}:{LINE}")
    assert done.stderr == "1 finding in 1 file\n"


def test_a_csv_says_which_metre_was_assumed(tmp_path: Path) -> None:
    write(parallels(), tmp_path / "hymn.csv")
    done = check("hymn.csv", folder=tmp_path)
    assert done.stdout == f"hymn.csv:{LINE}"
    key, metre, count = done.stderr.splitlines()
    assert key.startswith("hymn.csv: there is no key signature: read as ")
    assert metre == "hymn.csv: the file has no metre: bars are counted in 4/4"
    assert count == "1 finding in 1 file"


def test_the_annotations_of_a_corpus_are_read(tmp_path: Path) -> None:
    piece = little_chorale()
    for place in ("train", "chorales/valid", "."):
        corpus = tmp_path / place.replace("/", "-").replace(".", "flat")
        file = corpus / place / "chorale_000.csv"
        write(piece, file)
        below = place.removeprefix("chorales/")
        write_annotations(piece, corpus / "annotations" / below / "chorale_000.csv")
        (checked,) = answer(corpus)["files"]
        assert (checked["file"], checked["assumed_metre"]) == (str(file), None)
        places = [(found["bar"], found["step"]) for found in checked["findings"]]
        assert places == [(found.bar, found.step) for found in find_faults(piece)]


def test_the_bundled_corpus_is_what_the_loader_reads() -> None:
    file = min((bundled_corpus() / "chorales" / "valid").iterdir())
    (checked,) = answer(file)["files"]
    expected = find_faults(load_corpus(splits=("valid",)).valid[0])
    assert expected
    assert [
        (found["rule"], found["bar"], found["beat"], found["message"])
        for found in checked["findings"]
    ] == [(found.rule, found.bar, found.beat, found.message) for found in expected]


def test_a_folder_is_all_that_can_be_read_below_it(tmp_path: Path) -> None:
    read = ["annotations.mid", "b.mid", "deeper/c.musicxml"]
    for name in (*read, "annotations/a.csv", "deeper/.hidden.mid"):
        write(parallels(), tmp_path / name)
    (tmp_path / "index.csv").write_text("of a corpus")
    (tmp_path / "notes.txt").write_text("not music")
    done = answer(tmp_path)
    assert [checked["file"] for checked in done["files"]] == [
        str(tmp_path / name) for name in read
    ]
    assert done["refused"] == []


def test_json_has_everything(tmp_path: Path) -> None:
    write(parallels(), tmp_path / "hymn.mid")
    done = answer("hymn.mid", folder=tmp_path)
    assert done["files"] == [
        {
            "file": "hymn.mid",
            "assumed_metre": None,
            "notes_off_grid": 0,
            "rates": done["rates"],  # of all files, of which there is one
            "findings": [
                {
                    "rule": "parallel-fifths",
                    "voices": ["tenor", "bass"],
                    "step": 4,
                    "bar": 1,
                    "beat": 2.0,
                    "pitches": [[55, 57], [48, 50]],
                    "message": "tenor and bass: fifth D3-A3 follows fifth C3-G3",
                    "level": "beginner",
                }
            ],
        }
    ]
    assert (done["level"], done["refused"]) == ("standard", [])
    assert list(done["rates"]) == [rule.name for rule in choose_rules(level="standard")]
    assert done["rates"]["parallel-fifths"] == {
        "findings": 1,
        "opportunities": 6,
        "per_thousand": pytest.approx(1000 / 6),
    }
    assert done["rates"]["unresolved-seventh"]["per_thousand"] is None


def test_textbook_exercises_are_marked_as_a_teacher_would(tmp_path: Path) -> None:
    exercises = [*CORRECT, *FAULTY]
    for number, exercise in enumerate(exercises):
        file = tmp_path / f"{number:02}.musicxml"
        write_musicxml(exercise.chorale, file, spelling=exercise.spelling)
    for exercise, file in zip(exercises, answer(tmp_path)["files"], strict=True):
        found = {(each["rule"], each["bar"], each["beat"]) for each in file["findings"]}
        assert found == exercise.faults


def test_rates_are_over_all_files(tmp_path: Path) -> None:
    write(parallels(), tmp_path / "a.mid")
    write(little_chorale(), tmp_path / "b.mid")
    done = check("--rates", tmp_path)
    names = [rule.name for rule in choose_rules(level="standard")]
    expected = rates([parallels(), little_chorale()], rules=names)
    table, _ = done.stdout.split("\n\n")
    header, *rows = table.splitlines()
    assert header.split() == ["rule", "findings", "of", "per", "1,000"]
    assert [row.split()[:3] for row in rows] == [
        [name, str(tally.findings), str(tally.opportunities)]
        for name, tally in expected.items()
    ]
    # Without opportunities there is no rate.
    alone = check("--rates", "--select", "unresolved-seventh", tmp_path / "a.mid")
    assert alone.stdout.split("\n")[1].split() == ["unresolved-seventh", "0", "0", "-"]
    # One finding among few opportunities is worse than one among many.
    done = check("--rates", "--select", "parallel-fifths", tmp_path)
    _, worst = done.stdout.split("\n\n")
    assert [line.split()[-1] for line in worst.splitlines()[1:]] == [
        str(tmp_path / "a.mid"),
        str(tmp_path / "b.mid"),
    ]


def test_augmented_leaps_are_found_with_spelling_and_without(tmp_path: Path) -> None:
    pitches = np.repeat([[68, 60, 53, 41], [71, 62, 53, 50]], 4, axis=0)
    write(Chorale(pitches=pitches, key=Key("C", "minor")), tmp_path / "hymn.musicxml")
    write(Chorale(pitches=pitches, key=Key("C", "minor")), tmp_path / "hymn.mid")
    done = check("--select", "augmented-leap", tmp_path)
    assert done.stdout.count("soprano: augmented second Ab4-B4") == 2
    assert done.stderr == "2 findings in 2 files\n"


def test_rules_are_selected_and_ignored(tmp_path: Path) -> None:
    write(parallels(), tmp_path / "hymn.mid")
    for options, found in (
        (["--select", "parallel-fifths, range"], 1),
        (["--select", "parallel-octaves"], 0),
        (["--ignore", "range,parallel-fifths"], 0),
        (["--select", "parallel-fifths", "--ignore", "range"], 1),
    ):
        done = check(tmp_path / "hymn.mid", *options)
        assert done.stdout.count("\n") == found


def test_the_exit_code_says_whether_anything_was_found(tmp_path: Path) -> None:
    write(parallels(), tmp_path / "hymn.mid")
    assert check(tmp_path / "hymn.mid").returncode == 0
    assert check(tmp_path / "hymn.mid", "--exit-code").returncode == 1
    options = ("--exit-code", "--ignore", "parallel-fifths")
    assert check(tmp_path / "hymn.mid", *options).returncode == 0


def test_the_rules_are_listed() -> None:
    listed = [line.split()[:2] for line in check("--list").stdout.splitlines()]
    assert listed == [[name, rule.level] for name, rule in RULES.items()]
    of_level = check("--list", "--level", "beginner").stdout.splitlines()
    assert {line.split()[1] for line in of_level} == {"beginner"}
    summaries = json.loads(check("--list", "--json", "--select", "range").stdout)
    expected = {"level": "beginner", "summary": RULES["range"].summary}
    assert summaries == {"range": expected}


def test_the_level_says_how_much_is_marked(tmp_path: Path) -> None:
    pitches = np.repeat([[64, 60, 55, 48], [69, 62, 53, 50]], 4, axis=0)
    write(Chorale(pitches=pitches, key=Key("C", "major")), tmp_path / "hymn.mid")
    assert "direct-fifths" in check("hymn.mid", folder=tmp_path).stdout
    for options, found in (
        (["--level", "beginner"], False),
        (["--level", "strict"], True),
        (["--level", "beginner", "--select", "direct-fifths"], True),
    ):
        done = answer("hymn.mid", *options, folder=tmp_path)
        rules = [finding["rule"] for finding in done["files"][0]["findings"]]
        assert ("direct-fifths" in rules) == found
        assert done["level"] == (None if "--select" in options else options[1])


# === Mistakes ===


def test_bad_files_are_a_line_each_and_the_others_are_checked(tmp_path: Path) -> None:
    write(parallels(), tmp_path / "good.mid")
    messages = {}
    for name, content, message in (
        ("empty.csv", b"", "it is empty"),
        ("empty.mid", b"", "expected a MIDI file"),
        ("empty.musicxml", b"", "it is empty"),
        ("binary.csv", bytes(range(256)), "got other bytes"),
        ("binary.mid", bytes(range(256)), "expected a MIDI file"),
        ("binary.mxl", bytes(range(256)), "cannot read it"),
        ("three.csv", b"note0,note1,note2\n72,67,64\n", "expected the columns"),
        ("silent.csv", b"note0,note1,note2,note3\n0,0,0,0\n", "nothing but silence"),
    ):
        (tmp_path / name).write_bytes(content)
        messages[name] = message
    three = mido.MidiFile()
    for number, pitch in enumerate((72, 67, 64)):
        notes = [mido.Message("note_on", note=pitch, channel=number)]
        notes += [mido.Message("note_off", note=pitch, channel=number, time=480)]
        three.tracks.append(mido.MidiTrack(notes))
    three.save(tmp_path / "three.mid")
    messages["three.mid"] = "expected four voices"

    done = check(tmp_path)
    assert done.returncode == 1
    assert done.stdout == f"{tmp_path / 'good.mid'}:{LINE}"
    *lines, summary = done.stderr.splitlines()
    assert summary == "1 finding in 1 file"
    assert len(lines) == len(messages)
    for line, (name, message) in zip(lines, sorted(messages.items()), strict=True):
        assert line.startswith(f"chorale: {tmp_path / name}")
        assert message in line


def test_notes_off_the_grid_are_said(tmp_path: Path) -> None:
    write(parallels(), tmp_path / "hymn.musicxml")
    text = (tmp_path / "hymn.musicxml").read_text()
    # In sixths of a quarter everything is shorter, and no longer whole sixteenths.
    divisions = "<divisions>{}</divisions>"
    assert divisions.format(4) in text
    text = text.replace(divisions.format(4), divisions.format(6))
    (tmp_path / "hymn.musicxml").write_text(text)
    done = check("hymn.musicxml", folder=tmp_path)
    assert done.returncode == 0
    first, _ = done.stderr.splitlines()
    assert first.startswith("hymn.musicxml: 8 notes are off the grid of sixteenths")


@pytest.mark.parametrize(("late", "said"), [(0.2, False), (1 / 3, True)])
def test_notes_played_between_sixteenths_are_said(
    late: float, said: bool, tmp_path: Path
) -> None:
    write(parallels(), tmp_path / "hymn.mid")
    file = mido.MidiFile(tmp_path / "hymn.mid")
    soprano = next(track for track in file.tracks if track.name.lower() == "soprano")
    first = next(message for message in soprano if message.type == "note_on")
    first.time += round(late * file.ticks_per_beat / 4)
    file.save(tmp_path / "hymn.mid")
    done = check("hymn.mid", folder=tmp_path)
    assert done.returncode == 0
    assert ("off the grid of sixteenths" in done.stderr) == said


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "expected a file or a folder to check"),
        (["hymn.mid", "--select", "fifths"], 2, "parallel-fifths, parallel-octaves"),
        (["hymn.mid", "--ignore", "fifths"], 2, "got 'fifths'"),
        (["hymn.mid", "--level", "hard"], 2, "a level out of beginner, standard"),
        (["none.mid"], 1, "none.mid: there is no such file"),
        (["hymn.txt"], 1, "expected a file to read that ends in"),
        (
            ["trio.musicxml"],
            1,
            "trio.musicxml: expected four voices, the alto is silent",
        ),
        (["hymn.mid", "--rates", "--analysis"], 2, "--rates or --analysis, got both"),
        (["hymn.mid", "--output", "out"], 2, "--output is for marked scores"),
        (["hymn.mid", "--force"], 2, "--force is for marked scores"),
        (["hymn.mid", "--select", ""], 2, "a rule to check, none is left"),
        (
            ["empty"],
            1,
            "empty: expected MIDI, MusicXML, CSV, ABC, Humdrum, MEI or MuseScore files",
        ),
    ],
)
def test_mistakes_end_in_one_line(
    tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    write(parallels(), tmp_path / "hymn.mid")
    trio = parallels().pitches.copy()
    trio[:, 1] = 0
    write(Chorale(pitches=trio), tmp_path / "trio.musicxml")
    (tmp_path / "hymn.txt").write_text("no music")
    (tmp_path / "empty").mkdir()
    done = check(*arguments, folder=tmp_path)
    assert (done.returncode, done.stdout) == (code, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("chorale: ")
    assert message in line


def test_a_bar_form_is_said_in_words() -> None:
    chorale = few_chorales().train[0]
    analysis = replace(analyze(chorale), stollen=2)
    first = analysis_lines(chorale, analysis)[0]
    assert first.endswith(
        f"form {analysis.form}, bar form AAB with Stollen of 2 phrases"
    )
    silent = replace(analysis.phrases[0], cadence=None)
    lines = analysis_lines(chorale, replace(analysis, phrases=(silent,)))
    assert lines[1].endswith(" -> no harmony")


def test_each_phrase_begins_with_its_key() -> None:
    for chorale in few_chorales().train[:4]:
        analysis = analyze(chorale)
        keys = {harmony.start: key_label(harmony.key) for harmony in analysis.harmonies}
        _, *lines = analysis_lines(chorale, analysis)
        assert len(lines) == len(analysis.phrases) > 1
        for line, phrase in zip(lines, analysis.phrases, strict=True):
            first = min(step for step in keys if phrase.start <= step < phrase.end)
            assert re.fullmatch(rf"bars? [\d-]+: {keys[first]}: \S.* -> .*", line)


def test_an_analysis_is_printed_under_the_findings(tmp_path: Path) -> None:
    piece = progression("C5 C5 B4 C5", "G4 A4 G4 G4", "E4 F4 F4 E4", "C3 F3 G3 C3")
    write(piece, tmp_path / "hymn.mid")
    done = check("hymn.mid", "--analysis", folder=tmp_path)
    assert done.stdout.splitlines() == [
        "hymn.mid: C major, form a",
        "hymn.mid: bar 1: C: I IV V7 I -> PAC in C major, soprano on 1",
    ]
    analysis = answer("hymn.mid", "--analysis", folder=tmp_path)["files"][0]["analysis"]
    assert [chord["numeral"] for chord in analysis["harmonies"]] == [
        *("I", "IV", "V7", "I")
    ]
    assert analysis["phrases"][0]["cadence"] == {
        "step": 12,
        "bar": 1,
        "beat": 4.0,
        "kind": "PAC",
        "key": "C major",
        "numerals": ["V7", "I"],
        "soprano": "1",
    }
