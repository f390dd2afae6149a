"""`chorale judge --listen`, with a fake model and few chorales."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from bach import few_chorales
from command_line import outcome
from fakes import uniform_predictor, wide_vocabulary

from chorale.commands import judged_corpus, listening
from chorale.evaluation.listening.packing import unpacked
from chorale.utils import extras

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Return a function that runs the command line in an empty folder."""
    predictor = uniform_predictor(wide_vocabulary("hold"))
    monkeypatch.setattr(listening, "load_model", lambda name, kind: predictor)
    monkeypatch.setattr(judged_corpus, "load_corpus", lambda splits: few_chorales())
    monkeypatch.chdir(tmp_path)
    return partial(outcome, "judge")


def content(path: Path, name: str) -> Any:
    """Return the JSON in a page."""
    text = path.read_text(encoding="utf-8")
    found = re.search(rf'<script [^>]*id="{name}">(.*?)</script>', text, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_a_page_of_pairs_is_written(run: Run) -> None:
    words = ("--listen", "ear", "-n", "3", "--temperature", "0.9", "--critic", "0.5")
    code, out, err = run(*words)
    path = Path("ear/listening.html")
    assert (code, out, err) == (0, f"{path}\n", "")
    assert list(Path("ear").iterdir()) == [path]
    solution = unpacked(content(path, "solution"))
    assert "best of 3" in solution["about"] and "temperature 0.9" in solution["about"]
    assert "critic 0.5, particles 8" in solution["about"]
    assert "model bach" in solution["about"]
    assert len(set(solution["pieces"])) == 3
    held_out = {
        f"{piece.source}, {piece.title}": piece for piece in few_chorales().valid
    }
    for text, side, name in zip(
        content(path, "pairs"), solution["originals"], solution["pieces"], strict=True
    ):
        pair, piece = unpacked(text), held_out[name]
        voices = [
            [list(note) for note in piece.notes(voice)]
            for voice in range(len(pair[side]["piece"]["voices"]))
        ]
        assert pair[side]["piece"]["voices"] == voices
        sample = pair["B" if side == "A" else "A"]["piece"]
        assert sample["voices"] != voices
        for field in ("steps", "fermatas", "bars", "metres", "key", "tempo"):
            assert sample[field] == pair[side]["piece"][field], field
        # No rests: the sample has none.
        assert all(sum(length for *_, length in line) == piece.steps for line in voices)


def test_the_same_command_writes_the_same_and_overwrites_if_forced(run: Run) -> None:
    words = ("--listen", "ear", "-n", "1")
    assert run(*words)[0] == 0
    path = Path("ear/listening.html")
    first = path.read_bytes()
    code, _, err = run(*words)
    assert code == 1 and "listening.html: there is such a file already" in err
    assert run(*words, "--force")[0] == 0
    assert path.read_bytes() == first
    assert run(*words, "--force", "--random-state", "3")[0] == 0
    assert path.read_bytes() != first


@pytest.mark.parametrize(
    "words",
    ["--given soprano", "--bars 8", "--json", "--report r.html", "--opening 2"],
)
def test_options_without_effect_are_refused(run: Run, words: str) -> None:
    code, _, err = run("--listen", "ear", *words.split())
    option = words.split()[0]
    assert code == 2 and f"{option} has no effect with --listen" in " ".join(
        err.split()
    )
    assert not Path("ear").exists()


def test_files_and_too_many_pairs_are_refused(run: Run) -> None:
    code, _, err = run("hymn.mid", "--listen", "ear")
    assert code == 2 and "--listen is for samples of a model" in err
    code, _, err = run("--listen", "ear", "-n", "100")
    assert code == 2 and re.search(
        r"expected 1 to \d+ pairs, as there are \d+ held", err
    )
    assert run("--listen", "ear", "-n", "0")[0] == 2


def test_without_verovio_it_says_how_to_install_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    code, _, err = run("--listen", "ear")
    words = " ".join(err.split())
    assert code == 1 and "listening page needs the extra [score]" in words
    assert "pip install" in words
    assert not Path("ear").exists()
