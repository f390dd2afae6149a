"""Plans as they are asked for: forms and cadences in words, and chords."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from chorale.encoding.plan import Plan
from chorale.errors import UsageError
from chorale.models.form import LITERAL, MELODY, Form, Phrases, Repeat
from chorale.music.harmony.analysis import key_label
from chorale.music.harmony.cadences import KINDS
from chorale.music.keys import Key

NO_FORM, BAR_FORM = "none", "aab"
_STOLLENS = (2, 3, 1, 4)  # phrases of a Stollen, the most frequent of Bach's first
_LEAST = 16  # steps after both Stollen
_CADENCES = KINDS[:-1]
_SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
_NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII")
_ACCIDENTALS = {"b": -1, "": 0, "#": 1}


class Ending(NamedTuple):
    """How a phrase ends: its key, and the kind of its cadence; None: any."""

    key: Key
    kind: str | None = None

    def __str__(self) -> str:
        label = key_label(self.key)
        return label if self.kind is None else f"{label}:{self.kind}"


class PlannedChord(NamedTuple):
    """The chord that is planned for a step, its tones and bass as pitch classes."""

    step: int
    tones: tuple[int, ...]  # from the root up
    bass: int
    ceiling: int  # lowest MIDI note of the melody while it lasts
    in_cadence: bool  # whether it is the last one of its phrase, or the one before


# === Forms ===


def with_asked_form(plan: Plan, words: str, opening: int = 0) -> tuple[Plan, Form]:
    """Return a plan of a form, and what is repeated in it.

    Args:
        plan: of a piece. For `aab`, if no phrases have the lengths of the first ones,
            its fermatas are moved so that some have.
        words: `none`, `aab`, or a letter for each phrase, such as `a b a b c d`; `a'`
            is a phrase with the melody of `a` and other voices.
        opening: steps at the beginning that are given.

    Raises:
        UsageError: other words, or a form that the plan has no room for.
    """
    if words == NO_FORM:
        return plan, Form()
    if words == BAR_FORM:
        return _bar_form(plan, opening)
    names = words.split()
    if not all(re.fullmatch("[a-z]'?", name) for name in names) or len(names) < 2:
        raise UsageError(
            f"expected a form {NO_FORM}, {BAR_FORM}, or a letter for each phrase such "
            f"as 'a b a b c d', got {words!r}"
        )
    return plan, _form_of_letters(plan, names, opening)


def _bar_form(plan: Plan, opening: int) -> tuple[Plan, Form]:
    """Return a plan in bar form and its form, see `with_asked_form`."""
    phrases = Phrases(plan)
    possible = phrases.stollens()
    for phrase in (count for count in _STOLLENS if count in possible):
        start = phrases.starts[phrase]
        if start >= opening:
            return plan, Form((Repeat(start=start, end=2 * start, source=0),))
    for phrase in _STOLLENS:
        start = phrases.starts[phrase] if phrase < len(phrases) else plan.steps
        if start < opening or 2 * start > plan.steps - _LEAST:
            continue
        fermatas = np.array(plan.fermatas)
        fermatas[start : 2 * start] = fermatas[:start]
        # A fermata that would end a very short phrase after it goes.
        fermatas[2 * start : 2 * start + _LEAST] = False
        moved = replace(plan, fermatas=fermatas)
        if Phrases(moved).are_alike(start, 0, start):
            return moved, Form((Repeat(start=start, end=2 * start, source=0),))
    raise UsageError(
        f"the plan has no room for --form {BAR_FORM}: expected phrases after the "
        f"opening that begin in the bar as the piece does and fit in twice, with "
        f"{_LEAST // 4} beats left; phrases end in bars {_ends(plan, phrases)}: ask "
        "for more --bars, a shorter --opening or another --plan"
    )


def _form_of_letters(plan: Plan, names: list[str], opening: int) -> Form:
    """Return the form of a letter for each phrase, see `with_asked_form`."""
    phrases = Phrases(plan)
    if len(names) != len(phrases):
        raise UsageError(
            f"expected a --form of {len(phrases)} letters, one for each phrase (they "
            f"end in bars {_ends(plan, phrases)}), got {len(names)}: {' '.join(names)}"
        )
    repeats = []
    for phrase, name in enumerate(names):
        of = next(i for i, other in enumerate(names) if other[0] == name[0])
        if of == phrase:
            continue
        same = dict(phrases.earlier(phrase, 0)).get(of)
        if same is None or phrases.starts[phrase] < opening:
            raise UsageError(
                f"phrase {phrase + 1} cannot repeat phrase {of + 1} as --form "
                f"{' '.join(names)!r} asks: expected one after the opening, of the "
                f"same length and place in the bar; phrases end in bars "
                f"{_ends(plan, phrases)}"
            )
        kind = MELODY if name.endswith("'") else LITERAL
        repeats.append(phrases.repeat(phrase, of, same, kind))
    return Form(tuple(repeats))


def _ends(plan: Plan, phrases: Phrases) -> str:
    """Return the bars in which phrases end: `2, 4, 6`."""
    return ", ".join(str(plan.bars[end - 1]) for end in phrases.ends)


# === Cadences ===


def asked_endings(plan: Plan, words: str) -> tuple[Ending, ...]:
    """Return how the phrases of a plan are to end.

    Args:
        plan: of a piece with a key.
        words: for each phrase the numeral of a key in that of the piece, upper case for
            major, and a kind of `chorale.music.harmony.cadences.KINDS`, which may be
            left out: `I:PAC V:HC vi I:PAC`.

    Raises:
        UsageError: other words, another number of them, or a plan without a key.
    """
    phrases, asked = Phrases(plan), words.split()
    if plan.key is None:
        raise UsageError("cadences need a key: name it with --key")
    if len(asked) != len(phrases):
        raise UsageError(
            f"expected {len(phrases)} --cadences, one for each phrase (they end in "
            f"bars {_ends(plan, phrases)}), got {len(asked)}: {words!r}"
        )
    return tuple(_ending(word, plan.key) for word in asked)


def _ending(word: str, home: Key) -> Ending:
    """Return the ending that is called `V:HC` in a key."""
    numeral, _, kind = word.partition(":")
    found = re.fullmatch("([b#]?)([IV]+|[iv]+)", numeral)
    wrong = ":" in word and kind not in _CADENCES
    if found is None or found[2].upper() not in _NUMERALS or wrong:
        raise UsageError(
            f"expected cadences such as V:HC, a numeral of {', '.join(_NUMERALS)}, "
            f"lower case for minor, and one of {', '.join(_CADENCES)}, got {word!r}"
        )
    degree = _SCALES[home.mode][_NUMERALS.index(found[2].upper())]
    tonic = home.tonic_class + degree + _ACCIDENTALS[found[1]]
    mode = "major" if found[2].isupper() else "minor"
    return Ending(Key.from_tonic_class(tonic, mode, home.fifths), kind or None)


# === In words ===


class Outline(NamedTuple):
    """What a piece repeats and how its phrases end: one value for each phrase.

    Attributes:
        letters: see `Form.letters`.
        endings: empty if nothing is known of them.
    """

    letters: tuple[str, ...]
    endings: tuple[Ending, ...]

    def in_words(self) -> str:
        """Return `phrases a b a b c, cadences in G D:HC G D:HC G`; empty if none."""
        said = []
        if self.letters:
            said.append(f"phrases {' '.join(self.letters)}")
        if self.endings:
            said.append(f"cadences in {' '.join(map(str, self.endings))}")
        return ", ".join(said)
