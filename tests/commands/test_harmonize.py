"""`chorale harmonize` and `chorale rewrite`, with fake models."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from inspect import signature
from pathlib import Path

import mido
import numpy as np
import pytest
from command_line import run_command
from fakes import UniformInfiller, uniform_predictor, wide_cells, wide_vocabulary
from strategies import little_chorale

from chorale.commands import harmonize, outputs, rewrite
from chorale.corpus.seeds import find_seed
from chorale.encoding.tokens import Vocabulary
from chorale.formats.classic_csv import read_csv, write_csv
from chorale.formats.files import read, write
from chorale.models.storage import load_model
from chorale.music.keys import Key
from chorale.music.melody import melody_of
from chorale.music.score import Chorale, Note
from chorale.music.voices import BASS, SOPRANO
from chorale.sampling import best_of
from chorale.sampling.best_of import Judge
from chorale.sampling.completion import MELODY_DRAFTS
from chorale.studio.api_operations import OPERATIONS

Run = Callable[..., tuple[int, str, str]]

PIECE = little_chorale()
TUNE = "X:1\nT:The tune\nM:3/4\nL:1/8\nK:G\nD2|G2G2A2|B4G2|A2G2F2|G4|]\n"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Return a function that runs the command line in a folder with a melody.

    The models are fakes; the function returns exit code, stdout and stderr.
    """
    infiller = UniformInfiller(wide_cells())
    predictor = uniform_predictor(wide_vocabulary())

    def load(name: str, **options: str) -> object:
        return infiller if name == "fills" else predictor

    for module in (harmonize, rewrite, best_of):
        monkeypatch.setattr(module, "load_model", load)
    monkeypatch.chdir(tmp_path)
    Path("tune.abc").write_text(TUNE)
    write(PIECE, "piece.mid")

    def run(*arguments: str) -> tuple[int, str, str]:
        done = run_command(*arguments)
        return done.returncode, done.stdout, done.stderr

    return run


ONE = ("--best-of", "1", "--particles", "2")
FILLS = ("--model", "fills", "--best-of", "1")


def assert_refused(err: str, message: str) -> None:
    """Assert that stderr is one line with a message."""
    assert err.startswith("chorale: ") and err.count("\n") == 1
    assert re.search(message, err), err


# === chorale harmonize ===


def test_the_temperature_for_a_melody_without_fermatas_is_said(run: Run) -> None:
    remark = "note: taken for a folk song: the temperature is 0.7\n"
    asked = "harmonize", "tune.abc", "--best-of", "1", "--temperature", "1"
    code, _, err = run(*asked)
    assert (code, remark in err) == (0, True)
    # Not that of an infiller, of a hymn, or if it was not asked for.
    code, _, err = run(*asked, "--model", "fills")
    assert (code, remark in err) == (0, False)
    Path("tune.abc").write_text(TUNE.replace("B4", "!fermata!B4"))
    code, _, err = run(*asked)
    assert (code, remark in err) == (0, False)
    Path("tune.abc").write_text(TUNE)
    code, _, err = run(*asked[:-2])
    assert (code, "temperature" in err) == (0, False)


def test_harmonize_writes_what_it_prints_and_says_what_it_guessed(run: Run) -> None:
    code, out, err = run("harmonize", "tune.abc", *ONE, "--format", "midi,musicxml")
    assert code == 0
    assert out.split() == ["tune-harmonized.mid", "tune-harmonized.musicxml"]
    assert err == ("note: there are no fermatas: the melody is taken as one phrase\n")
    for file in out.split():
        piece = read(file)
        assert [note.pitch for note in piece.notes(0)] == [
            *(62, 67, 67, 69, 71, 67, 69, 67, 66, 67)
        ]
        assert piece.pitches.all()
        assert (piece.title, piece.pickup) == ("The tune", 4)


def test_the_melody_of_a_bundled_chorale(run: Run) -> None:
    code, out, err = run("harmonize", "bwv253", "--voice", "bass", *ONE)
    assert (code, out, err) == (0, "bwv253-harmonized.mid\n", "")
    seed = find_seed("bwv253")
    assert seed is not None
    written = read("bwv253-harmonized.mid")
    assert written.notes(BASS) == melody_of(seed, BASS).chorale.notes(BASS)
    assert np.array_equal(written.fermatas, seed.fermatas)
    assert (written.pitches != seed.pitches).any(axis=0).tolist() == [True] * 3 + [
        False
    ]


