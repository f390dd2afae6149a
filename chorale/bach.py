"""Bach's chorales: builds `data/` from the scores that travel with music21.

Which score is which piece of which split is written down in `data/manifest.csv`; this
module reads the scores it names and lays them on the grid of sixteenths.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from chorale.corpus import MANIFEST_FILE, bundled_corpus
from chorale.errors import DataError, UsageError
from chorale.files import sha256, write_text
from chorale.formats.classic_csv import write_annotations, write_csv
from chorale.index import Entry, format_metres, read_index, write_index
from chorale.manifest import Row, read_manifest
from chorale.score import (
    STEPS_PER_QUARTER,
    BoolArray,
    Chorale,
    Key,
    Metre,
    Note,
    estimate_key,
)
from chorale.voices import VOICE_NAMES, VOICES

# === Building ===


def build(
    output: Path | str,
    *,
    only: Collection[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Entry, ...]:
    """Build the corpus, or some of its pieces, from music21's scores.

    The same manifest and the same scores give the same bytes.

    Args:
        output: the corpus folder. Pieces that it holds already are replaced.
        only: numbers of pieces, three digits each; all if None.
        progress: called with the pieces done and their total after each piece.

    Returns:
        The index of the folder.

    Raises:
        UsageError: `only` names a piece that the manifest does not have.
        DataError: a score is missing or is not the one that the manifest describes.
        OutputError: the folder cannot be written.
    """
    output = Path(output)
    rows = [row for row in read_manifest() if not row.excluded]
    if only is not None:
        unknown = sorted(set(only) - {row.number for row in rows})
        if unknown:
            raise UsageError(
                "expected numbers of pieces as in data/manifest.csv, such as 305, "
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
    # Where the scores come from, and under which terms, travels with them.
    for name in (MANIFEST_FILE, "README.md"):
        text = (bundled_corpus() / name).read_text(encoding="utf-8")
        write_text(output / name, text)
    return index


def _build_piece(row: Row, output: Path) -> Entry:
    chorale = read_score(score_folder() / row.score, expand=row.repeats == "expanded")
    if chorale.pickup != int(row.pickup):
        raise DataError(
            f"expected a pickup of {row.pickup} steps, as {MANIFEST_FILE} says, "
            f"got {chorale.pickup}: is it another version of music21?",
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
    """Return the folder of Bach's scores inside music21."""
    import music21

    return Path(music21.__file__).parent / "corpus" / "bach"


# === Scores ===


class _Tone(NamedTuple):
    """A note head: MIDI pitch, start and end in quarters, and what hangs on it."""

    pitch: int
    start: Fraction
    end: Fraction
    tied_back: bool
    tied_on: bool
    fermata: bool


@dataclass(frozen=True, kw_only=True)
class _Measure:
    """A measure of the score, which a repeat sign may make shorter than a bar.

    Attributes:
        tones: the note heads of each voice, from the start of the measure.
        length: in quarters.
        numerator, denominator: the time signature in force.
        upbeat: it lacks its beginning, not its end.
        repeat_from, repeat_to: a repeated section starts or ends here.
        ending: 1 or 2 in a first or second ending, else 0.
    """

    tones: tuple[tuple[_Tone, ...], ...]
    length: Fraction
    numerator: int
    denominator: int
    upbeat: bool
    repeat_from: bool
    repeat_to: bool
    ending: int

    @property
    def full(self) -> Fraction:
        """Quarters in a full bar."""
        return Fraction(4 * self.numerator, self.denominator)

    @property
    def interlude(self) -> bool:
        """Whether all four voices rest for a whole bar."""
        return self.length == self.full and not any(self.tones)


def read_score(path: Path | str, *, expand: bool = False) -> Chorale:
    """Read a four-part chorale from a score of music21's corpus.

    Voices are the parts whose names begin with Soprano, Alto, Tenor and Bass, the first
    of each; other instruments are left out, and with them the bars in which they play
    alone. Each step holds what sounds at its beginning, so that of two thirty-seconds
    the first stays, and grace notes go.

    Args:
        path: the score.
        expand: play repeated sections twice, with their first and second endings;
            otherwise once, with the second ending alone.

    Raises:
        DataError: there is no such file, or it lacks one of the voices.
    """
    from music21 import converter

    path = Path(path)
    if not path.is_file():
        raise DataError("expected a score of music21's corpus, there is none", path)
    # The cache of an earlier parse may come from another version of music21.
    score = converter.parse(path, forceSource=True)
    parts = [_part(score, name, path) for name in VOICE_NAMES]
    signature = parts[0].recurse().getElementsByClass("KeySignature").first()
    measures = [measure for measure in _measures(parts) if not measure.interlude]
    return _lay_out(_play(measures, expand), signature.sharps, path.stem)


def _part(score: Any, voice: str, path: Path) -> Any:
    for part in score.parts:
        if (part.partName or "").lower().startswith(voice):
            return part
    raise DataError(f"expected a part for the {voice}, there is none", path)


def _measures(parts: Sequence[Any]) -> list[_Measure]:
    """Read the measures of four music21 parts."""
    endings = {
        measure.id: int(bracket.number)
        for bracket in parts[0].recurse().getElementsByClass("RepeatBracket")
        for measure in bracket.getSpannedElements()
    }
    measures = []
    numerator, denominator = 4, 4
    columns = zip(*(part.getElementsByClass("Measure") for part in parts), strict=True)
    for column in columns:
        first = column[0]
        signature = first.timeSignature
        if signature is not None:
            numerator, denominator = signature.numerator, signature.denominator
        measures.append(
            _Measure(
                tones=tuple(_tones(measure) for measure in column),
                length=max(Fraction(measure.highestTime) for measure in column),
                numerator=numerator,
                denominator=denominator,
                upbeat=first.paddingLeft > 0,
                repeat_from=_direction(first.leftBarline) == "start",
                repeat_to=_direction(first.rightBarline) == "end",
                ending=endings.get(first.id, 0),
            )
        )
    return measures


