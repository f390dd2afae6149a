"""Actions of the studio: what is written, what stays, and what is refused."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import mido
import numpy as np
import pytest
from fakes import (
    UniformInfiller,
    uniform_predictor,
    wide_cells,
    wide_vocabulary,
)
from strategies import little_chorale

from chorale.errors import DataError, UsageError
from chorale.music.score import Chorale
from chorale.sampling.best_of import Judge
from chorale.sampling.gibbs import InfillingOptions
from chorale.studio import actions, model_cache
from chorale.studio.actions import prepare
from chorale.studio.exports import MEDIA_TYPES, export, format_names
from chorale.studio.findings import check
from chorale.studio.piece_json import (
    cells_from_json,
    cells_to_json,
    from_json,
    to_json,
)
from chorale.voice_leading.rules import RULES


@pytest.fixture(autouse=True)
def fake_models(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the models be fast ones of known probabilities."""
    fakes = {
        "bach": uniform_predictor(wide_vocabulary()),
        "jsb": uniform_predictor(wide_vocabulary()),
        "counterpoint": UniformInfiller(wide_cells()),
    }
    monkeypatch.setattr(model_cache, "_opened", fakes)
    monkeypatch.setattr(
        actions, "judge_of", lambda name="bach": Judge(fakes[name], None)
    )
    yield


def run(**job: Any) -> dict[str, Any]:
    done: list[tuple[int, int]] = []
    result = prepare(job)(lambda *each: done.append(each))
    assert done and done[-1][0] == done[-1][1]
    assert isinstance(result["remarks"], list)
    return result


def cells(steps: int, **ranges: tuple[int, int]) -> list[list[list[int]]]:
    names = ("soprano", "alto", "tenor", "bass")
    return [[list(ranges[name])] if name in ranges else [] for name in names]


def piece(**fields: Any) -> dict[str, Any]:
    return to_json(little_chorale(**fields))


# === Rewrite ===


@pytest.mark.parametrize("model", ["bach", "counterpoint"])
def test_rewriting_changes_what_is_selected_only(model: str) -> None:
    given = little_chorale()
    asked = cells(64, alto=(4, 20), tenor=(8, 16))
    found = run(action="rewrite", piece=to_json(given), cells=asked, model=model)
    (variation,) = found["variations"]
    again = from_json(variation["piece"])
    written = cells_from_json(variation["written"], 64)
    mask = cells_from_json(asked, 64)
    assert written.any() and not (written & ~mask).any()
    np.testing.assert_array_equal(again.pitches[~written], given.pitches[~written])
    np.testing.assert_array_equal(again.onsets[~mask], given.onsets[~mask])
    assert (again.pitches != given.pitches).any()


@pytest.mark.parametrize("model", ["bach", "counterpoint"])
def test_how_much_a_rewriting_changes_is_asked_for_and_said(model: str) -> None:
    given, asked = little_chorale(), cells(64, bass=(4, 36))
    job = {"action": "rewrite", "piece": to_json(given), "cells": asked, "model": model}
    found = run(**job, distance=1, variations=2)
    for variation in found["variations"]:
        written = cells_from_json(variation["written"], 64)
        again = from_json(variation["piece"])
        share = (again.pitches != given.pitches)[written].mean()
        assert variation["changed"] == pytest.approx(share) and share > 0.9
        cell_count = int(written.sum())
        assert (
            f"% of the {cell_count} sixteenths of bars 1-2 (bass)"
            in variation["message"]
        )
    for distance in (-1, 1.5, "much", True):
        with pytest.raises(UsageError, match="distance to be a number from 0 to 1"):
            prepare({**job, "distance": distance})
    harmonized = run(action="harmonize", piece=to_json(given), model=model)
    assert "changed" not in harmonized["variations"][0]


