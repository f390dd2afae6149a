"""Builds the bundled corpus, `data/`, from the scores of Bach that are part of music21.

`data/manifest.csv` assigns the scores to pieces and splits. This module reads them and
quantizes them to sixteenths.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib.util import find_spec
from itertools import accumulate, zip_longest
from pathlib import Path

import numpy as np

from chorale.corpus.index import Entry, format_metres, read_index, write_index
from chorale.corpus.loading import MANIFEST_FILE, bundled_corpus
from chorale.corpus.manifest import Row, read_manifest
from chorale.errors import DataError, UsageError, located
from chorale.formats.classic_csv import write_annotations, write_csv
from chorale.formats.musicxml.reader import open_musicxml
from chorale.formats.scores.notes import ScoreNote, join_ties, on_grid
from chorale.formats.scores.written_score import Staff, WrittenScore
from chorale.music.keys import estimate_key, keys_near
from chorale.music.metre import (
    COMMON_TIME,
    Measure,
    Metre,
    number_measures,
)
from chorale.music.score import Chorale
from chorale.music.voices import VOICE_NAMES, VOICES
from chorale.utils.arrays import BoolArray
from chorale.utils.files import sha256, write_text
from chorale.utils.progress import Progress

# === Building ===


def build(
    output: Path | str,
    *,
    only: Collection[str] | None = None,
    progress: Progress | None = None,
) -> tuple[Entry, ...]:
    """Build the corpus, or some of its pieces, from music21's scores.

    The same manifest and the same scores give the same bytes.

    Args:
        output: the corpus folder; pieces in it are replaced.
        only: numbers of pieces, three digits each; None for all.
        progress: called with the pieces done and the total.

    Returns:
        The index of the folder.

    Raises:
        UsageError: a number is not in the manifest.
        DataError: a score is missing, or is not the one described by the manifest.
        OutputError: the folder cannot be written.
    """
    output = Path(output)
    rows = [row for row in read_manifest() if not row.excluded]
    if only is not None:
        unknown = sorted(set(only) - {row.number for row in rows})
        if unknown:
            raise UsageError(
                "expected numbers of pieces in data/manifest.csv, such as 305, "
                f"got {', '.join(unknown)}"
            )
        rows = [row for row in rows if row.number in only]
    kept = () if only is None else read_index(output)
    entries = {entry.file: entry for entry in kept}
    for done, row in enumerate(rows, start=1):
        entries[row.file] = _build_piece(row, output)
        if progress is not None:
            progress(done, len(rows))
    index = tuple(entries[file] for file in sorted(entries))
    write_index(index, output)
    # Provenance and terms are part of the corpus.
    for name in (MANIFEST_FILE, "README.md"):
        text = (bundled_corpus() / name).read_text(encoding="utf-8")
        write_text(output / name, text)
    return index


def _build_piece(row: Row, output: Path) -> Entry:
    chorale = read_score(score_folder() / row.score, expand=row.repeats == "expanded")
    if chorale.pickup != int(row.pickup):
        raise DataError(
            f"expected a pickup of {row.pickup} steps, as in {MANIFEST_FILE}, got "
            f"{chorale.pickup}: is this another version of music21?",
            row.score,
        )
    file = output / row.file
    write_csv(chorale, file)
    write_annotations(
        chorale, output / "annotations" / file.relative_to(output / "chorales")
    )
    return Entry(
        file=row.file,
        split=row.split,
        bwv=row.bwv,
        score=row.score,
        title=row.title,
        key=chorale.key.name if chorale.key else "",
        metre=format_metres(chorale.metres),
        pickup=chorale.pickup,
        steps=chorale.steps,
        tune_group=int(row.tune_group),
        sha256=sha256(file),
    )


def score_folder() -> Path:
    """Return the folder of Bach's scores inside music21.

    Raises:
        DataError: music21 is not installed.
    """
    spec = find_spec("music21")  # which takes seconds to import
    if spec is None or spec.origin is None:
        raise DataError("expected the scores of music21, it is not installed")
    return Path(spec.origin).parent / "corpus" / "bach"


# === Scores ===


@dataclass(frozen=True, kw_only=True)
class _Passage:
    """A measure of the score; a repeat sign may make it shorter than a bar."""

    # The notes of each voice, from the start of the measure, without rests.
    lines: tuple[tuple[ScoreNote, ...], ...]
    length: Fraction  # in steps
    metre: Metre  # the current time signature
    upbeat: bool  # whether it is the end of a full bar
    repeat_from: bool  # whether a repeated section starts here
    repeat_to: bool  # whether one ends here
    ending: int  # 1 or 2 in a first or second ending, else 0

    @property
    def interlude(self) -> bool:
        """Whether all four voices rest for a whole bar."""
        return self.length == self.metre.bar_length and not any(self.lines)


def read_score(path: Path | str, *, expand: bool = False) -> Chorale:
    """Read a four-part chorale from a score of music21's corpus.

    The voices are the first parts whose names begin with Soprano, Alto, Tenor and Bass.
    Other instruments are left out, as are bars in which they play alone. A step has the
    notes that sound at its beginning: of two thirty-second notes the first is kept, and
    grace notes are dropped.

    Args:
        path: the score.
        expand: whether to play repeated sections twice, with first and second endings;
            otherwise they are played once, with the second ending.

    Raises:
        DataError: there is no such file, or it lacks a voice.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError("expected a score, there is no such file", path)
    with located(path):
        score = open_musicxml(path)
        staves = [_staff(score, name) for name in VOICE_NAMES]
        passages = [
            passage for passage in _passages(score, staves) if not passage.interlude
        ]
        signature = staves[0].key
        sharps = signature.fifths if signature else 0
        return _quantize(_play(passages, expand), sharps, path.stem)


