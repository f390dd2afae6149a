"""Valid inputs of every format, and the functions that read them.

A case is a folder of files. Any of them may be damaged, and then all are read again.
"""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Read = Callable[[Path], None]
CASES: dict[str, Read] = {}


def case(function: Read) -> Read:
    """Add a function that reads a case to CASES, by its name with hyphens."""
    CASES[function.__name__.removeprefix("read_").replace("_", "-")] = function
    return function


def write_cases(folder: Path) -> None:
    """Write a folder for each case but those of models, runs and suites."""
    from tiny import write_shapes, write_tiny_corpus

    folder.mkdir(parents=True)
    _write_scores(folder)
    _write_midi(folder)
    corpus = write_tiny_corpus(folder / "corpus", pieces=1, valid=1)
    _annotate(corpus)
    (folder / "csv").mkdir()
    shutil.copy(corpus / "valid" / "chorale_001.csv", folder / "csv" / "piece.csv")
    shapes = write_shapes(folder.with_name("shapes.npz"))
    _write_sketches(folder, shapes)
    _write_tables(folder)


def add_models(
    folder: Path, *, next_step: Path, infiller: Path, classifier: Path, suite: Path
) -> None:
    """Write the cases of models, from three runs and a suite of forecasters."""
    shutil.copytree(next_step / "model", folder / "next-step")
    shutil.copytree(infiller / "model", folder / "infiller")
    shutil.copytree(classifier / "model", folder / "classifier")
    shutil.copytree(suite, folder / "suite")
    for name, files in RUN_FILES.items():
        (folder / name).mkdir()
        for file in files:
            shutil.copy(next_step / file, folder / name / file)


# === Scores ===

KERN = """!!!OTL: A hymn
**kern\t**kern\t**kern\t**kern
*staff2\t*staff2\t*staff1\t*staff1
*Ibass\t*Itenor\t*Ialto\t*Isoprn
*clefF4\t*clefF4\t*clefG2\t*clefG2
*k[f#]\t*k[f#]\t*k[f#]\t*k[f#]
*G:\t*G:\t*G:\t*G:
*M4/4\t*M4/4\t*M4/4\t*M4/4
*MM90\t*MM90\t*MM90\t*MM90
4GG\t4B\t4d\t4g
=1\t=1\t=1\t=1
*\t*\t*\t*^
4G\t4B\t4d\t8gL\t2r
.\t.\t.\t8aJ\t.
[4FF#\t4A\t4d\t4a;\t.
*\t*\t*\t*v\t*v
4FF#]\t4A\t(4d\t4a
4r\t4c#\t4en)\t4g
=2:|!\t=2:|!\t=2:|!\t=2:|!
1GG;\t1B;\t1d;\t1g;
==\t==\t==\t==
*-\t*-\t*-\t*-
"""

ABC = """%abc-2.1
X:1
T:A hymn
C:Anon.
M:4/4
L:1/8
Q:1/4=90
K:G
V:S clef=treble
V:A clef=treble
V:T clef=bass
V:B clef=bass
[V:S] |: G2 | "G"A2 B>c d2 [K:D] ^c2 | (3efg f2 Hd4 :| [1 z2 x2 Z | [2 c'2 [ce]2 d4 |]
w: Praise ye, the Lord_ of * all
[V:A] |: D2 | D2 D2 D2 E2 | (3ABc A2 !fermata!F4 :| [1 z2 x2 Z | [2 A2 A2 A4 |]
[V:T] |: B,2 | A,2 G,2 A,2 A,2 | A,4- A,4 :| [1 z8 | z8 | [2 E,2 E,2 F,4 |]
[V:B] |: G,,2 | F,,2 G,,2 F,,2 A,,2 & G,,8 | D,4 D,,4 :| [1 z8 | z8 | [2 A,,4 D,,4 |]

X:2
T:A tune
M:C|
L:1/4
K:Ddor
{c}D E F G | A/B/ c d2 :: {/e}f3 e | d4 |]
"""