def test_options_of_drawing_reach_the_models(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def fill_in(model: Any, fragments: Any, options: Any, **_: Any) -> list[Chorale]:
        asked.append(options)
        return [fragment.chorale for fragment in fragments]

    monkeypatch.setattr("chorale.sampling.variations.fill_in", fill_in)
    job = {"action": "rewrite", "piece": piece(), "cells": cells(64, alto=(4, 20))}
    for model in ("bach", "counterpoint"):
        chosen = {"model": model, "top_p": 0.5, "guidance": 0.5, "particles": 3}
        chosen |= {"critic": 0.5, "temperature": 0.9}
        prepare({**job, **chosen})(lambda *_: None)
        prepare({**job, "model": model})(lambda *_: None)
    given, plain = asked[0], next(each for each in asked if each.top_p != 0.5)
    assert (given.top_p, given.guidance, given.particles) == (0.5, 0.5, 3)
    assert (given.critic, given.temperature) == (0.5, 0.9)
    assert (plain.top_p, plain.guidance, plain.particles) == (0.96, 2.5, 32)
    assert (plain.critic, plain.temperature) == (2.0, 0.8)
    assert asked[-1].top_p == 0.96 and not hasattr(asked[-1], "particles")
    infilled = {each.temperature for each in asked if hasattr(each, "rounds")}
    assert infilled == {0.9, InfillingOptions().temperature}
    bounds = {"top_p": 0, "guidance": -1, "critic": -1, "particles": 0}
    for name, value in bounds.items():
        with pytest.raises(UsageError, match=f"expected {name} to be a"):
            prepare({**job, name: value})
    with pytest.raises(UsageError, match="got 'particles'"):
        prepare({"action": "generate", "particles": 3})


def test_a_note_that_goes_on_after_the_selection_is_kept() -> None:
    # The tenor's note from step 8 to 16.
    found = run(action="rewrite", piece=piece(), cells=cells(64, tenor=(4, 12)))
    assert found["variations"][0]["written"] == [[], [], [[4, 8]], []]
    assert not any("as a whole" in remark for remark in found["remarks"])


@pytest.mark.parametrize("selected", [(8, 12), (10, 12)])
def test_a_selection_within_a_note_is_widened_to_it(selected: tuple[int, int]) -> None:
    asked = cells(64, tenor=selected)
    found = run(action="rewrite", piece=piece(), cells=asked)
    assert found["variations"][0]["written"] == [[], [], [[8, 16]], []]
    assert any("are written again as a whole" in each for each in found["remarks"])


@pytest.mark.parametrize("model", ["bach", "counterpoint"])
def test_all_of_a_piece_can_be_written_again(model: str) -> None:
    everything = [[[0, 64]]] * 4
    found = run(action="rewrite", piece=piece(), cells=everything, model=model)
    again = from_json(found["variations"][0]["piece"])
    assert again.fermatas.tolist() == little_chorale().fermatas.tolist()
    assert found["variations"][0]["written"] == everything


# === Harmonize ===


@pytest.mark.parametrize("model", ["bach", "counterpoint"])
@pytest.mark.parametrize("voice", [0, 3])
def test_harmonizing_keeps_the_melody(model: str, voice: int) -> None:
    given = little_chorale()
    found = run(action="harmonize", piece=to_json(given), voice=voice, model=model)
    again = from_json(found["variations"][0]["piece"])
    assert again.steps == 64
    if voice == 0:
        assert again.notes(0) == given.notes(0)
    written = cells_from_json(found["variations"][0]["written"], 64)
    assert written.all(axis=0).tolist() == [each != voice for each in range(4)]


def test_locked_notes_stay() -> None:
    given = little_chorale()
    locked = cells(64, alto=(8, 10), bass=(0, 4))  # the first cuts a note
    found = run(action="harmonize", piece=to_json(given), locked=locked)
    again = from_json(found["variations"][0]["piece"])
    written = cells_from_json(found["variations"][0]["written"], 64)
    assert not written[:, 0].any() and not written[:4, 3].any()
    assert not written[8:10, 1].any() and written[16:, 1].all()
    np.testing.assert_array_equal(again.pitches[~written], given.pitches[~written])
    assert again.credit == found_credit(given)


def found_credit(given: Chorale) -> str:
    return f"Melody: {given.title}; harmonization by chorale"


def test_what_is_guessed_of_a_melody_is_said() -> None:
    given = little_chorale(fermatas=np.zeros(64))
    found = run(action="harmonize", piece=to_json(given))
    assert any("there are no fermatas" in remark for remark in found["remarks"])


def test_all_locked_leaves_nothing() -> None:
    given = little_chorale()
    sounding = given.pitches != 0
    steps = sounding.all(axis=1).argmin()
    short = given.excerpt(0, int(steps))
    with pytest.raises(UsageError, match="every note is locked"):
        prepare(
            {
                "action": "harmonize",
                "piece": to_json(short),
                "locked": cells_to_json(short.pitches != 0),
            }
        )


# === Generate ===


def test_generating_keeps_the_opening() -> None:
    found = run(action="generate", seed="3", bars=4, opening=1, variations=2, best_of=1)
    first, second = (from_json(each["piece"]) for each in found["variations"])
    written = cells_from_json(found["variations"][0]["written"], first.steps)
    opening = int((~written.any(axis=1)).sum())
    assert 0 < opening < first.steps and written[opening:].all()
    np.testing.assert_array_equal(first.pitches[:opening], second.pitches[:opening])
    assert (first.pitches != second.pitches).any()
    assert isinstance(found["variations"][0]["findings"], int)


def test_generating_from_nothing() -> None:
    found = run(action="generate", seed="none", bars=3, opening=2, best_of=2)
    assert found["variations"][0]["written"][0][0][0] == 0
    assert not found["variations"][0]["complete_cadence"]
    assert any("does not end on a cadence" in remark for remark in found["remarks"])


def test_the_same_random_state_gives_the_same_piece() -> None:
    job = {"action": "generate", "seed": "1", "bars": 3, "best_of": 1}
    first, again = (run(**job)["variations"][0]["piece"] for _ in range(2))
    assert first == again
    assert run(**job, random_state=1)["variations"][0]["piece"] != first


# === Jobs ===


@pytest.mark.parametrize(
    ("job", "message"),
    [
        ([], "expected a job to be a JSON object"),
        ({}, "expected action to be one of generate, harmonize, rewrite, got None"),
        ({"action": "sing"}, "expected action to be one of"),
        ({"action": "generate", "seed": "999"}, "seed from 1 to"),
        (
            {"action": "generate", "seed": "/etc/passwd"},
            "expected seed to be number of",
        ),
        ({"action": "generate", "seed": "bwv..x"}, "no bundled chorale 'bwv..x'"),
        (
            {"action": "generate", "bars": 129},
            "bars to be a whole number from 1 to 128",
        ),
        ({"action": "generate", "bars": 2, "opening": 2}, "leaves nothing to write"),
        (
            {"action": "generate", "model": "counterpoint"},
            "model to be one of bach, jsb",
        ),
        ({"action": "generate", "model": "../bach"}, "expected model to be one of"),
        (
            {"action": "generate", "temperature": 0},
            "temperature to be a number from 0.1",
        ),
        ({"action": "generate", "temperature": "1"}, "temperature to be a number"),
        ({"action": "generate", "temperature": float("nan")}, "temperature"),
        ({"action": "generate", "variations": 9}, "variations to be .* from 1 to 8"),
        ({"action": "generate", "variations": True}, "variations to be .* got True"),
        ({"action": "generate", "best_of": 0}, "best_of to be"),
        ({"action": "generate", "rules": "some"}, "rules to be one of off, lenient"),
        ({"action": "generate", "random_state": -1}, "random_state to be"),
        ({"action": "generate", "temprature": 1}, "expected a job to generate with"),
        ({"action": "harmonize"}, "with the field piece"),
        ({"action": "harmonize", "piece": {}}, "the piece to have the field steps"),
        ({"action": "harmonize", "piece": piece(), "voice": 4}, "voice to be"),
        ({"action": "harmonize", "piece": piece(), "locked": 3}, "locked to be a list"),
        ({"action": "rewrite", "piece": piece()}, "cells to be a list, got null"),
        ({"action": "rewrite", "piece": piece(), "cells": [[]] * 4}, "got none"),
    ],
)
def test_jobs_are_checked_at_once(job: Any, message: str) -> None:
    with pytest.raises((UsageError, DataError), match=message):
        prepare(job)


def test_long_pieces_are_refused() -> None:
    long = {"steps": 129 * 16, "voices": [[[60, 0, 129 * 16]], [], [], []]}
    for job in (
        {"action": "harmonize"},
        {"action": "rewrite", "cells": [[[0, 1]]] * 4},
    ):
        with pytest.raises(DataError, match=r"at most 128 bars .* got 129 bars"):
            prepare({**job, "piece": long})


def test_a_silent_melody_is_refused() -> None:
    silent = {"steps": 16, "voices": [[], [[60, 0, 16]], [], []]}
    with pytest.raises(DataError, match="the soprano is silent"):
        prepare({"action": "harmonize", "piece": silent})


def test_an_exception_of_progress_ends_the_work() -> None:
    def stop(done: int, total: int) -> None:
        raise KeyError("stop")

    with pytest.raises(KeyError):
        prepare({"action": "generate", "bars": 4})(stop)


# === Check and export ===


def test_faults_are_found_where_they_are() -> None:
    fifths = [[[67, 0, 4], [69, 4, 4]], [], [], [[48, 0, 4], [50, 4, 4]]]
    found = check({"piece": {"steps": 8, "voices": fifths}})["findings"]
    (parallel,) = (each for each in found if each["rule"] == "parallel-fifths")
    assert (parallel["bar"], parallel["beat"], parallel["step"]) == (1, 2.0, 4)
    assert parallel["voices"] == [0, 3] and parallel["message"]


def test_what_only_strict_style_forbids_is_no_finding() -> None:
    leap = [[[74, 0, 4], [72, 4, 4]], [[71, 0, 4], [67, 4, 4]]]
    leap += [[[67, 0, 4], [64, 4, 4]], [[43, 0, 4], [48, 4, 4]]]
    found = check({"piece": {"steps": 8, "voices": leap, "key": "C major"}})["findings"]
    levels = {RULES[each["rule"]].level for each in found}
    assert "leading-tone-leap" not in {each["rule"] for each in found}
    assert "strict" not in levels


@pytest.mark.parametrize("name", ["midi", "musicxml", "csv", "abc", "humdrum", "wav"])
def test_files_are_written(name: str) -> None:
    content, media_type, file = export(
        {"piece": piece(title="../Schöne Müllerin")}, name
    )
    assert content and "/" in media_type
    assert file.startswith("schoene-muellerin.")
    assert name in format_names()
    if name == "midi":
        notes = mido.MidiFile(file=io.BytesIO(content))
        assert len(notes.tracks) == 5


def test_a_marked_score_has_the_findings_of_the_check() -> None:
    leap = [[[72, 0, 4], [62, 4, 4]], [[67, 0, 8]], [[64, 0, 8]], [[48, 0, 8]]]
    body = {"piece": {"steps": 8, "voices": leap, "key": "C major", "title": "Leap"}}
    content, media_type, file = export(body, "marked")
    assert (media_type, file) == (MEDIA_TYPES["musicxml"], "leap-checked.musicxml")
    root = ElementTree.fromstring(content)
    texts = [words.text or "" for words in root.iter("words")]
    for finding in check(body)["findings"]:
        rule = finding["rule"].replace("-", " ")
        assert any(text.startswith(rule) for text in texts)
    assert any(text.startswith("large leap") for text in texts)
    assert any(text.startswith("C: I") for text in texts)


def test_other_formats_and_long_sounds_are_refused() -> None:
    with pytest.raises(UsageError, match="expected format to be out of midi"):
        export({"piece": piece()}, "exe")
    long = {"steps": 16_000, "voices": [[[60, 0, 16_000]], [], [], []]}
    with pytest.raises(DataError, match="at most 15 minutes of sound"):
        export({"piece": long}, "wav")
    assert export({"piece": long}, "midi")[2] == "chorale.mid"
