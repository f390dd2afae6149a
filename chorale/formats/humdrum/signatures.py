"""Keys, time signatures and tempos of a Humdrum file, and the bars they begin with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chorale.formats.humdrum.tokens import is_key, key_signature, parse_signature
from chorale.music.keys import KeySignature
from chorale.music.metre import COMMON_TIME, Metre

_METRE = re.compile(r"\*M(\d{1,3})/(\d{1,3})$")
_TEMPO = re.compile(r"\*MM(\d{1,4}(?:\.\d{1,3})?)$")


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What begins with a bar, as of a `WrittenBar`."""

    metre: Metre | None = None
    key: KeySignature | None = None
    tempo: float | None = None


class Signatures:
    """Collect signatures as they are read, and hand them to the next bar.

    Where the staves differ, the last spine counts, which is the highest.

    Attributes:
        metre: in force; common time before the first time signature.
        said: sentences on signatures that cannot be read, for the user.
    """

    def __init__(self) -> None:
        self.metre = COMMON_TIME
        self.said: list[str] = []
        self._metre: Metre | None = None  # those read since the last bar began
        self._fifths: int | None = None
        self._key = ""
        self._tempo: float | None = None
        self._written_metre: Metre | None = None  # those in force
        self._written_fifths: int | None = None
        self._is_first_bar = True

    def interpret(self, tokens: Sequence[str]) -> None:
        """Read a row of interpretations of **kern spines; others are ignored.

        Raises:
            DataError: bars of a time signature are not a whole number of sixteenths.
        """
        for token in tokens:
            if metre := _METRE.match(token):
                self._metre = Metre(int(metre[1]), int(metre[2]))
            elif tempo := _TEMPO.match(token):
                self._tempo = float(tempo[1]) or None
            elif token.startswith("*k["):
                self._fifths = parse_signature(token)
                if self._fifths is None:
                    self._say(f"the key signature {token} is not read")
            elif is_key(token):
                self._key = token
            elif token.startswith("*M") and token[2:3].isdigit():
                self._say(f"the time signature {token} is not read")
        self._compare([token for token in tokens if _METRE.match(token)])
        self._compare([token for token in tokens if token.startswith("*k[")])

    def _compare(self, tokens: Sequence[str]) -> None:
        """Say whether the signatures of the staves differ."""
        if len({parse_signature(token) or token for token in tokens}) > 1:
            listed = ", ".join(sorted(set(tokens)))
            self._say(f"staves differ in {listed}: that of the highest is read")

    @property
    def is_waiting(self) -> bool:
        """Whether a signature was read that is not yet in force."""
        new_metre = self._metre not in (None, self._written_metre)
        return new_metre or self._fifths not in (None, self._written_fifths)

    def begin_bar(self) -> Changes:
        """Return the changes since the last bar began."""
        key = None
        # A key without a signature, in the middle of a piece, is an analysis.
        changed = self._fifths is not None and self._fifths != self._written_fifths
        if changed or self._is_first_bar:
            key = key_signature(self._fifths, self._key)
            if key is not None and not key.mode and self._key:
                self._say(f"the key {self._key} does not fit its signature")
        metre = None if self._metre == self._written_metre else self._metre
        changes = Changes(metre=metre, key=key, tempo=self._tempo)
        if metre is not None:
            self.metre = self._written_metre = metre
        if self._fifths is not None:
            self._written_fifths = self._fifths
        self._metre = self._fifths = self._tempo = None
        self._key = ""
        self._is_first_bar = False
        return changes

    def _say(self, sentence: str) -> None:
        if sentence not in self.said:
            self.said.append(sentence)