_NOTE = (
    "<note>{chord}<pitch><step>{step}</step>{alter}<octave>{octave}</octave></pitch>"
    "<duration>{duration}</duration>{tie}<voice>{voice}</voice><type>quarter</type>"
    "<staff>{staff}</staff>{more}</note>"
)


def _note(
    step: str, octave: int, voice: int = 1, duration: int = 2, **more: Any
) -> str:
    values = {"chord": "", "alter": "", "tie": "", "more": "", "staff": 1, **more}
    return _NOTE.format(
        step=step, octave=octave, voice=voice, duration=duration, **values
    )


def _musicxml() -> str:
    """Return two staves of two voices with most elements that readers look at."""
    lyric = "<lyric number='1'><syllabic>single</syllabic><text>Lo</text></lyric>"
    fermata = "<notations><fermata/></notations>"
    triplet = (
        "<time-modification><actual-notes>3</actual-notes>"
        "<normal-notes>2</normal-notes></time-modification>"
    )
    attributes = (
        "<attributes><divisions>2</divisions><key><fifths>1</fifths><mode>major</mode>"
        "</key><time><beats>4</beats><beat-type>4</beat-type></time><staves>2</staves>"
        "<clef number='1'><sign>G</sign><line>2</line></clef>"
        "<clef number='2'><sign>F</sign><line>4</line></clef></attributes>"
    )
    direction = (
        "<direction><direction-type><metronome><beat-unit>quarter</beat-unit>"
        "<per-minute>90</per-minute></metronome></direction-type>"
        "<sound tempo='90'/></direction>"
    )
    back = "<backup><duration>8</duration></backup>"
    voices = []
    for voice, steps in enumerate(("GABC", "DDDE", "BAGA", "GFED"), 1):
        staff, octave = (voice + 1) // 2, (5, 4, 3, 2)[voice - 1]
        voices.append(
            "".join(
                _note(
                    step, octave, voice, staff=staff, more=lyric if voice == 1 else ""
                )
                for step in steps
            )
        )
    first = attributes + direction + back.join(voices)
    tie = "<tie type='start'/>", "<tie type='stop'/>"
    second = (
        "<barline location='left'><repeat direction='forward'/></barline>"
        + _note("F", 5, alter="<alter>1</alter>", tie=tie[0])
        + _note("F", 5, alter="<alter>1</alter>", tie=tie[1])
        + _note("A", 4, chord="<chord/>")
        + "<note><grace/><pitch><step>G</step><octave>5</octave></pitch>"
        "<voice>1</voice></note>"
        + _note("G", 5, more=triplet)
        + "<forward><duration>2</duration></forward>"
        + back
        + "<note><rest measure='yes'/><duration>8</duration><voice>2</voice></note>"
        + back
        + _note("G", 2, 4, 8, staff=2, more=fermata)
        + "<barline location='right'><repeat direction='backward' times='2'/></barline>"
    )
    ending = (
        "<barline location='left'><ending number='1' type='start'/></barline>"
        + _note("G", 5, 1, 8, more=fermata)
        + "<barline location='right'><ending number='1' type='stop'/>"
        "<repeat direction='backward'/></barline>"
    )
    measures = "".join(
        f"<measure number='{number}'>{content}</measure>"
        for number, content in enumerate((first, second, ending, first), 1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE score-partwise PUBLIC '
        '"-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
        '"http://www.musicxml.org/dtds/partwise.dtd">'
        '<score-partwise version="4.0"><work><work-title>A hymn</work-title></work>'
        "<identification><creator type='composer'>Anon.</creator></identification>"
        "<part-list><score-part id='P1'><part-name>Choir</part-name></score-part>"
        f"</part-list><part id='P1'>{measures}</part></score-partwise>"
    )


def _mei() -> str:
    """Return a document of two measures with beams, a tie and a fermata."""
    notes = (
        '<note xml:id="a" pname="g" oct="4" dur="4" dots="1" accid.ges="n"/>'
        '<beam><note pname="a" oct="4" dur="8"/></beam><rest dur="4"/>'
        '<tuplet num="3" numbase="2"><note pname="f" oct="4" dur="8" accid="s"/>'
        '<chord dur="8"><note pname="b" oct="4"/><note pname="d" oct="5"/></chord>'
        '<note xml:id="b" pname="g" oct="4" dur="8" tie="i"/></tuplet>'
    )
    measures = "".join(
        f'<measure n="{number}" right="rptend"><staff n="1"><layer n="1">{content}'
        '</layer></staff><tempo tstamp="1" mm="60" mm.unit="4"/>'
        '<tie startid="#b" endid="#c"/><fermata startid="#a"/></measure>'
        for number, content in enumerate(
            (notes, '<note xml:id="c" pname="g" oct="4" dur="1"/>', "<mRest/>"), 1
        )
    )
    return (
        '<mei><music><body><mdiv><score><scoreDef key.sig="1s" meter.count="4" '
        'meter.unit="4"><staffGrp><staffDef n="1" clef.shape="G" clef.line="2">'
        '<label>Tune</label></staffDef></staffGrp></scoreDef><section><ending n="1">'
        f"{measures}</ending></section></score></mdiv></body></music></mei>"
    )


def _musescore() -> str:
    """Return a score of two measures with a tuplet, a tie, a gap and a fermata."""
    note = "<Note>{}<pitch>67</pitch><tpc>15</tpc></Note>"
    tie = '<Spanner type="Tie"><{}/></Spanner>'
    first = (
        "<KeySig><accidental>1</accidental></KeySig><Tempo><tempo>1.5</tempo></Tempo>"
        "<TimeSig><sigN>4</sigN><sigD>4</sigD></TimeSig><Fermata/>"
        f"<Chord><dots>1</dots><durationType>half</durationType>{note.format('')}"
        "<Lyrics><text>La</text></Lyrics></Chord><Tuplet><normalNotes>2</normalNotes>"
        "<actualNotes>3</actualNotes></Tuplet><Chord><durationType>quarter"
        f"</durationType>{note.format(tie.format('next'))}</Chord><endTuplet/>"
    )
    second = (
        f"<Chord><durationType>half</durationType>{note.format(tie.format('prev'))}"
        "</Chord><location><fractions>1/4</fractions></location>"
        "<Rest><durationType>quarter</durationType></Rest>"
    )
    return (
        '<museScore version="3.02"><Score><Part><Staff id="1"/><trackName>Tune'
        f'</trackName></Part><Staff id="1"><Measure len="4/4"><voice>{first}</voice>'
        f"</Measure><Measure><endRepeat>2</endRepeat><voice>{second}</voice></Measure>"
        "</Staff></Score></museScore>"
    )


def _write_scores(folder: Path) -> None:
    from chorale.formats.files import write

    texts = {"kern": KERN, "abc": ABC, "musicxml": _musicxml()}
    texts |= {"mei": _mei(), "musescore": _musescore()}
    endings = {"kern": "krn", "abc": "abc", "musicxml": "musicxml"}
    endings |= {"mei": "mei", "musescore": "mscx"}
    for name, text in texts.items():
        (folder / name).mkdir()
        (folder / name / f"piece.{endings[name]}").write_text(text, encoding="utf-8")
    (folder / "musicxml-written").mkdir()
    written = folder / "musicxml-written" / "piece.xml"
    write(_chorale(), written)
    container = (
        '<?xml version="1.0"?><container><rootfiles>'
        '<rootfile full-path="score.xml"/></rootfiles></container>'
    )
    (folder / "mxl").mkdir()
    with zipfile.ZipFile(
        folder / "mxl" / "piece.mxl", "w", zipfile.ZIP_DEFLATED
    ) as archive:
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("score.xml", texts["musicxml"])
        archive.writestr("__MACOSX/._score.xml", b"\0\5\26\7")


def _chorale() -> Any:
    from tiny import tiny_chorale

    return tiny_chorale(np.random.default_rng(0), quarters=16)


def _write_midi(folder: Path) -> None:
    import mido

    from chorale.formats.midi.writer import write_midi

    for name in ("midi", "midi-one-track", "rmid"):
        (folder / name).mkdir()
    path = folder / "midi" / "piece.mid"
    write_midi(_chorale(), path)
    content = path.read_bytes()
    chunk = b"RMIDdata" + len(content).to_bytes(4, "little") + content
    riff = b"RIFF" + len(chunk).to_bytes(4, "little") + chunk
    (folder / "rmid" / "piece.mid").write_bytes(riff)
    meta, track = mido.MetaMessage, mido.MidiTrack()
    track += [
        meta("track_name", name="tune"),
        meta("set_tempo", tempo=600_000),
        meta("time_signature", numerator=3, denominator=4),
        meta("key_signature", key="F#m"),
        meta("lyrics", text="Lo"),
    ]
    for pitch in (66, 68, 69, 71, 73, 69, 68, 66, 65, 66):
        track.append(mido.Message("note_on", note=pitch, velocity=80, time=20))
        track.append(mido.Message("note_on", note=pitch, velocity=0, time=460))
    file = mido.MidiFile(type=0, tracks=[track])
    file.save(folder / "midi-one-track" / "piece.mid")


def _read_music(folder: Path) -> None:
    """Read the one file as four voices, then as a melody, and write what was read.

    Raises:
        ChoraleError: it is neither.
    """
    from chorale.errors import ChoraleError
    from chorale.formats.files import read_line, read_spelled, write
    from chorale.formats.reading import ReadingOptions

    (path,) = folder.glob("piece.*")
    tunes = (1, 2) if path.suffix == ".abc" else (None,)
    refused = []
    for tune in tunes:
        options = ReadingOptions(tune=tune)
        for read in (read_spelled, lambda path, options: read_line(path, 0, options)):
            try:
                reading = read(path, options)
                assert all(remark.isprintable() for remark in reading.remarks())
                for ending in ("mid", "musicxml", "csv"):
                    write(reading.chorale, folder / f"written.{ending}")
            except ChoraleError as error:
                refused.append(error)
    if len(refused) == 2 * len(tunes):
        raise refused[0]


for _name in ("kern", "abc", "musicxml", "musicxml-written", "mxl", "csv"):
    CASES[_name] = _read_music
for _name in ("mei", "musescore"):
    CASES[_name] = _read_music
for _name in ("midi", "midi-one-track", "rmid"):
    CASES[_name] = _read_music


# === Corpora and tables ===


def _annotate(corpus: Path) -> None:
    """Add annotations and an index to a corpus."""
    from chorale.corpus.index import Entry, write_index
    from chorale.corpus.loading import annotations_path
    from chorale.formats.classic_csv import read_csv, write_annotations
    from chorale.utils.files import sha256

    entries = []
    for path in sorted(corpus.glob("*/*.csv")):
        chorale = read_csv(path)
        write_annotations(chorale, annotations_path(path))
        entries.append(
            Entry(
                file=path.relative_to(corpus).as_posix(),
                split=path.parent.name,
                bwv="1.6",
                score="bwv1.6.mxl",
                title="A hymn",
                key="G major",
                metre="4/4 3/4@16",
                pickup=4,
                steps=chorale.steps,
                tune_group=1,
                sha256=sha256(path),
            )
        )
    write_index(entries, corpus)


@case
def read_corpus(folder: Path) -> None:
    from chorale.corpus.loading import load_corpus, unseen_melodies

    corpus = load_corpus(folder)
    load_corpus(folder, strict=False)
    unseen_melodies(corpus, "valid")


def _write_tables(folder: Path) -> None:
    from chorale.corpus.loading import MANIFEST_FILE, bundled_corpus

    (folder / "manifest").mkdir()
    lines = (bundled_corpus() / MANIFEST_FILE).read_text("utf-8").splitlines(True)
    (folder / "manifest" / MANIFEST_FILE).write_text("".join(lines[:40]), "utf-8")
    rows = [
        f"2020-{month:02}-{day:02},{day / 7:.3f},{-day}"
        for month, days in ((1, 31), (2, 29), (3, 31))
        for day in range(1, days + 1)
    ]
    (folder / "series").mkdir()
    text = "\n".join(["date,high,low", *rows, ""])
    (folder / "series" / "series.csv").write_text(text, "utf-8")


@case
def read_manifest(folder: Path) -> None:
    from chorale.corpus.manifest import Row
    from chorale.utils.tables import read_rows

    for _, cells in read_rows(folder / "manifest.csv", Row._fields):
        Row(*cells)


@case
def read_series(folder: Path) -> None:
    from chorale.forecasting.csv_series import TableOptions, read_csv_series

    read_csv_series(folder / "series.csv", TableOptions(steps=5, ahead=2))


# === Drawings ===


def _write_sketches(folder: Path, shapes: Path) -> None:
    from chorale.sketches.formats.files import read_sketches, write_sketches

    sketches = list(read_sketches(shapes))[:8]
    words = sorted({sketch.word for sketch in sketches})
    names = "ndjson bin compact sketch-rnn tfrecord svg json-strokes json-points"
    for name in names.split():
        (folder / name).mkdir()
    drawn = [[stroke.astype(int).T.tolist() for stroke in s.strokes] for s in sketches]
    lines = [
        json.dumps({"word": s.word, "recognized": True, "drawing": strokes})
        for s, strokes in zip(sketches, drawn, strict=True)
    ]
    (folder / "ndjson" / "cat.ndjson").write_text("\n".join(lines))
    (folder / "json-strokes" / "cat.json").write_text(json.dumps(drawn[0]))
    points = [[{"x": x, "y": y} for x, y in zip(*s, strict=True)] for s in drawn[1]]
    (folder / "json-points" / "cat.json").write_text(json.dumps(points))
    records = b""
    for strokes in drawn:
        records += bytes(10) + b"\1" + bytes(4) + len(strokes).to_bytes(2, "little")
        for stroke in strokes:
            records += len(stroke[0]).to_bytes(2, "little")
            records += bytes(stroke[0]) + bytes(stroke[1])
    (folder / "bin" / "cat.bin").write_bytes(records)
    write_sketches(folder / "compact" / "cat.npz", sketches, words)
    write_sketches(folder / "tfrecord" / "cat.tfrecord", sketches, words)
    rnn = np.empty(3, object)
    rnn[:] = [np.array([[5, 5, 0], [-3, 2, 1], [4, 4, 1]], np.int16)] * 3
    packed = io.BytesIO()
    np.savez(packed, train=rnn, valid=rnn, test=rnn)
    (folder / "sketch-rnn" / "cat.npz").write_bytes(packed.getvalue())
    (folder / "svg" / "cat.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" width="50mm">'
        "<style>.a { fill: none; stroke: #000 } #b { opacity: 0.5 }</style>"
        '<rect width="100" height="100" fill="#fff"/>'
        '<g transform="translate(10 5) rotate(20)" stroke="black" fill="none">'
        '<path class="a" d="M 10 10 L 20 20 C 1 2 3 4 50 6 Q 7 8 9 1 A 5 5 0 0 1 8 8Z"/'
        '><circle cx="30" cy="30" r="10"/><ellipse cx="5" cy="6" rx="3" ry="2"/>'
        '<line id="b" x1="0" y1="0" x2="9" y2="9"/><line x1="9" y1="9" x2="5" y2="0"/>'
        '<polyline points="1,2 3,4 5,6"/><polygon points="0,0 9,0 9,9" '
        'style="stroke-width:2;display:inline"/></g>'
        '<defs><path id="p" d="M0 0h1"/></defs><text>no</text></svg>'
    )


def _read_drawings(folder: Path) -> None:
    from itertools import islice

    from chorale.sketches.formats.files import find_files, read_sketches
    from chorale.sketches.preprocessing import to_ink

    (path,) = (p for p in sorted(folder.iterdir()) if p.suffix != ".classes")
    if path.suffix != ".svg":
        find_files([folder])
    for sketch in islice(read_sketches(path, trust="rnn" in str(folder)), 100):
        to_ink(sketch.strokes)


for _name in ("ndjson", "bin", "compact", "sketch-rnn", "tfrecord", "svg"):
    CASES[_name] = _read_drawings


@case
def read_json_strokes(folder: Path) -> None:
    from chorale.sketches.formats.files import read_sketches

    list(read_sketches(folder / "cat.json"))


CASES["json-points"] = read_json_strokes


# === Models, runs and suites ===


@case
def read_next_step(folder: Path) -> None:
    from chorale.models.next_step import NetworkPredictor
    from chorale.models.storage import load_model

    predictor = load_model(folder, kind="next-step")
    assert isinstance(predictor, NetworkPredictor)
    features = len(predictor.plan_features)
    plan = np.ones((2, features), np.int64)
    state = predictor.start(plan)
    tokens = np.ones((2, 4), np.int64)
    for voice in range(4):
        predictor.voice_logits(state, voice, tokens)
    state = predictor.advance(state, tokens, plan)
    predictor.score(np.ones((2, 5, 4), np.int64), np.ones((2, 5, features), np.int64))


@case
def read_infiller(folder: Path) -> None:
    from chorale.models.storage import load_model

    infiller = load_model(folder, kind="infiller")
    features = len(infiller.plan_features)
    cells = np.ones((2, 5, 4), np.int64)
    infiller.logits(cells, cells > 2, np.ones((2, 5, features), np.int64))


@case
def read_classifier(folder: Path) -> None:
    from chorale.sketches.models import load_classifier
    from chorale.sketches.preprocessing import to_inks

    classifier = load_classifier(folder, threads=1)
    stroke = np.linspace((0, 0), (9, 30), 20)
    classifier.probabilities(to_inks([[stroke], [stroke, stroke]]))


# Two cases: there is much more to damage in arrays than in texts.
RUN_FILES = {
    "run": ("options.json", "data.json", "history.csv"),
    "checkpoint": ("checkpoint.npz", "best.npz"),
}


@case
def read_run(folder: Path) -> None:
    from chorale.models.options import NetworkOptions
    from chorale.nn.runs import Run
    from chorale.training.options import TrainingOptions

    run = Run(folder)
    run.settings(NetworkOptions, TrainingOptions)
    try:
        stored = json.loads((folder / "data.json").read_bytes())
        run.check_data({**stored, "files": {**stored["files"]}})
    except (ValueError, TypeError, KeyError, RecursionError):
        run.check_data({"files": {}})


@case
def read_checkpoint(folder: Path) -> None:
    from chorale.nn.runs import Run

    for name in ("checkpoint", "best"):
        Run(folder).load(name)


@case
def read_suite(folder: Path) -> None:
    from chorale.forecasting.results import write_results
    from chorale.forecasting.saved_forecasts import read_forecasts
    from chorale.forecasting.saved_forecasts import read_series as read_saved

    for series in read_saved(folder).values():
        saved = read_forecasts(folder, series)
        for name in saved.forecasts:
            saved.errors(name)
    write_results(folder / "results.csv", [])


def repair(folder: Path) -> None:
    """Correct the hashes in a card, so that damaged files of a model are opened."""
    from chorale.utils.files import sha256

    path = folder / "card.json"
    try:
        values = json.loads(path.read_bytes())
        for name in values["files"]:
            if (folder / name).is_file() and "/" not in name:
                values["files"][name] = sha256(folder / name)
        path.write_text(json.dumps(values))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return  # there is no card any more
