"""The commands that sample and evaluate, with a fake model behind them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import pytest
from command_line import run_command
from fakes import uniform_predictor, wide_vocabulary
from strategies import little_chorale

from chorale import commands
from chorale.commands import evaluate, generate
from chorale.corpus.index import read_index
from chorale.corpus.loading import bundled_corpus, load_corpus, load_entry
from chorale.corpus.seeds import find_seed
from chorale.encoding.plan import Plan
from chorale.formats.classic_csv import read_csv, write_csv
from chorale.formats.files import read, write
from chorale.models.form import Phrases
from chorale.models.storage import load_model
from chorale.music.keys import Key
from chorale.music.score import Chorale
from chorale.music.voices import VOICE_NAMES
from chorale.sampling.openings import opening_of
from chorale.voice_leading.checking import check

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Return a function that runs the command line in an empty folder.

    The model is a fake; the function returns exit code, stdout and stderr.
    """
    predictor = uniform_predictor(wide_vocabulary("hold"))

    def load(name: str, **options: str) -> object:
        return load_model(name, **options) if name == "counterpoint" else predictor

    for command in (generate, evaluate):
        monkeypatch.setattr(command, "load_model", load)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    def run(*arguments: str) -> tuple[int, str, str]:
        done = run_command(*arguments)
        return done.returncode, done.stdout, done.stderr

    return run


def written() -> list[str]:
    return sorted(path.as_posix() for path in Path().rglob("*"))


# === chorale generate ===


def test_of_several_pieces_those_without_a_cadence_are_named(run: Run) -> None:
    code, _, err = run("generate", "--seed", "3", "--bars", "5", "-n", "2")
    assert code == 0
    named = "in the home key for chorale-seed3-1 and chorale-seed3-2;"
    assert f"does not end on a cadence {named}" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--seed", "3", "--parts", "1,2,3,4"), "--parts says how a seed is read"),
        (("--seed", "bwv253", "--from", "abc"), "--from says how a seed is read"),
        (("--seed", "none", "--tempo", "60"), "--tempo says how a seed is read"),
        (("--seed", "none", "--key", "E minor"), "--key says how a seed is read"),
    ],
)
def test_options_of_reading_need_something_to_read(
    run: Run, words: tuple[str, ...], message: str
) -> None:
    code, _, err = run("generate", *words)
    assert code == 2 and message in err
    assert written() == []


def test_a_seed_without_fermatas_has_phrases(run: Run) -> None:
    seed = find_seed("bwv253")
    assert seed is not None
    write(replace(seed, fermatas=np.zeros(seed.steps, np.bool_)), "bare.musicxml")
    command = ("generate", "--seed", "bare.musicxml", "--bars", "4", "--best-of", "1")
    code, _, err = run(*command, "--format", "musicxml")
    assert code == 0
    assert "note: bare.musicxml: there are no fermatas: phrases are assumed to" in err
    assert read("chorale-bare.musicxml").fermatas[: 2 * 16].any()


def test_key_and_tempo_of_a_bundled_seed_can_be_changed(run: Run) -> None:
    code, _, err = run(
        *("generate", "--seed", "3", "--bars", "4", "--best-of", "1"),
        *("--tempo", "60", "--key", "F# minor"),
    )
    assert code == 0, err
    messages = [*mido.MidiFile("chorale-seed3.mid").tracks[0]]
    assert next(m.key for m in messages if m.type == "key_signature") == "F#m"
    first = next(m.tempo for m in messages if m.type == "set_tempo")
    assert mido.tempo2bpm(first) == pytest.approx(60)


def test_generate_writes_what_it_prints(run: Run) -> None:
    code, out, err = run("generate", "--seed", "3", "--bars", "5")
    assert (code, out) == (0, "chorale-seed3.mid\n")
    # The fake model hardly ever ends on a cadence.
    assert err.startswith("note: the best of 3 drafts does not end on a cadence")
    assert written() == ["chorale-seed3.mid"]
    tracks = mido.MidiFile("chorale-seed3.mid").tracks
    assert [track.name.lower() for track in tracks[1:]] == list(VOICE_NAMES)