def _direction(barline: Any) -> str:
    return str(getattr(barline, "direction", ""))


def _tones(measure: Any) -> tuple[_Tone, ...]:
    return tuple(
        _Tone(
            pitch=note.pitch.midi,
            start=Fraction(note.offset),
            end=Fraction(note.offset) + Fraction(note.quarterLength),
            tied_back=note.tie is not None and note.tie.type in ("stop", "continue"),
            tied_on=note.tie is not None and note.tie.type in ("start", "continue"),
            fermata=any("Fermata" in mark.classes for mark in note.expressions),
        )
        for note in measure.getElementsByClass("Note")
    )


def _play(measures: Sequence[_Measure], expand: bool) -> list[_Measure]:
    """Return the measures in the order in which they are played."""
    played = []
    section = 0  # where the current repeated section starts
    again = not expand  # whether this is the last time through the section
    position = 0
    while position < len(measures):
        measure = measures[position]
        if measure.repeat_from and position != section:
            section, again = position, not expand
        if not (measure.ending == 1 and again):
            played.append(measure)
        if measure.repeat_to and not again:
            position, again = section, True
            continue
        if measure.repeat_to:
            section, again = position + 1, not expand
        position += 1
    return played


# === The grid ===


def _lay_out(measures: Sequence[_Measure], sharps: int, source: str) -> Chorale:
    """Lay measures on the grid of sixteenths."""
    bars, positions, metres = _count_bars(measures)
    starts = [Fraction(0)]
    for measure in measures:
        starts.append(starts[-1] + measure.length)
    lines = [
        _join_ties(
            tone._replace(start=start + tone.start, end=start + tone.end)
            for start, measure in zip(starts, measures, strict=False)
            for tone in measure.tones[voice]
        )
        for voice in range(VOICES)
    ]
    chorale = Chorale.from_notes(
        [[note for note, _ in line] for line in lines],
        len(bars),
        fermatas=_fermatas(
            [[note for note, fermata in line if fermata] for line in lines], len(bars)
        ),
        bars=bars,
        positions=positions,
        metres=tuple(metres),
        source=source,
    )
    # One fifth to each side: Bach writes modal tunes with a flat or a sharp less.
    candidates = [
        Key.from_fifths(fifths, mode)
        for fifths in (sharps, sharps - 1, sharps + 1)
        if abs(fifths) <= 7
        for mode in ("major", "minor")
    ]
    return replace(chorale, key=estimate_key(chorale.pitches, candidates))


def _join_ties(tones: Iterable[_Tone]) -> list[tuple[Note, bool]]:
    """Return the notes of a voice, tied note heads as one, and which bear a fermata."""
    joined: list[_Tone] = []
    for tone in tones:
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.tied_on
            and tone.tied_back
            and last.pitch == tone.pitch
            and last.end == tone.start
        ):
            joined[-1] = tone._replace(
                start=last.start, fermata=last.fermata or tone.fermata
            )
        else:
            joined.append(tone)
    notes = []
    for tone in joined:
        start, end = _step(tone.start), _step(tone.end)
        if end > start:
            notes.append((Note(tone.pitch, start, end - start), tone.fermata))
    return notes


def _step(quarters: Fraction) -> int:
    """Return the first step that begins at a time or after it."""
    return math.ceil(quarters * STEPS_PER_QUARTER)


def _fermatas(held: Sequence[Sequence[Note]], steps: int) -> BoolArray:
    """Return where a fermata stands.

    The voices of one cadence bear one fermata between them: of notes that overlap, the
    soprano's count, else those of the next voice that bears one.

    Args:
        held: the notes with fermatas, of each voice.
        steps: length of the piece.

    Returns:
        bool array (steps,).
    """
    fermatas = np.zeros(steps, np.bool_)
    spans = sorted(
        (note.start, note.start + note.length, voice)
        for voice, line in enumerate(held)
        for note in line
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


def _count_bars(
    measures: Sequence[_Measure],
) -> tuple[list[int], list[int], list[Metre]]:
    """Number the bars.

    A bar that a repeat sign or a double bar cuts in two stays one bar, whose positions
    go on. A short measure that the next one does not complete is the end of a bar if it
    is an upbeat, else the beginning of one.

    Returns:
        The number of the bar at each step, the steps since its barline, and the time
        signatures.
    """
    bars: list[int] = []
    positions: list[int] = []
    metres: list[Metre] = []
    bar, position = 0, 0
    full = 0  # steps in a full bar of the metre in force
    for index, measure in enumerate(measures):
        length = _step(measure.length)
        changed = not metres or (measure.numerator, measure.denominator) != (
            metres[-1].numerator,
            metres[-1].denominator,
        )
        if changed:
            metres.append(Metre(measure.numerator, measure.denominator, len(bars)))
            full = metres[-1].bar_length
        if changed or not position or position + length > full:
            last = index == len(measures) - 1
            upbeat = _is_upbeat(measure, None if last else measures[index + 1])
            position = full - length if upbeat else 0
            bar += 0 if index == 0 and upbeat else 1
        for _ in range(length):
            if position == full:
                bar, position = bar + 1, 0
            bars.append(bar)
            positions.append(position)
            position += 1
        position %= full
    return bars, positions, metres


def _is_upbeat(measure: _Measure, after: _Measure | None) -> bool:
    """Return whether a measure at the start of a bar lacks the bar's beginning."""
    if after is None or measure.length + after.length <= measure.full:
        return False
    return measure.length < measure.full and (
        measure.upbeat or 2 * measure.length < measure.full
    )
