"""`chorale judge --corpus`: beside a corpus of your own, with a fake model."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from bach import all_chorales, few_chorales
from command_line import outcome
from entries import ENTRY
from fakes import uniform_predictor, wide_vocabulary

from chorale.commands import judge, judged_sets
from chorale.corpus.index import format_metres, write_index
from chorale.evaluation.judgement import JudgedSets
from chorale.formats.classic_csv import write_annotations, write_csv
from chorale.formats.midi.writer import write_midi
from chorale.music.score import Chorale
from chorale.voice_leading.checking import rates

Run = Callable[..., tuple[int, str, str]]
COLUMNS = ["samples", "bach", "train", "n-gram"]
TRAIN, VALID = 12, 6


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Return a function that judges a fake model in an empty folder."""
    predictor = uniform_predictor(wide_vocabulary("hold"))
    monkeypatch.setattr(judged_sets, "load_model", lambda name, kind: predictor)
    monkeypatch.chdir(tmp_path)
    return partial(outcome, "judge")


def hymns() -> tuple[list[Chorale], list[Chorale]]:
    """Return chorales in other keys, so that they are nobody's training data."""
    pieces = [piece.transpose(1) for piece in few_chorales().train[: TRAIN + VALID]]
    return pieces[:TRAIN], pieces[TRAIN:]


def write_hymns(folder: Path, tune: Callable[[int], int] = lambda n: n + 1) -> None:
    """Write a corpus with annotations and an index; pieces have numbered tunes."""
    train, valid = hymns()
    entries = []
    for number, piece in enumerate((*train, *valid)):
        split = "train" if number < TRAIN else "valid"
        file = f"{split}/hymn_{number:02}.csv"
        write_csv(piece, folder / file)
        write_annotations(piece, folder / "annotations" / file)
        entry = replace(
            ENTRY,
            file=file,
            split=split,
            bwv="",
            key="" if piece.key is None else piece.key.name,
            metre=format_metres(piece.metres),
            pickup=int((piece.bars == 0).sum()),
            steps=piece.steps,
            tune_group=tune(number),
        )
        entries.append(entry)
    write_index(entries, folder)


def test_samples_are_set_beside_the_corpus(run: Run) -> None:
    write_hymns(Path("hymns"))
    code, out, err = run("--corpus", "hymns", "-n", "6", "--bars", "4", "--json")
    assert code == 0, err
    assert err == (
        "note: the classifier two-sample test needs 10 held-out pieces, valid of hymns "
        "has 6: it is left out\n"
    )
    rows = json.loads(out)
    assert rows.pop("corpus") == {
        "name": "hymns",
        "path": "hymns",
        "split": "valid",
        "train": TRAIN,
        "held_out": VALID,
    }
    assert rows.pop("settings")["models"] == ["bach"]
    assert list(rows) == COLUMNS
    assert [rows[name]["chorales"] for name in COLUMNS] == [6, 6, 12, 6]
    # The rules' rates are those of the pieces of this corpus, openings aside.
    assert rows["bach"]["rules"]["crossing"]["opportunities"] > 0
    assert {rows[name]["two_sample_auc"] for name in COLUMNS} == {None}


def test_samples_rest_if_they_may(run: Run) -> None:
    write_hymns(Path("hymns"))
    words = ("--corpus", "hymns", "-n", "3", "--bars", "4", "--json")
    shares = [
        json.loads(run(*words, *rests)[1])["samples"]["has_rest"]
        for rests in ((), ("--rests",))
    ]
    assert shares == [0, 1]


def test_tables_and_report_name_the_corpus(run: Run) -> None:
    write_hymns(Path("hymns"))
    words = ("--corpus", "hymns", "-n", "4", "--bars", "4", "--report", "judged.md")
    code, out, err = run(*words, "--given", "soprano", "--average", "none")
    assert code == 2  # sopranos are harmonized whole
    code, out, err = run("--corpus", "hymns", "-n", "3", "--given", "soprano")
    assert code == 0, err
    assert "hymns's own notes" in out and "Bach" not in out
    code, out, err = run(*words)
    assert code == 0 and "report  judged.md" in err
    assert out.startswith("bach beside hymns\n")
    headers = [line.split() for line in out.splitlines() if line.endswith("n-gram")]
    assert {tuple(header[-4:]) for header in headers} == {
        ("samples", "hymns", "train", "n-gram")
    }
    assert "Bach" not in out
    report = Path("judged.md").read_text(encoding="utf-8")
    assert "Bach" not in report and "further from train than hymns" in report


def test_plans_of_the_corpus_are_followed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_hymns(Path("hymns"))
    seen: list[JudgedSets] = []
    monkeypatch.setattr(
        judge, "judge_sets", lambda sets, **options: seen.append(sets) or 1 / 0
    )
    with pytest.raises(ZeroDivisionError):
        run("--corpus", "hymns", "-n", "6")
    (sets,) = seen
    originals = {piece.pitches[:16].tobytes(): piece for piece in hymns()[1]}
    assert len(sets.samples) == 6
    for window in sets.samples:
        sample = window.chorale
        piece = originals[sample.pitches[:16].tobytes()]
        assert (sample.key, sample.metre) == (piece.key, piece.metre)
        for name in ("fermatas", "bars", "positions"):
            assert np.array_equal(getattr(sample, name), getattr(piece, name))
    train = {piece.pitches.tobytes() for piece in hymns()[0]}
    assert {piece.pitches.tobytes() for piece in sets.train} == train
    held_out = [window.chorale for window in sets.bach]
    assert rates(held_out) == rates(hymns()[1])