def test_variations_are_numbered_and_do_not_depend_on_their_number(run: Run) -> None:
    command = (
        "harmonize",
        "tune.abc",
        "--particles",
        "2",
        "--format",
        "csv",
        "--output",
    )
    _, out, _ = run(*command, "three", "-n", "3", "--random-state", "5")
    names = [f"three/tune-harmonized-state5-{number}.csv" for number in (1, 2, 3)]
    assert out.split() == names
    _, out, _ = run(*command, "one", "--random-state", "5")
    three = [read_csv(path).pitches for path in names]
    assert np.array_equal(read_csv(out.strip()).pitches, three[0])
    assert not np.array_equal(three[0], three[1])


def test_the_best_candidate_is_kept(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    # No chorale ends on the tonic triad over a melody that ends on the second degree.
    Path("open.abc").write_text(TUNE.replace("G4|]", "A4|]"))
    _, _, err = run(
        *("harmonize", "open.abc", "--particles", "2", "--best-of", "4"),
        *("--report", "why.md", "--output", "best", "--format", "csv"),
    )
    assert "the best of 4 drafts does not end on a cadence" in err
    report = Path("why.md").read_text(encoding="utf-8")
    assert "## open-harmonized" in report and "| 4 | no |" in report
    # The first candidate of the report, the one with the lowest cost, is kept.
    groups = []
    rank = Judge.rank

    def remember(*arguments: object, **options: object) -> object:
        groups.append(rank(*arguments, **options))
        return groups[-1]

    monkeypatch.setattr(Judge, "rank", remember)
    run(
        *("harmonize", "open.abc", "--particles", "2", "--best-of", "4"),
        *("--output", "again", "--format", "csv"),
    )
    ((first, *rest),) = groups
    assert all(first.cost <= candidate.cost for candidate in rest) and len(rest) == 3
    for folder in ("best", "again"):
        written = read_csv(f"{folder}/open-harmonized.csv")
        assert np.array_equal(written.pitches, first.chorale.pitches)


def test_a_melody_out_of_range_moves_by_an_octave(run: Run) -> None:
    table = np.zeros((32, 4), int)
    table[:, SOPRANO] = np.repeat([86, 84, 83, 84], 8)
    write_csv(Chorale(pitches=table), "high.csv")
    code, out, err = run("harmonize", "high.csv", "--format", "csv", "--particles", "1")
    assert code == 0, err
    assert "transposed an octave down" in err
    written = read_csv(out.strip())
    assert written.pitches[:, 0].tolist() == (table[:, 0] - 12).tolist()


def test_chorales_are_judged_in_the_transposition_of_the_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    low = PIECE.transpose(-3)
    judge = Judge(uniform_predictor(Vocabulary.fit([low], "hold")), None)
    drawn = [replace(PIECE, title=title) for title in ("one", "other")]
    candidates = judge.rank(drawn, semitones=-3)
    assert [candidate.chorale for candidate in candidates] == drawn
    how = outputs.Destination(
        output=tmp_path,
        formats="csv",
        instrument="choir",
        best_of=2,
        report=None,
        force=True,
    )
    for semitones, said in (
        (-3, "the best of 2 drafts does not end"),
        (0, "nothing was judged"),
    ):
        outputs.write_best(how, ["a"], drawn, lambda: judge, semitones=semitones)
        # Notes outside the vocabulary of the judge do not lose the result.
        assert np.array_equal(read_csv(tmp_path / "a.csv").pitches, PIECE.pitches)
        err = capsys.readouterr().err
        assert err.startswith("note: ") and err.count("\n") == 1 and said in err
    assert "is outside the model's vocabulary" in err


def test_sampling_options_have_an_effect(run: Run) -> None:
    # A hymn: the chords of a folk song are planned.
    Path("tune.abc").write_text(TUNE.replace("B4", "!fermata!B4"))
    command = ("harmonize", "tune.abc", *ONE, "--output")
    run(*command, "plain")
    run(*command, "cold", "--temperature", "0.5")
    run(*command, "greedy", "--top-k", "1")
    run(*command, "nucleus", "--top-p", "0.01", "--rules", "off")
    run(*command, "first", "--top-k", "1", "--rules", "off")
    run(*command, "led", "--particles", "16")
    run(*command, "organ", "--instrument", "organ")
    files = {path.parent.name: path.read_bytes() for path in Path().glob("*/*.mid")}
    assert len(set(files.values())) == len(files) - 2
    # Of equally likely notes top-k and top-p keep the lowest.
    assert files["nucleus"] == files["first"]
    assert files["cold"] == files["plain"] != files["greedy"]
    programs = {
        message.program
        for track in mido.MidiFile("organ/tune-harmonized.mid").tracks
        for message in track
        if message.type == "program_change"
    }
    assert programs == {19}


def test_infillers_have_their_own_options(run: Run) -> None:
    for command in (["harmonize", "tune.abc"], ["rewrite", "piece.mid", "--bars", "2"]):
        files = []
        for options in ("--rounds 1", "--rounds 3", "--method ancestral"):
            code, out, err = run(*command, *FILLS, *options.split())
            assert code == 0, err
            files.append(Path(out.strip()).read_bytes())
        assert len(set(files)) == 3


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("tune.abc --voice descant", 2, "a voice out of soprano, .* got 'descant'"),
        ("tune.abc --particles 0", 2, "particles of at least 1, got 0"),
        ("tune.abc --guidance -1", 2, "guidance of at least 0, got -1"),
        ("tune.abc --model fills --method magic", 2, "a method out of gibbs, anc"),
        ("tune.abc --model fills --rounds 0", 2, "rounds of at least 1, got 0"),
        (
            *("tune.abc --rounds 9", 2),
            "--rounds is for infillers, and bach is one of the next-step models",
        ),
        (
            *("tune.abc --model fills --method ancestral --rounds 9", 2),
            "--rounds is for --method gibbs: leave it out",
        ),
        (
            *("tune.abc --model fills --particles 9", 2),
            "--particles is for next-step models, and fills is one of the infillers",
        ),
        ("tune.abc --best-of 0", 2, "--best-of of at least 1, got 0"),
        ("tune.abc --format mp3", 2, "formats out of midi, .* got 'mp3'"),
        ("tune.abc --instrument kazoo", 2, "an instrument out of choir"),
        ("tune.abc --report why.pdf", 2, r"ends in \.md or \.html"),
        (
            "piece.mid --tune 2",
            2,
            "--tune is for files of abc, got piece.mid: leave it out",
        ),
        ("bwv253 --tune 2", 2, "--tune is for files, got the bundled chorale bwv253"),
        ("tune.txt", 2, r"a file to read that ends in .* got \.txt"),
        ("tune.mscz", 1, r"tune\.mscz: there is no such file"),
        ("bwv9999", 2, "there is no seed 'bwv9999'"),
        ("missing.mid", 1, r"missing\.mid: there is no such file"),
        ("chords.abc", 1, r"chords\.abc: .* got 2 notes at once in bar 1"),
        ("empty.abc", 1, r"empty\.abc: expected a score, it is empty"),
        ("empty.csv", 1, r"empty\.csv: it is empty"),
        ("binary.mid", 1, r"binary\.mid: expected a MIDI file, it has no MIDI header"),
        ("silent.csv", 1, r"silent\.csv: .* the soprano is silent throughout"),
        ("deep.csv", 1, "the soprano's A-1 in bar 1 is outside the model's"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    run: Run, arguments: str, code: int, message: str
) -> None:
    Path("chords.abc").write_text(re.sub("([AFG]2)", r"[b2\1]", TUNE))
    for name in ("empty.abc", "empty.csv"):
        Path(name).write_text("")
    Path("binary.mid").write_bytes(bytes(range(256)))
    Path("silent.csv").write_text("note\n0\n")
    Path("deep.csv").write_text("note\n9\n60\n90\n")
    before = sorted(Path().rglob("*"))
    got, out, err = run("harmonize", *arguments.split(), "--output", "out")
    refusal = [line for line in err.splitlines() if not line.startswith("note: ")]
    assert (got, out, len(refusal)) == (code, "", 1)
    assert_refused(refusal[0] + "\n", message)
    assert sorted(Path().rglob("*")) == before


# === chorale rewrite ===


def test_rewrite_changes_the_passage_alone(run: Run) -> None:
    code, out, err = run(
        *("rewrite", "piece.mid", "--bars", "1-2,4", "--voices", "alto, tenor"),
        *("--particles", "2"),
    )
    assert (code, out) == (0, "piece-rewritten.mid\n")
    assert re.fullmatch(
        r"note: changed \d+ % of the 84 sixteenths of bars 1-2, 4 \(alto, tenor\)\n",
        err,
    )
    written = read("piece-rewritten.mid")
    changed = (written.pitches != PIECE.pitches) | (written.onsets != PIECE.onsets)
    steps, voices = np.nonzero(changed)
    assert set(PIECE.bars[steps]) == {1, 2, 4} and set(voices) == {1, 2}
    assert np.array_equal(written.fermatas, PIECE.fermatas)
    assert (written.key, written.title) == (PIECE.key, PIECE.title)


def test_rewrite_takes_bundled_chorales_and_silent_voices(run: Run) -> None:
    assert run("rewrite", "bwv253", "--bars", "0", *ONE)[:2] == (
        *(0, "bwv253-rewritten.mid\n"),
    )
    outer = np.array(PIECE.pitches)
    outer[:, 1:3] = 0
    write_csv(Chorale(pitches=outer), "outer.csv")
    run("rewrite", "outer.csv", "--voices", "alto,tenor", *ONE, "--format", "csv")
    written = read_csv("outer-rewritten.csv").pitches
    assert written[:, 1:3].all()
    assert np.array_equal(written[:, ::3], outer[:, ::3])


@pytest.mark.parametrize("model", ["fills", "bach"])
def test_rewrites_differ_as_asked_and_it_is_said(run: Run, model: str) -> None:
    asked = ("--bars", "2-3", "--voices", "bass", "--distance", "1", "-n", "2")
    code, out, err = run("rewrite", "piece.mid", "--model", model, *asked)
    assert (code, out.split()) == (
        *(0, ["piece-rewritten-1.mid", "piece-rewritten-2.mid"]),
    )
    lines = err.splitlines()
    assert [line.partition(": changed")[0] for line in lines] == [
        *("note: piece-rewritten-1", "note: piece-rewritten-2"),
    ]
    assert "% or more from the variations before it" in lines[1]
    shares = []
    for name in out.split():
        changed = (read(name).pitches != PIECE.pitches)[np.isin(PIECE.bars, [2, 3]), 3]
        shares.append(changed.mean())
    assert min(shares) > 0.9
    for value, message in (("1.5", "got 1.5"), ("-1", "got -1"), ("nan", "got nan")):
        refused = run("rewrite", "piece.mid", "--bars", "2", "--distance", value)
        assert refused[:2] == (2, "")
        assert_refused(refused[2], f"expected --distance from 0 to 1, {message}")


def test_rewrite_reports_what_was_drawn(run: Run) -> None:
    run(
        *("rewrite", "piece.mid", "--bars", "2", "--particles", "1", "--best-of", "1"),
        *("--report", "why.html", "-n", "2"),
    )
    report = Path("why.html").read_text(encoding="utf-8")
    assert "piece-rewritten-1" in report and "piece-rewritten-2" in report
    _, _, changes = report.partition("What changed")
    rows = re.findall(r"<tr><td>([^<]*)</td><td>([^<]*)</td><td>([^<]*)</td>", changes)
    names, changed, apart = zip(*rows, strict=True)
    assert names == ("as given", "piece-rewritten-1", "piece-rewritten-2")
    assert changed[0] == apart[0] == apart[1] == ""
    for share in (*changed[1:], apart[2]):
        assert 40 <= int(share.removesuffix("%")) <= 100


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("piece.mid --bars 5", 2, "bars from 0 to 4, of which 0 is the pickup, got 5"),
        ("piece.mid --bars 3-9", 2, "bars from 0 to 4, .* got 5"),
        ("piece.mid --bars 3-2", 2, "bars such as 5-8 or 1,5-8, got '3-2'"),
        ("piece.mid --bars two", 2, "bars such as 5-8 or 1,5-8, got 'two'"),
        ("piece.mid --bars 1,", 2, "bars such as 5-8 or 1,5-8, got '1,'"),
        ("piece.mid --bars 1-999999", 2, "bars such as 5-8 or 1,5-8"),
        ("piece.mid --voices alto,cello", 2, "a voice out of .* got 'cello'"),
        ("piece.mid --voices alto,", 2, "a voice out of .* got ''"),
        ("piece.mid", 2, "which keeps nothing"),
        ("piece.mid --bars 0-4", 2, "which keeps nothing"),
        ("held.csv --bars 1", 2, "which leaves nothing to write"),
        ("missing.mid --bars 1", 1, r"missing\.mid: there is no such file"),
        ("tune.txt --bars 1", 2, "a file to read that ends in"),
        ("binary.mid --bars 1", 1, "it has no MIDI header"),
    ],
)
def test_passages_that_make_no_sense(
    run: Run, arguments: str, code: int, message: str
) -> None:
    Path("binary.mid").write_bytes(bytes(range(256)))
    write_csv(Chorale(pitches=np.full((32, 4), 60)), "held.csv")
    before = sorted(Path().rglob("*"))
    got, out, err = run("rewrite", *arguments.split(), "--output", "out")
    assert (got, out) == (code, "")
    refusal = [line for line in err.splitlines() if not line.startswith("note: ")]
    assert_refused("\n".join(refusal) + "\n", message)
    assert sorted(Path().rglob("*")) == before