def test_other_pieces_are_not_overwritten(run: Run) -> None:
    command = ("generate", "--seed", "3", "--bars", "4", "--best-of", "1")
    assert run(*command) == (0, "chorale-seed3.mid\n", "")
    first = Path("chorale-seed3.mid").read_bytes()
    code, out, err = run(*command, "--top-k", "2")
    assert (code, out) == (0, "chorale-seed3-2.mid\n")
    assert err.startswith("note: chorale-seed3.mid exists: -2 is appended")
    assert Path("chorale-seed3.mid").read_bytes() == first
    # The same piece again, and the same in one format more.
    code, out, err = run(*command)
    assert (out, err) == (
        "chorale-seed3.mid\n",
        "note: chorale-seed3.mid is unchanged\n",
    )
    out = run(*command, "--format", "midi,musicxml")[1]
    assert out == "chorale-seed3.mid\nchorale-seed3.musicxml\n"
    out = run(*command, "--top-k", "3", "--format", "musicxml,midi")[1]
    assert out == "chorale-seed3-3.musicxml\nchorale-seed3-3.mid\n"
    code, out, err = run(*command, "--top-k", "2", "--force")
    assert (code, out, err) == (0, "chorale-seed3.mid\n", "")
    assert Path("chorale-seed3.mid").read_bytes() != first
    assert len(written()) == 5


def test_a_report_is_not_overwritten(run: Run) -> None:
    command = ("generate", "--bars", "4", "--report", "why.md")
    Path("why.md").write_text("mine")
    code, out, err = run(*command)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("chorale: why.md: there is such a file already")
    assert "--force" in err and written() == ["why.md"]
    assert run(*command, "--force")[0] == 0
    assert Path("why.md").read_text() != "mine"


def test_the_opening_is_that_of_the_seed(run: Run) -> None:
    run("generate", "--seed", "3", "--bars", "6", "--opening", "3")
    seed = find_seed("3")
    assert seed is not None
    opening = opening_of(seed, 3)
    chorale = read("chorale-seed3.mid")
    assert chorale.steps == 6 * 16
    assert np.array_equal(chorale.pitches[: opening.steps], opening.pitches)
    assert np.array_equal(chorale.onsets[: opening.steps], opening.onsets)
    assert chorale.key == seed.key


def test_the_same_command_writes_the_same_bytes(run: Run) -> None:
    command = ["generate", "--bars", "4", "--best-of", "1"]
    command += ["--format", "midi,musicxml,csv"]
    for folder, *changed in (
        ["one"],
        ["two"],
        ["three", "--random-state", "1"],
        ["four", "--seed", "1"],
    ):
        code, _, err = run(*command, "--output", folder, *changed)
        assert (code, err) == (0, "")
    for name in ("mid", "musicxml", "csv"):
        first, repeated, changed, default = (
            (Path(folder) / f"chorale-seed1{state}.{name}").read_bytes()
            for folder, state in zip(
                ("one", "two", "three", "four"), ("", "", "-state1", ""), strict=True
            )
        )
        assert first == repeated == default  # the first seed is the default
        assert first != changed


def test_variations_are_numbered_and_do_not_depend_on_their_number(run: Run) -> None:
    arguments = ("generate", "--bars", "4", "--format", "csv", "--output")
    _, out, _ = run(*arguments, "three", "-n", "3")
    assert out.split() == [f"three/chorale-seed1-{n}.csv" for n in (1, 2, 3)]
    run(*arguments, "one")
    three = [read_csv(path).pitches for path in out.split()]
    assert np.array_equal(read_csv("one/chorale-seed1.csv").pitches, three[0])
    assert not np.array_equal(three[0], three[1])