def _staff(score: WrittenScore, voice: str) -> Staff:
    for staff in score.staves:
        if staff.name.lower().startswith(voice):
            return staff
    raise DataError(f"expected a part for the {voice}, found none")


def _passages(score: WrittenScore, staves: Sequence[Staff]) -> list[_Passage]:
    """Read the measures of four staves."""
    passages = []
    metre = COMMON_TIME
    columns = zip(*(staff.bars for staff in staves), strict=True)
    for index, (bar, column) in enumerate(zip(score.bars, columns, strict=True)):
        metre = bar.metre or metre
        lines = [[note for line in staff for note in line] for staff in column]
        length = max(note.end for line in lines for note in line)
        begins = index == 0 or bar.metre is not None
        passages.append(
            _Passage(
                lines=tuple(
                    tuple(note for note in line if note.pitches) for line in lines
                ),
                length=length,
                metre=metre,
                upbeat=bar.upbeat or (begins and length < metre.bar_length),
                repeat_from=bar.repeat_start,
                repeat_to=bar.repeat_end,
                ending=min(bar.endings, default=0),
            )
        )
    return passages


def _play(passages: Sequence[_Passage], expand: bool) -> list[_Passage]:
    """Return the passages in order of playing."""
    played = []
    section = 0  # start of the current repeated section
    is_last = not expand  # whether this is the last time through the section
    position = 0
    while position < len(passages):
        passage = passages[position]
        if passage.repeat_from and position != section:
            section, is_last = position, not expand
        if not (passage.ending == 1 and is_last):
            played.append(passage)
        if passage.repeat_to and not is_last:
            position, is_last = section, True
            continue
        if passage.repeat_to:
            section, is_last = position + 1, not expand
        position += 1
    return played


def _quantize(passages: Sequence[_Passage], sharps: int, source: str) -> Chorale:
    """Quantize passages to sixteenths."""
    starts = [Fraction(0), *accumulate(passage.length for passage in passages)]
    lines = [
        join_ties(
            note.delayed(start)
            for start, passage in zip(starts, passages, strict=False)
            for note in passage.lines[voice]
        )
        for voice in range(VOICES)
    ]
    measures = [
        Measure(
            length=math.ceil(passage.length),
            metre=passage.metre,
            upbeat=_is_upbeat(passage, after),
        )
        for passage, after in zip_longest(passages, passages[1:])
    ]
    bars, positions, metres = number_measures(measures)
    chorale = Chorale.from_notes(
        [on_grid(line) for line in lines],
        len(bars),
        fermatas=_fermatas(lines, len(bars)),
        bars=bars,
        positions=positions,
        metres=metres,
        source=source,
    )
    # Bach writes modal tunes with a flat or a sharp fewer.
    key = estimate_key(chorale.pitches, keys_near(sharps))
    return replace(chorale, key=key)


def _is_upbeat(passage: _Passage, after: _Passage | None) -> bool:
    """Return whether a passage is an incomplete bar without its beginning."""
    full = passage.metre.bar_length
    if after is None or passage.length + after.length <= full:
        return False
    return passage.upbeat or 2 * passage.length < full


def _fermatas(lines: Sequence[Sequence[ScoreNote]], steps: int) -> BoolArray:
    """Return which of a piece's steps have a fermata, bool array (steps,).

    The fermatas of several voices at one cadence count as one: among notes that
    overlap, that of the highest voice.
    """
    fermatas = np.zeros(steps, np.bool_)
    spans = sorted(
        (*note.span(), voice)
        for voice, line in enumerate(lines)
        for note in line
        if note.fermata
    )
    cluster: list[tuple[int, int, int]] = []
    for span in [*spans, (steps, steps, VOICES)]:
        if cluster and span[0] >= max(end for _, end, _ in cluster):
            highest = min(voice for _, _, voice in cluster)
            for start, end, voice in cluster:
                if voice == highest:
                    fermatas[start:end] = True
            cluster = []
        cluster.append(span)
    return fermatas