def test_a_tenth_of_a_flat_corpus_is_held_out(run: Run) -> None:
    for number, piece in enumerate(all_chorales().train[:50]):
        write_csv(piece.transpose(1), Path(f"flat/{number:02}.csv"))
    code, out, err = run("--corpus", "flat", "-n", "5", "--bars", "4", "--json")
    assert code == 0, err
    assert "5 of its 50 chorales, chosen by content, are held out" in err
    corpus = json.loads(out)["corpus"]
    assert (corpus["train"], corpus["held_out"]) == (45, 5)
    Path("flat/00.csv").unlink()
    for number in range(20):
        Path(f"flat/{number:02}.csv").unlink(missing_ok=True)
    code, out, err = run("--corpus", "flat")
    assert (code, out) == (1, "")
    assert "expected at least 10 pieces in train and 5" in err
    assert "got 27 and 3: import it with a larger share of valid" in err
    assert "a tenth is held out, so it needs 50 pieces" in err


def test_pieces_that_the_model_has_learned_are_named(run: Run) -> None:
    write_hymns(Path("hymns"))
    write_csv(few_chorales().train[0], Path("hymns/valid/hymn_17.csv"))
    Path("hymns/annotations/valid/hymn_17.csv").unlink()
    Path("hymns/index.csv").unlink()
    _, _, err = run("--corpus", "hymns", "-n", "1", "--bars", "4")
    assert (
        "note: 1 of the 6 pieces is in the training data of bach, note for note: "
        "valid/hymn_17.csv\n"
    ) in err


def test_openings_outside_the_vocabulary_are_left_out(run: Run) -> None:
    write_hymns(Path("hymns"))
    for number, step in ((12, 4), (13, -4)):
        piece = hymns()[1][number - TRAIN]
        pitches = np.array(piece.pitches)
        pitches[step:][:4, 0] = 86  # beyond C6, in the opening and at the end
        file = f"valid/hymn_{number}.csv"
        write_csv(Chorale(pitches=pitches), Path("hymns") / file)
        (Path("hymns/annotations") / file).unlink()
    code, out, err = run("--corpus", "hymns", "-n", "6", "--bars", "4", "--json")
    assert code == 0, err
    assert "note: hymn_12: the soprano's D6 in bar 1 is outside" in err
    assert "hymn_13" not in err
    assert json.loads(out)["bach"]["chorales"] == VALID - 1


def test_new_tunes_are_those_of_the_index(run: Run) -> None:
    # The last piece has the tune of the first.
    last = TRAIN + VALID - 1
    write_hymns(Path("hymns"), lambda number: 1 if number == last else number + 1)
    words = ("--corpus", "hymns", "-n", "6", "--bars", "4", "--new-tunes", "--json")
    code, out, err = run(*words)
    assert code == 0, err
    assert json.loads(out)["corpus"]["held_out"] == VALID - 1
    write_hymns(Path("hymns"), lambda number: 1)
    code, _, err = run(*words)
    assert code == 1 and "a piece of valid whose tune does not occur in train" in err
    # Unknown tunes are found in the notes: a copy of a piece of train is not new.
    write_hymns(Path("hymns"), lambda number: 0)
    known = json.loads(run(*words)[1])["corpus"]["held_out"]
    write_csv(hymns()[0][3].transpose(-2), Path(f"hymns/valid/hymn_{last}.csv"))
    Path(f"hymns/annotations/valid/hymn_{last}.csv").unlink()
    assert json.loads(run(*words)[1])["corpus"]["held_out"] == known - 1


def test_files_are_judged_beside_the_corpus(run: Run) -> None:
    write_hymns(Path("hymns"))
    for index, piece in enumerate(few_chorales().valid[:6]):
        write_midi(piece, Path(f"mine/{index}.mid"))
    code, out, err = run("mine", "--corpus", "hymns", "--opening", "2", "--json")
    assert code == 0, err
    rows = json.loads(out)
    assert rows.pop("corpus")["name"] == "hymns"
    assert list(rows) == COLUMNS
    assert [rows[name]["chorales"] for name in COLUMNS] == [6, 6, TRAIN, 6]
    code, out, err = run("mine", "--corpus", "hymns")
    assert code == 0 and out.startswith("mine beside hymns\n") and "Bach" not in out


def test_a_corpus_of_pitches_alone_is_compared_by_pitches(run: Run) -> None:
    write_hymns(Path("hymns"))
    _, valid = hymns()
    for file in Path("hymns").rglob("annotations/*/*.csv"):
        file.unlink()
    Path("hymns/index.csv").unlink()
    for index, piece in enumerate(valid):
        write_midi(piece, Path(f"mine/{index}.mid"))
    code, out, err = run("mine", "--corpus", "hymns", "--json")
    assert code == 0, err
    assert "note: hymns has pitches alone, no annotations: repeated notes, " in err
    rows = json.loads(out)
    # The same pieces; as MIDI they have repeated notes and bars.
    assert rows["samples"]["rules"] == rows["bach"]["rules"]
    durations = [rows[name]["distances"]["durations"] for name in COLUMNS[:2]]
    assert durations[0]["value"] == pytest.approx(durations[1]["value"])