def test_the_best_candidate_is_kept(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    # Pieces that end on a chord of C, some after a dominant: the first dominant has
    # parallel octaves between soprano and bass.
    parallel, dominant = [79, 71, 62, 55], [71, 67, 62, 43]
    others = [[72, 67, 64, bass] for bass in (50, 52, 57)]
    drawn = [
        Chorale(
            pitches=np.array([before] * 4 + [[72, 67, 64, 48]] * 4),
            key=Key("C", "major"),
        )
        for before in (
            *(others[0], parallel, dominant, others[1], others[0]),
            *(others[0], others[2], others[0], others[0], dominant),
        )
    ]
    asked = []

    def sample(*_: object, variations: int, **__: object) -> list[Chorale]:
        asked.append(variations)
        return drawn[:variations]

    monkeypatch.setattr(generate, "sample", sample)
    command = ["generate", "--seed", "none", "--format", "csv", "-n", "2", "--best-of"]
    _, out, _ = run(*command, "5", "--output", "five", "--report", "why.md")
    kept = [read_csv(path).pitches for path in out.split()]
    assert [int(pitches[0, 3]) for pitches in kept] == [43, 43]
    report = Path("why.md").read_text(encoding="utf-8")
    assert report.count("| 5 | no |") == 2 and "## chorale-none-2" in report
    _, out, _ = run(*command, "1", "--output", "one")
    kept = [read_csv(path).pitches for path in out.split()]
    assert [int(pitches[0, 3]) for pitches in kept] == [50, 55]
    assert asked == [10, 2]


def test_every_format_is_written(run: Run) -> None:
    code, out, err = run(
        "generate", "--bars", "3", "--format", "midi,musicxml,csv,wav,svg,png,csv"
    )
    assert code == 0 and err.startswith("note: ")
    endings = ["mid", "musicxml", "csv", "wav", "svg", "png"]
    assert out.split() == [f"chorale-seed1.{ending}" for ending in endings]
    assert written() == sorted(out.split())


def test_files_are_named_after_the_seed(run: Run, tmp_path: Path) -> None:
    write_csv(little_chorale(), tmp_path / "my tune.csv")
    for seed, name in (
        ("bwv253", "chorale-bwv253"),
        ("none", "chorale-none"),
        ("003", "chorale-seed3"),
        (str(tmp_path / "my tune.csv"), "chorale-my tune"),
    ):
        command = ("generate", "--seed", seed, "--bars", "4", "--best-of", "1")
        assert run(*command)[1] == f"{name}.mid\n"


def test_a_plan_may_come_from_elsewhere(run: Run) -> None:
    entries = [entry for entry in read_index(bundled_corpus()) if entry.metre == "3/4"]
    shortest = min(entries, key=lambda entry: entry.steps)
    pattern = load_entry(shortest, bundled_corpus())
    code, _, _ = run("generate", "--plan", pattern.source, "--best-of", "1")
    chorale = read("chorale-seed1.mid")
    assert code == 0
    assert chorale.metre.name == "3/4" and chorale.steps == pattern.steps
    assert np.array_equal(chorale.fermatas, pattern.fermatas)


def test_sampling_options_and_instruments_have_an_effect(run: Run) -> None:
    run("generate", "--bars", "4", "--instrument", "organ", "--output", "organ")
    free = ("generate", "--bars", "4", "--rules", "off")
    run(*free, "--top-k", "1", "--output", "greedy")
    run(*free, "--top-p", "0.01", "--output", "nucleus")
    run(*free, "--temperature", "0.5", "--output", "cold")
    run("generate", "--bars", "4", "--rules", "strict", "--output", "strict")
    files = {path.parent.name: path for path in Path().glob("*/*.mid")}
    programs = {
        message.program
        for track in mido.MidiFile(files["organ"]).tracks
        for message in track
        if message.type == "program_change"
    }
    assert programs == {19}
    run(*free, "--rests", "--output", "resting")
    resting = read(next(Path("resting").iterdir()))
    # Of equally likely notes, silence is one.
    assert (resting.pitches == 0).any() and not (resting.pitches[:32] == 0).any()
    assert all((read(path).pitches > 0).all() for path in files.values())
    # Of equally likely notes both keep the lowest alone.
    for name in ("greedy", "nucleus"):
        assert (read(files[name]).pitches[-16:] == 36).all()
    assert files["cold"].read_bytes() != files["greedy"].read_bytes()
    # The fake model leaps, but not after the opening with strict rules.
    leaps = {
        name: [leap for leap in check(read(path), rules=["large-leap"]) if leap.bar > 2]
        for name, path in files.items()
    }
    assert leaps["cold"] and not leaps["strict"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--top-p 0", "top-p above 0"),
        ("--top-p high", "Invalid value for '--top-p'"),
        ("--top-p 1,0.9", "Invalid value for '--top-p'"),
        ("--top-k 0", "expected --top-k of at least 1"),
        ("--temperature -1", "temperature above 0"),
        ("--temperature 0", "temperature above 0"),
        ("--bars 0", "at least 1 bar, got 0"),
        ("--bars 2", "leaves nothing to write"),
        ("--opening 0", "opening of 1 to"),
        ("--opening 99", "opening of 1 to"),
        ("--rules some", "rules out of off, lenient, strict, got 'some'"),
        ("-n 0", "at least 1 variation"),
        ("--best-of 0", "--best-of of at least 1, got 0"),
        ("--report why.pdf", r"ends in \.md or \.html, got \.pdf"),
        ("--random-state -1", "--random-state of at least 0"),
        ("--seed 78", "a seed from 1 to 77, got 78"),
        ("--seed bwv9999", "there is no seed 'bwv9999'"),
        ("--seed missing.mid", "there is no seed 'missing.mid'"),
        ("--plan missing.mid", "there is no seed 'missing.mid'"),
        (
            "--format mp3",
            "formats out of midi, musicxml, csv, wav, abc, humdrum, svg, png, got "
            "'mp3'",
        ),
        (
            "--format midi,",
            "formats out of midi, musicxml, csv, wav, abc, humdrum, svg, png, got ''",
        ),
        ("--instrument kazoo", "an instrument out of choir, .* got 'kazoo'"),
        ("--average keys", "an average out of none, transpositions, got 'keys'"),
        ("--model bach --model bach", "each --model once, got bach twice"),
        ("--model counterpoint", "kind next-step, got .*: harmonize, rewrite"),
    ],
)
def test_wrong_usage_is_one_line_and_writes_nothing(
    run: Run, arguments: str, message: str
) -> None:
    code, out, err = run("generate", "--output", "out", *arguments.split())
    assert_refused(err, message)
    assert (code, out) == (2, "")
    assert written() == []


