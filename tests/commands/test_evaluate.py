"""`chorale evaluate` on corpora that the models were not made for, with fake models."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from bach import few_chorales
from command_line import outcome
from fakes import UniformInfiller, uniform_predictor, wide_cells, wide_vocabulary
from tiny import tiny_chorale

from chorale.commands import evaluate
from chorale.corpus.loading import load_corpus
from chorale.formats.classic_csv import write_csv
from chorale.models.storage import load_card
from chorale.music.score import Chorale

Run = Callable[..., tuple[int, str, str]]
HIGH = "note: high is left out: the soprano's C#6 in bar 2 is outside the model's "
LOW = "note: low is left out: the bass's B1 in bar 1 is outside the model's "


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Return a function that evaluates fakes in a folder with a corpus."""
    predictor = uniform_predictor(wide_vocabulary("hold"))
    infiller = UniformInfiller(wide_cells())
    monkeypatch.setattr(
        evaluate,
        "load_model",
        lambda name: infiller if name == "counterpoint" else predictor,
    )
    monkeypatch.chdir(tmp_path)
    return partial(outcome, "evaluate", "--corpus", "hymns")


def write_hymns(**pieces: Chorale) -> None:
    """Write pieces by name to the valid split of a corpus `hymns`."""
    for name, chorale in pieces.items():
        write_csv(chorale, Path(f"hymns/valid/{name}.csv"))


def hymns() -> dict[str, Chorale]:
    """Return two hymns within the vocabulary of the fakes, and two with notes beyond.

    The vocabulary is C2 to C6.
    """
    random = np.random.default_rng(0)
    high, low, *others = (tiny_chorale(random, quarters) for quarters in (8, 5, 6, 9))
    return {
        "high": with_note(high, 20, 0, 85),
        "inside": others[0],
        "low": with_note(low, 0, 3, 35),
        "within": others[1],
    }


def with_note(chorale: Chorale, step: int, voice: int, pitch: int) -> Chorale:
    """Return a chorale with another note of a quarter."""
    pitches = np.array(chorale.pitches)
    pitches[step : step + 4, voice] = pitch
    return Chorale(pitches=pitches)


@pytest.mark.parametrize(
    ("words", "model"),
    [
        ((), "bach"),
        (("--model", "counterpoint"), "counterpoint"),
        (
            ("--model", "counterpoint", "--frames", "--orders", "2", "--places", "1"),
            "counterpoint",
        ),
        (("--given", "soprano"), "bach"),
        (
            ("--average", "transpositions"),
            "bach, in 7 keys each: the mean of 7 members",
        ),
        (("--model", "bach", "--model", "jsb"), "bach, jsb: the mean of 2 members"),
    ],
)
def test_pieces_outside_the_vocabulary_are_left_out_and_named(
    run: Run, words: tuple[str, ...], model: str
) -> None:
    pieces = hymns()
    write_hymns(inside=pieces["inside"], within=pieces["within"])
    _, alone, _ = run(*words, "--json")
    write_hymns(**pieces)
    code, out, err = run(*words, "--json")
    assert code == 0
    assert err.splitlines() == [f"{note}vocabulary, C2 to C6" for note in (HIGH, LOW)]
    report = json.loads(out)
    assert report.pop("left_out") == [
        {"piece": "high", "voice": "soprano", "note": "C#6", "bar": 2},
        {"piece": "low", "voice": "bass", "note": "B1", "bar": 1},
    ]
    assert (report.pop("chorales"), report.pop("chorales_of_split")) == (2, 4)
    # The figures are those of the others alone.
    expected = json.loads(alone)
    assert [expected.pop(name) for name in ("chorales", "left_out")] == [2, []]
    assert expected.pop("chorales_of_split") == 2
    assert report == expected
    code, out, _ = run(*words)
    assert code == 0
    assert out.startswith(f"{model}, hold encoding\nvalid of hymns: ")
    assert "hymns: 2 of 4 chorales, the others left out\n" in out


@pytest.mark.parametrize("model", ["bach", "counterpoint"])
def test_strict_stops_at_the_first_piece_outside(run: Run, model: str) -> None:
    write_hymns(**hymns())
    code, out, err = run("--model", model, "--strict")
    assert (code, out) == (1, "")
    assert err == (
        "chorale: high: the soprano's C#6 in bar 2 is outside the model's vocabulary, "
        "C2 to C6\n"
    )


def test_strict_changes_nothing_when_all_are_inside(run: Run) -> None:
    write_hymns(inside=hymns()["inside"])
    assert run("--json") == run("--json", "--strict")
    assert "valid of hymns: 1 chorale\n" in run()[1]


def test_a_corpus_wholly_outside_is_an_error(run: Run) -> None:
    pieces = hymns()
    write_hymns(high=pieces["high"], low=pieces["low"])
    code, out, err = run("--json")
    assert (code, out) == (1, "")
    assert err == (
        "chorale: expected a chorale within the model's vocabulary, C2 to C6, got 2 "
        "with notes outside it, the first high: the soprano's C#6 in bar 2\n"
    )


# === What a training held out ===


def evaluated(*words: Path | str) -> tuple[dict[str, object], str]:
    code, out, err = outcome("evaluate", "--orders", "1", "--places", "1", *words)
    assert code == 0, err
    return json.loads(out), err


def test_valid_of_a_flat_corpus_is_what_training_held_out(flat_run: Path) -> None:
    corpus = flat_run.parent / "hymns"
    words = ("--model", flat_run, "--corpus", corpus, "--json")
    held_out = load_card(flat_run).data["held_out"]
    assert len(held_out) == 2
    valid, err = evaluated(*words)
    assert (valid["chorales"], valid["in_training"]) == (2, {})
    assert err == (
        f"note: valid is what {flat_run} held out of the corpus in training, 2 of 20 "
        "pieces; train is the rest\n"
    )
    train, _ = evaluated(*words, "--split", "train")
    assert (train["chorales"], train["in_training"]) == (18, {})
    # Of each piece the draws are of its own; alone they give the same likelihood.
    every, err = evaluated(*words, "--split", "all")
    assert every["chorales"] == 20
    learned = every["in_training"]
    assert isinstance(learned, dict) and len(learned[str(flat_run)]) == 18
    assert not {*held_out} & {*learned[str(flat_run)]}
    assert "note: 18 of the 20 pieces are in the training data of" in err


def test_pieces_of_bach_are_found_in_other_corpora(tmp_path: Path) -> None:
    bach = load_corpus(splits=("train",)).train[:2]
    for number, chorale in enumerate(bach):
        write_csv(chorale, tmp_path / "valid" / f"{number}.csv")
    write_csv(bach[0].transpose(1), tmp_path / "valid" / "moved.csv")
    report, err = evaluated("--model", "counterpoint", "--corpus", tmp_path, "--json")
    assert report["in_training"] == {"counterpoint": ["valid/0.csv", "valid/1.csv"]}
    assert err == (
        "note: 2 of the 3 pieces are in the training data of counterpoint, note for "
        "note: valid/0.csv and valid/1.csv\n"
    )


def test_workers_change_nothing(tmp_path: Path) -> None:
    for number, chorale in enumerate(few_chorales().valid[:6]):
        write_csv(chorale.opening(32), tmp_path / "valid" / f"{number}.csv")
    words = ("--model", "counterpoint", "--corpus", tmp_path, "--json")
    alone = evaluated(*words)
    assert evaluated(*words, "--workers", "2") == alone
    assert evaluated(*words, "--executor", "threads") == alone
    code, _, err = outcome("evaluate", *words, "--executor", "cluster")
    assert code == 2 and "as executor, got 'cluster'" in err
