"""What is known of the parts of a file, and how messages name them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chorale.errors import DataError
from chorale.music.voices import VOICE_NAMES, VOICES


@dataclass(frozen=True, kw_only=True)
class PartInfo:
    """What is known of a part, staff or track before its voices are separated.

    Attributes:
        name, abbreviation: may be empty.
        clef: of the first bar, as in `scores.written_score.Staff`; empty if unknown.
        mean: mean pitch of its notes, 0 without notes.
        lowest, highest: MIDI notes, 0 without notes.
        program: General MIDI program counted from 0, None if unknown.
        has_notes: whether it has notes.
        most_at_once: most notes that sound at once.
        voices: most voices that are written in a bar, with notes or rests.
    """

    name: str = ""
    abbreviation: str = ""
    clef: str = ""
    mean: float = 0.0
    lowest: int = 0
    highest: int = 0
    program: int | None = None
    has_notes: bool = True
    most_at_once: int = 1
    voices: int = 1


# === Messages ===


def not_clear(parts: Sequence[PartInfo], with_notes: Sequence[int]) -> DataError:
    """Return the error if it is not clear which parts are the voices."""
    if len(with_notes) == 1:
        most = parts[with_notes[0]].most_at_once
        notes = "one note" if most == 1 else f"{most} notes"
        return DataError(
            "expected four voices, got a single part, "
            f"{list_parts(parts, with_notes)}, with at most {notes} at once: "
            "chorale harmonize adds voices to a melody"
        )
    return DataError(
        "expected four voices, it is not clear which of the parts they are: "
        f"{list_parts(parts, with_notes)}; choose four, soprano first, or two of two "
        f"voices each, as with --parts {example_of(with_notes)}; a melody alone is for "
        f"chorale harmonize, with --parts {with_notes[0] + 1}"
    )


def list_parts(parts: Sequence[PartInfo], indices: Sequence[int]) -> str:
    """Return numbers and names, as `1 "Women", 2 "Men"`."""
    return ", ".join(label_of(parts, index) for index in indices)


def label_of(parts: Sequence[PartInfo], index: int) -> str:
    part = parts[index]
    name = " ".join((part.name or part.abbreviation).split())[:40]
    return f'{index + 1} "{name}"' if name else f"{index + 1} (no name)"


def list_voices(parts: Sequence[PartInfo], indices: Sequence[int]) -> str:
    """Return the parts of the voices, as `soprano = part 4, ...`."""
    return ", ".join(
        f"{name} = part {label_of(parts, index)}"
        for name, index in zip(VOICE_NAMES, indices, strict=True)
    )


def example_of(indices: Sequence[int]) -> str:
    """Return numbers of parts as a user may give them."""
    count = VOICES if len(indices) >= VOICES else min(len(indices), 2)
    return ",".join(str(index + 1) for index in indices[:count])