def test_a_seed_outside_the_vocabulary_is_refused_by_name(
    run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "high.csv"
    write_csv(little_chorale().transpose(24), path)
    code, _, err = run("generate", "--seed", str(path), "--bars", "8")
    *remarks, refusal = err.splitlines(keepends=True)
    assert "note: the file has no metre: bars are counted in 4/4\n" in remarks
    assert_refused(refusal, "high: the soprano's A6 in bar 1 is outside the model's")
    assert code == 1 and written() == []


def drums(path: Path) -> None:
    midi = mido.MidiFile()
    track = midi.add_track("Kit")
    for _ in range(16):
        track.append(mido.Message("note_on", channel=9, note=38, time=0))
        track.append(mido.Message("note_off", channel=9, note=38, time=120))
    midi.save(path)


def voices(count: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        midi = mido.MidiFile(type=1)
        for voice in range(count):
            track = midi.add_track(f"Part {voice + 1}")
            for step in range(8):
                note = 76 - 5 * voice + step % 3
                track.append(mido.Message("note_on", channel=voice, note=note, time=0))
                track.append(
                    mido.Message("note_off", channel=voice, note=note, time=480)
                )
        midi.save(path)

    return make


def no_midi(path: Path) -> None:
    path.write_bytes(b"RIFF of something else")


@pytest.mark.parametrize(
    "make", [drums, voices(1), voices(7), no_midi], ids=["drums", "1", "7", "no midi"]
)
def test_a_seed_file_that_is_no_chorale_is_refused(
    run: Run, tmp_path: Path, make: Callable[[Path], None]
) -> None:
    path = tmp_path / "seed.mid"
    make(path)
    code, out, err = run("generate", "--seed", str(path))
    assert_refused(err, r"seed\.mid")
    assert (code, out) == (1, "")
    assert written() == []


def test_a_csv_seed_with_a_bad_cell_says_where(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "seed.csv"
    path.write_text("note0,note1,note2,note3\n72,67,64,48\n72,67,NaN,48\n")
    code, _, err = run("generate", "--seed", str(path))
    assert_refused(err, r"seed\.csv, row 3, column note2: .*NaN")
    assert code == 1


def test_an_unwritable_output_is_found_before_sampling(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("file").write_text("not a folder")
    monkeypatch.setattr(generate, "sample", None)
    for folder in ("file", "file/below"):
        code, out, err = run("generate", "--output", folder)
        assert_refused(err, f"{folder}: cannot write there")
        assert (code, out) == (1, "")
    assert written() == ["file"]


def test_a_full_disk_leaves_nothing_half_written(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mido.MidiFile, "save", full)
    code, out, err = run("generate", "--bars", "3", "--output", "out")
    assert_refused(err, "No space left on device")
    assert (code, out) == (1, "")
    assert not list(Path("out").iterdir())


def test_ctrl_c_leaves_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(generate, "sample", interrupted)
    code, out, err = run("generate", "--output", "out")
    assert code != 0 and out == "" and "Traceback" not in err
    assert written() == []


def assert_refused(err: str, message: str) -> None:
    """Assert that stderr is one line with a message."""
    assert err.startswith("chorale: ") and err.count("\n") == 1
    assert re.search(message, err), err


# === chorale seeds, evaluate ===


def test_seeds_lists_the_test_chorales(run: Run) -> None:
    code, out, _ = run("seeds", "--json")
    rows = json.loads(out)
    assert code == 0 and len(rows) == 77
    for row, seed in zip(rows, load_corpus().test, strict=True):
        assert list(row) == ["number", "bwv", "title", "key", "metre", "bars"]
        assert f"bwv{row['bwv']}" == seed.source
        assert row["title"] == seed.title
        assert row["bars"] == seed.bars[-1]
    assert [row["number"] for row in rows] == list(range(1, 78))
    lines = run("seeds")[1].splitlines()
    assert len(lines) == 77
    assert rows[2]["title"] in lines[2] and rows[2]["key"] in lines[2]


def test_evaluate_prints_the_likelihood_of_a_corpus(run: Run) -> None:
    Path("corpus/valid").mkdir(parents=True)
    Path("corpus/train").mkdir()
    for split, steps in (("train", 8), ("valid", 20), ("valid", 30)):
        path = Path(f"corpus/{split}/chorale_{steps:03}.csv")
        write_csv(little_chorale().opening(steps), path)
    arguments = ("evaluate", "--corpus", "corpus", "--split", "valid")
    code, out, err = run(*arguments, "--json")
    figures = json.loads(out)
    assert (code, err) == (0, "")
    assert list(figures) == [
        "nats_per_note",
        "nats_per_frame",
        "nats_per_changed_note",
        "spread",
        "accuracy",
        "notes",
        "models",
        "average",
        "members",
        "corpus",
        "split",
        "given",
        "in_training",
        "chorales",
        "chorales_of_split",
        "left_out",
    ]
    assert (figures["corpus"], figures["split"]) == ("corpus", "valid")
    assert figures["given"] == []
    assert figures["models"] == ["bach"]  # the default, behind which is the fake
    assert (figures["average"], figures["members"]) == ("none", 1)
    assert figures["notes"] == 50 * 4
    # Silence, 49 notes and HOLD.
    assert figures["nats_per_note"] == pytest.approx(np.log(51), rel=1e-6)
    code, out, _ = run(*arguments)
    assert code == 0 and "3.9318" in out
    assert out.startswith("bach, hold encoding\nvalid of corpus: 2 chorales\n")
    # Equal shares stay equal: a note is averaged over the keys in which it exists.
    code, out, _ = run(*arguments, "--average", "transpositions")
    assert code == 0
    assert out.startswith("bach, in 7 keys each: the mean of 7 members, hold")
    assert "3.9318" in out


def test_evaluate_refuses_what_is_not_there(run: Run) -> None:
    code, _, err = run("evaluate", "--corpus", "missing")
    assert_refused(err, "missing: expected a folder")
    assert code == 1
    code, _, err = run("evaluate", "--split", "tests")
    assert_refused(err, r"a split that the corpus has \(train, valid, test\)")
    assert code == 1


# === Form and cadences ===


def test_a_form_that_is_asked_for_is_written_and_said(run: Run) -> None:
    words = ("--seed", "bwv253", "--plan", "bwv2.6", "--best-of", "1")
    code, out, err = run("generate", *words, "--form", "aab", "--format", "csv")
    assert (code, out) == (0, "chorale-bwv253.csv\n")
    assert err == "note: chorale-bwv253: phrases a b a b c d e\n"
    pitches = read_csv(Path("chorale-bwv253.csv")).pitches
    phrases = Phrases(Plan.of(find_seed("bwv2.6")))
    start = phrases.starts[2]
    assert np.array_equal(pitches[:start], pitches[start : 2 * start])
    code, out, err = run("generate", *words, "--form", "none", "--force")
    assert (code, err) == (0, "note: chorale-bwv253: phrases a b c d e f g\n")


def test_endings_that_are_asked_for_are_said(run: Run) -> None:
    words = ("--seed", "bwv253", "--plan", "bwv2.6", "--best-of", "1")
    cadences = "I:PAC V:HC I:DC V:HC vi:PAC IV:IAC I:PAC"
    code, _, err = run("generate", *words, "--cadences", cadences, "-n", "2")
    said = "cadences in A:PAC E:HC A:DC E:HC f#:PAC D:IAC A:PAC\n"
    assert code == 0
    assert err == f"note: chorale-bwv253-1: {said}note: chorale-bwv253-2: {said}"


def test_a_key_without_a_kind_is_refused_for_a_model_without_keys(run: Run) -> None:
    words = ("--seed", "bwv253", "--plan", "bwv2.6", "--cadences", "I V I V vi IV I")
    code, _, err = run("generate", *words)
    assert_refused(err, "a kind in each of the --cadences, such as V:HC")
    assert code == 2 and written() == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--form", "sonata"), "a letter for each phrase such as"),
        (("--form", "a a"), "one for each phrase"),
        (("--form", "aab", "--bars", "3"), "no room for --form aab"),
        (("--cadences", "I V"), "one for each phrase"),
        (("--cadences", "I:XYZ I I I"), "PAC, IAC, HC, DC, plagal"),
    ],
)
def test_forms_and_cadences_that_do_not_fit(
    run: Run, words: tuple[str, ...], message: str
) -> None:
    code, _, err = run("generate", "--seed", "bwv253", *words)
    assert_refused(err, message)
    assert code == 2 and written() == []


# === From outside ===


def test_the_command_line_exits_with_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "chorale", "generate", "--top-p", "0"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(commands.__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert_refused(done.stderr, "top-p above 0, at most 1, got 0.0")
    assert not list(tmp_path.iterdir())


# === Many pieces ===


def test_many_pieces_are_the_same_over_every_executor(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("chorale.sampling.bulk._MANY", 2)
    monkeypatch.setattr("chorale.sampling.bulk._ROWS", 4)
    folders = {
        "alone": (),
        "workers": ("--workers", "2"),
        "threads": ("--executor", "threads", "--workers", "3"),
    }
    asked = ("--bars", "2", "--opening", "1", "-n", "5", "--best-of", "2")
    for name, options in folders.items():
        output = (
            "--output",
            str(tmp_path / name),
            "--report",
            str(tmp_path / name) + ".md",
        )
        done = run_command("generate", *asked, *output, *options)
        assert done.returncode == 0 and done.stdout.count(".mid") == 5, done.stderr
    contents = {
        name: {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in folders
    }
    assert contents["alone"].keys() == {f"chorale-seed1-{n}.mid" for n in range(1, 6)}
    assert contents["alone"] == contents["workers"] == contents["threads"]
    reports = {(tmp_path / f"{name}.md").read_text() for name in folders}
    assert len(reports) == 1 and reports.pop().count("## chorale-seed1-") == 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--executor", "fork"), "expected processes, threads, dask://host:port"),
        (("--workers", "0"), "at least 1 worker, got 0"),
        (("--executor", "dask://localhost:1", "--workers", "2"), "got 2 for dask"),
    ],
)
def test_other_executors_are_refused(
    monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], message: str
) -> None:
    for many in (2, 999):  # pieces; few are drawn without an executor
        monkeypatch.setattr("chorale.sampling.bulk._MANY", many)
        done = run_command("generate", "--bars", "2", *options)
        assert done.returncode == 2 and message in done.stderr


def test_few_pieces_are_drawn_by_one_process(run: Run) -> None:
    code, _, stderr = run("generate", "--bars", "3", "--workers", "2")
    assert code == 0 and "are used from 86 pieces on: these are" in stderr
