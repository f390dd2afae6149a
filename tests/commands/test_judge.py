"""`chorale judge`, with a fake model and few chorales."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from bach import all_chorales, few_chorales
from command_line import outcome
from fakes import UniformInfiller, uniform_predictor, wide_cells, wide_vocabulary

from chorale.commands import judged_corpus, judged_sets
from chorale.corpus.loading import Corpus
from chorale.errors import UsageError
from chorale.formats.classic_csv import write_csv
from chorale.formats.midi.writer import write_midi
from chorale.formats.musicxml.writer import write_musicxml
from chorale.models.storage import load_model

Run = Callable[..., tuple[int, str, str]]
COLUMNS = ["samples", "bach", "train", "n-gram"]


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Run:
    """Return a function that runs the command line in an empty folder."""
    predictor = uniform_predictor(wide_vocabulary("hold"))

    def load(name: str, **options: str) -> object:
        return load_model(name, **options) if name == "counterpoint" else predictor

    monkeypatch.setattr(judged_sets, "load_model", load)
    monkeypatch.setattr(judged_corpus, "load_corpus", lambda splits: few_chorales())
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    return partial(outcome, "judge")


def test_a_model_is_compared_with_bach_train_and_the_ngram(run: Run) -> None:
    code, out, err = run("-n", "12", "--bars", "5", "--rules", "off", "--json")
    rows = json.loads(out)
    assert (code, err) == (0, "")
    settings = rows.pop("settings")
    assert (settings["rules"], settings["top_p"]) == ("off", 0.96)
    assert (settings["models"], settings["average"]) == (["bach"], "none")
    assert settings["particles"] == 8
    assert list(rows) == COLUMNS
    assert [rows[name]["chorales"] for name in COLUMNS] == [12, 12, 30, 12]
    # The fake model draws any note in its ranges, and never a rest.
    assert rows["samples"]["has_rest"] == 0
    assert rows["samples"]["two_sample_auc"]["value"] > 0.9
    leaps = [rows[name]["rules"]["large-leap"]["per_thousand"] for name in COLUMNS]
    assert leaps[0] > 100 > 3 > max(leaps[1:3])
    assert rows["train"]["two_sample_auc"] is None


def test_the_same_command_prints_the_same(run: Run) -> None:
    command = ("-n", "2", "--bars", "4", "--json")
    out = run(*command)[1]
    assert run(*command)[1] == out
    assert run(*command, "--random-state", "1")[1] != out


def test_rules_are_for_the_samples_alone(run: Run) -> None:
    command = ("-n", "4", "--bars", "4", "--json", "--rules")
    off, strict = (json.loads(run(*command, mode)[1]) for mode in ("off", "strict"))
    assert off["samples"]["rules"]["large-leap"]["findings"] > 0
    assert strict["samples"]["rules"]["large-leap"]["findings"] == 0
    assert all(off[name]["rules"] == strict[name]["rules"] for name in COLUMNS[1:])


def test_the_best_of_several_drafts_breaks_fewer_rules(run: Run) -> None:
    command = ("-n", "5", "--bars", "4", "--rules", "off", "--json")
    first, best = (
        json.loads(run(*command, "--best-of", number)[1]) for number in ("1", "4")
    )
    assert [rows["settings"]["best_of"] for rows in (first, best)] == [1, 4]
    leaps = [
        rows["samples"]["rules"]["large-leap"]["findings"] for rows in (first, best)
    ]
    assert leaps[0] > leaps[1]
    assert all(first[name] == best[name] for name in COLUMNS[1:])


def test_a_variant_with_other_rules_is_a_column(run: Run) -> None:
    command = ("-n", "5", "--bars", "4", "--json", "--rules", "strict")
    alone = json.loads(run(*command)[1])
    code, out, err = run(*command, "--against-rules", "off")
    rows = json.loads(out)
    assert (code, err) == (0, "")
    assert rows.pop("settings")["rules"] == "strict"
    assert list(rows) == ["samples", "rules off", *COLUMNS[1:]]
    assert all(rows[name] == alone[name] for name in COLUMNS)
    assert rows["rules off"]["rules"]["large-leap"]["findings"] > 0
    further = rows["rules off"].pop("samples_further")
    off = json.loads(run(*command[:-1], "off")[1])["samples"]
    assert off.pop("summary")["endings"]["total"] == 5
    assert rows["rules off"] == off
    assert further["texture"]["value"] == pytest.approx(
        rows["samples"]["distances"]["texture"]["value"]
        - off["distances"]["texture"]["value"]
    )


def test_sopranos_are_harmonized(run: Run) -> None:
    code, out, err = run("--given", "soprano", "-n", "3", "--model", "fake", "--json")
    rows = json.loads(out)
    assert code == 0 and "has 3 different pieces" in err
    assert [rows[name]["chorales"] for name in COLUMNS] == [3, 3, 30, 3]
    own = [rows[name]["note_accuracy"] for name in COLUMNS]
    assert own[1] is own[2] is None
    assert list(own[0]) == ["alto", "tenor", "bass", "all"]
    # A random note in the range of its voice is right once in some twelve times, the
    # n-gram more often.
    assert own[0]["all"] < 0.12 and own[0]["all"] < own[3]["all"] < 0.5


def test_an_infiller_harmonizes_sopranos(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    infiller = UniformInfiller(wide_cells())
    monkeypatch.setattr(judged_sets, "load_model", lambda name, kind: infiller)
    command = ("--given", "soprano", "-n", "2", "--model", "fills")
    code, out, _ = run(*command, "--against-rules", "off")
    assert code == 0 and out.startswith("Is it Bach? fills")
    words = " ".join(out.split())
    assert "options: given soprano, temperature 1.0, top p 0.96" in words
    assert "rounds 24" in words and "guidance" not in words
    table = out[out.index("Bach's own notes") :]
    figure = r"\d+\.\d"
    assert re.search(
        rf"^alto +{figure} +{figure} +- +- +{figure}$", table, re.MULTILINE
    )
    code, _, err = run(
        *("--given", "soprano", "--model", "fills", "--average", "transpositions")
    )
    assert code == 2 and "infillers are not averaged" in err
    for name in ("guidance", "particles"):
        code, _, err = run("--given", "soprano", "--model", "fills", f"--{name}", "1")
        assert (
            code == 2 and f"--{name} is for next-step models, and fills is one" in err
        )


def test_all_sopranos_are_taken_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []

    def stop(write, model, chorales, *others, **options):  # type: ignore[no-untyped-def]
        taken.append([chorale.source for chorale in chorales])
        raise UsageError("enough")

    monkeypatch.setattr(judged_corpus, "load_corpus", lambda splits: all_chorales())
    monkeypatch.setattr(judged_sets, "sampled_sets", stop)
    run("--given", "soprano")
    run("--given", "soprano", "--new-tunes")
    assert [len(sources) for sources in taken] == [75, 43]
    assert set(taken[1]) < set(taken[0])


def test_tables_are_printed_and_reported(run: Run) -> None:
    words = ("-n", "3", "--bars", "4", "--average", "transpositions")
    code, out, err = run(*words, "--top-p", "0.9", "--report", "out/judged.html")
    assert code == 0
    assert "Sampling options: temperature 0.8, top p 0.9, " in out
    assert "Is it Bach? bach, in 7 keys each: the mean of 7 members" in out
    assert err.splitlines()[-1] == "report  out/judged.html"
    header = next(line for line in out.splitlines() if line.startswith("feature"))
    assert header.split()[2:] == ["samples", "Bach", "train", "n-gram"]
    for words in ("chord changes (share)", "parallel-fifths", "AUC", "windows of 8"):
        assert words in out
    html = Path("out/judged.html").read_text(encoding="utf-8")
    # Distances, rules, each feature, three samples.
    assert html.count("data:image/png;base64,") > 10
    assert "parallel-fifths" in html and "top p 0.9, " in html


def test_few_samples_are_no_ground_for_significance(run: Run) -> None:
    remark = "too few for intervals and significance (*): judge 5 or more"
    _, out, err = run("-n", "4", "--bars", "4")
    assert f"note: the smallest set has 4 different pieces, {remark}" in err
    assert "±" not in out and " *\n" not in out
    assert remark in " ".join(out.split())
    _, out, err = run("-n", "5", "--bars", "4")
    assert err == "" and "too few" not in out


def test_chorales_from_files_are_judged(run: Run) -> None:
    Path("mine").mkdir()
    for index, piece in enumerate(few_chorales().valid[:3]):
        write_midi(piece, Path(f"mine/{index}.mid"))
    code, out, err = run("mine", "--opening", "2", "--json")
    rows = json.loads(out)
    assert code == 0 and "has 3 different pieces" in err
    # Train windows are matched to them as often as train has chorales.
    assert [rows[name]["chorales"] for name in COLUMNS] == [3, 3, 30, 3]
    whole = json.loads(run("mine", "--json")[1])
    moving = [
        answer["samples"]["rules"]["crossing"]["opportunities"]
        for answer in (rows, whole)
    ]
    assert 0 < moving[0] < moving[1]


def test_a_piece_in_two_formats_is_judged_once(run: Run) -> None:
    pieces = few_chorales().valid[:2]
    for index, piece in enumerate(pieces):
        write_midi(piece, Path(f"mine/{index}.mid"))
    once = run("mine", "--json")[1]
    write_musicxml(pieces[0], Path("mine/0.musicxml"))
    code, out, err = run("mine", "--json")
    assert (code, out) == (0, once)
    assert "note: 1 of the 3 files is the piece of another in another format" in err
    # Another piece of the same name is another piece.
    write_musicxml(pieces[1], Path("mine/0.musicxml"))
    assert json.loads(run("mine", "--json")[1])["samples"]["chorales"] == 3


def test_bach_in_four_columns_is_still_bach(run: Run) -> None:
    for index, piece in enumerate(few_chorales().valid):
        write_csv(piece, Path(f"mine/{index}.csv"))
    code, out, err = run("mine", "--json")
    assert code == 0 and err.startswith(
        "note: CSVs of four columns have no repeated notes"
    )
    samples = json.loads(out)["samples"]
    # Even below 0.5: the same pieces are in both sets, so that what a classifier learns
    # from one copy is wrong for the other.
    assert samples["two_sample_auc"]["low"] < 0.5
    # Without fermatas there are no phrases to compare.
    assert samples["distances"]["cadence_chords"] is None


def test_a_final_report_uses_the_test_split(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = []

    def load(*, splits: tuple[str, ...]) -> Corpus:
        loaded.append(splits)
        corpus = few_chorales()
        return replace(corpus, valid=(), test=corpus.valid)  # not the real test split

    monkeypatch.setattr(judged_corpus, "load_corpus", load)
    run("-n", "2", "--bars", "4", "--final")
    assert loaded == [("train", "test")]


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        ("-n 0", "at least 1 sample, got 0", 2),
        ("--best-of 0", "expected --best-of 1 or more, got 0", 2),
        ("--given alto", "expected --given soprano, got 'alto'", 2),
        ("--particles 0", "--particles of at least 1", 2),
        ("--critic -1", "--critic of at least 0", 2),
        ("--given soprano --bars 4", "harmonized whole: leave out --bars", 2),
        ("--given soprano -n 0", "at least 1 sample, got 0", 2),
        ("mine --given soprano", "--given is for samples of a model", 2),
        ("mine --new-tunes", "--new-tunes is for samples of a model", 2),
        ("--bars 0", "at least 1 bar, got 0", 2),
        ("--bars 1", "leaves nothing to write", 2),
        ("--random-state -1", "--random-state of at least 0", 2),
        ("--temperature 0", "temperature above 0", 2),
        ("mine --opening -1", "opening of at least 0 bars", 2),
        ("mine --model bach", "--model is for samples of a model", 2),
        ("mine --average none", "--average is for samples of a model", 2),
        ("--average keys", "out of none, transpositions, got 'keys'", 2),
        ("--model bach --model bach", "each --model once, got bach twice", 2),
        ("--model counterpoint", "and judge --given soprano", 2),
        ("mine -n 5", "-n is for samples of a model", 2),
        ("--rules some", "rules out of off, lenient, strict, got 'some'", 2),
        ("mine --rules off", "--rules is for samples of a model", 2),
        ("mine --against-rules off", "--against-rules is for samples of a model", 2),
        ("--against-rules some", "out of off, lenient, strict, got 'some'", 2),
        (
            "--rules off --against-rules off",
            "expected --against-rules other than --rules off",
            2,
        ),
        ("mine --top-p 0.9", "--top-p is for samples of a model", 2),
        ("--top-p 1,1,1", "Invalid value for '--top-p'", 2),
        ("--opening 2", "--opening is for chorales from files", 2),
        ("--report judged.pdf", r"ends in \.md or \.html, got \.pdf", 2),
        ("missing", "missing: there is no such file or folder", 1),
        (
            "empty",
            "empty: expected MIDI, MusicXML, CSV, ABC, Humdrum, MEI or MuseScore files",
            1,
        ),
    ],
)
def test_what_makes_no_sense_is_refused(
    run: Run, arguments: str, message: str, code: int
) -> None:
    Path("empty").mkdir()
    stopped, out, err = run(*arguments.split())
    assert err.startswith("chorale: ") and err.count("\n") == 1
    assert re.search(message, err), err
    assert (stopped, out) == (code, "")


def test_options_that_nobody_typed_in_are_no_settings(run: Run) -> None:
    words = " ".join(run("-n", "2", "--model", "fake")[1].split())
    assert "temperature 0.8, top p 0.96" in words
    assert "usual ranges ((" not in words and "foreign (" not in words