def test_phrases_are_named_by_their_bars(run: Run) -> None:
    notes = [Note(72 + place % 2, 4 * place, 4) for place in range(16)]
    tune = Chorale.from_notes([notes, [], [], []], 64, key=Key("C", "major"))
    write(tune, "tune.mid")
    for phrases, ends in (("1,3", [16, 48, 64]), ("none", [64]), (" 2 , 4", [32, 64])):
        code, _, err = run("harmonize", "tune.mid", "--phrases", phrases, *ONE)
        assert code == 0 and "fermatas" not in err
        written = read("tune-harmonized.mid")
        assert [end for _, end in written.fermata_spans()] == ends
        Path("tune-harmonized.mid").unlink()
    for phrases, message in (
        ("9", "expected phrases that end in bars 1 to 4, got bar 9"),
        ("1;2", "expected --phrases with numbers of bars such as 4,8,12,16, or none"),
    ):
        code, out, err = run("harmonize", "tune.mid", "--phrases", phrases, *ONE)
        assert (code, out) == (2, "") and message in err


def test_guesses_about_a_piece_are_named(run: Run) -> None:
    write_csv(PIECE, "plain.csv")
    code, _, err = run("rewrite", "plain.csv", "--bars", "2", *ONE)
    assert code == 0 and re.fullmatch(
        "note: there is no key signature: read as A minor, by the notes\n"
        "note: the file has no metre: bars are counted in 4/4\n"
        r"note: changed \d+ % of the 52 sixteenths of bar 2\n",
        err,
    )
    played = mido.MidiFile("piece.mid")
    ticks = played.ticks_per_beat // 12  # a third of a sixteenth
    for track in played.tracks:
        struck = [i for i, event in enumerate(track) if event.type == "note_on"]
        for first in struck[:1]:
            track[first] = track[first].copy(time=track[first].time + ticks)
            after = track[first + 1]
            track[first + 1] = after.copy(time=after.time - ticks)
    played.save("late.mid")
    code, _, err = run("rewrite", "late.mid", "--bars", "2", *ONE)
    assert code == 0
    assert re.search(r"(?m)^note: \d+ notes are off the grid", err), err
    _, _, err = run("rewrite", "piece.mid", "--bars", "2", *ONE)
    assert err.startswith("note: changed ") and err.count("note: ") == 1


def test_a_model_that_is_not_there(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (harmonize, rewrite):
        monkeypatch.setattr(module, "load_model", load_model)
    for words in (["harmonize", "bwv253"], ["rewrite", "bwv253", "--bars", "1"]):
        code, _, err = run(*words, "--model", "nowhere")
        assert code == 2
        assert_refused(err, r"there is no model 'nowhere'.* \(bach, jsb, counter")


def test_six_drafts_are_drawn_unless_asked_otherwise() -> None:
    default = signature(harmonize.harmonize).parameters["best_of"].default
    assert default == MELODY_DRAFTS == 6
    (over_http,) = (
        each for each in OPERATIONS["harmonize"].parameters if each.name == "best_of"
    )
    assert over_http.default == default
