"""What the name of a part, staff or track says: a voice, two voices or an instrument.

Names in the common European languages and their abbreviations are known.
"""

from __future__ import annotations

import re
import unicodedata
from enum import Enum
from typing import NamedTuple

from chorale.music.voices import ALTO, BASS, SOPRANO, TENOR

# Words of a name, without accents, by voice, soprano first. Single letters and short
# abbreviations are voices only where they are the whole name.
_VOICE_WORDS = {
    SOPRANO: "soprano sopranos sopran soprani soprane soprana sopraano sopraani sopr "
    "cantus canto discantus discant diskant dessus treble trebles superius сопрано",
    ALTO: "alto altos alt alte alti altus altto contralto contraltos contralti "
    "hautecontre contretenor countertenor альт",
    TENOR: "tenor tenors tenore tenori tenores tenoor taille тенор",
    BASS: "bass basses basse bassi basso bas bassus baixo bajo bassecontre basszus бас",  # noqa: RUF001 (Russian)
}
_ABBREVIATIONS = {
    SOPRANO: "s so sop sopr c cant",
    ALTO: "a al",
    TENOR: "t te ten",
    BASS: "b ba bs",
}
_UPPER_WORDS = (
    "women woman ladies girls frauen damen frauenstimmen femmes donne mujeres "
    "upper rh sa"
)
_LOWER_WORDS = (
    "men mens gentlemen herren manner mannerstimmen hommes uomini hombres lower lh tb"
)
_UPPER_PHRASES = (
    "right hand|rechte hand|main droite|upper staff|treble (clef|staff)|high voices"
)
_LOWER_PHRASES = (
    "left hand|linke hand|main gauche|lower staff|bass (clef|staff)|low voices"
)

# Beginnings of words that name an instrument, or go with the name of one, as in `Double
# bass` and `Basso continuo`; with $ whole words. They are patterns.
_INSTRUMENTS = (
    "accord acoustic arpa banjo bc$ bassanello basset bassett bassguitar basson "
    "bassoon bells?$ blockfl bombard bratsche bugle caisse carillon celest cell[io] "
    "cembal chalumeau chitarra cl$ clarin clav cont$ contin contrab contreb cor$ corn "
    "cymbal double doppel drum dulcian e$ electric euphon fag fagot fender finger "
    "fiddle fidel fl$ flaut flot flut fretless gamba gambe generalb gitar git$ "
    "glocken grand guit hammond harfe harmonium harp hautbois hob horn kbd keyb klar "
    "klav kontrab korn laut loop lute mando marimba melodica ob$ oboe oboi org "
    "ottavino oud pad$ pauk percuss perc$ pfte pf$ piano piatti picc pick pno posaun "
    "queen rec$ record sackb saite sax schlag shawm sitar slap spinett streich string "
    "synth tambur theorb timb timp tiorba tromb tromm tromp trp trumpet tuba ukul "
    "upright vcl?$ vl$ vla$ vln$ vlc$ vc$ vihuela viol virgin vibra woodw xyl zink "
    "zither"
)
# Endings of compounds, as in `Altblockflöte` and `Tenorhorn`.
_INSTRUMENT_ENDINGS = (
    "flote floten horn horner posaune saxophon saxofon sax geige gambe klarinette "
    "trompete tuba bratsche laute viola schlussel schlusel gitarre drum guitar "
    "blockfloyte pommer kornett"
)

_WORD = re.compile(r"[^\W\d_]+|\d+")
# A doubling instrument may follow the voice, as in `Soprano, Oboe I` or `Bass (Cello)`.
_SEPARATOR = re.compile(
    r"[,;/+&:()\[\]\n\r|\u2013\u2014-]|\b(?:and|und|et|ed|with|mit|con|avec|col)\b",
    re.IGNORECASE,
)
_INSTRUMENT = re.compile(
    rf"({'|'.join(_INSTRUMENTS.split())})|.*({'|'.join(_INSTRUMENT_ENDINGS.split())})$"
)
_COMPOUND = re.compile(r"(.+?)s?(?:stimmen?|part|parts|lage)$")


class Kind(Enum):
    """What plays or sings a part."""

    VOICE = "voice"  # one of the four voices
    UPPER = "upper"  # soprano and alto together
    LOWER = "lower"  # tenor and bass together
    INSTRUMENT = "instrument"
    UNKNOWN = "unknown"


class Role(NamedTuple):
    """The meaning of a name.

    Attributes:
        kind: what it names.
        voice: index of the voice if it names one.
        doubt: 0 for the bare name of a voice, 1 with a number, a qualifier such as
            `solo` or a separate instrument, 2 if it may name an instrument as well, as
            `Bass Continuo` and `Alto Oboe`.
    """

    kind: Kind
    voice: int = -1
    doubt: int = 0


def role_of(name: str) -> Role:
    """Return the meaning of the name of a part, such as `Soprano`, `2. Alt` or `T.`"""
    folded = _fold(name)
    phrase = " ".join(_WORD.findall(folded))
    words = phrase.split()
    joined = "".join(words)
    if re.search(_UPPER_PHRASES, phrase):
        return Role(Kind.UPPER)
    if re.search(_LOWER_PHRASES, phrase):
        return Role(Kind.LOWER)
    letters = [word for word in words if not word.isdigit()]
    if len(letters) == 1 and (voice := _ABBREVIATED.get(letters[0])) is not None:
        return Role(Kind.VOICE, voice, doubt=int(len(words) > 1))
    if _INSTRUMENT.match(joined) and len(joined) <= 2:  # `B.c.`
        return Role(Kind.INSTRUMENT)
    if pair := _pair_of(words, joined):
        return Role(pair)
    segments = [_WORD.findall(part) for part in _SEPARATOR.split(folded)]
    for segment in (segment for segment in segments if segment):
        if joined in _VOICE_OF:  # a hyphen inside, as in `haute-contre`
            segment = [joined]
        role = _segment_role(segment)
        if role.kind != Kind.UNKNOWN:
            others = [word for word in words if word not in segment]
            if role.kind == Kind.VOICE and others:
                return role._replace(doubt=max(role.doubt, 1))
            return role
    return Role(Kind.UNKNOWN)


def _segment_role(words: list[str]) -> Role:
    """Return the meaning of a name, or of the part of it before a separator."""
    voices = [voice for word in words if (voice := _voice_of(word)) is not None]
    is_instrument = any(_INSTRUMENT.match(word) for word in words)
    if is_instrument:
        # `Tenor Viola` is a tenor doubled by a viola, or else an instrument.
        if len(voices) == 1 and _voice_of(words[0]) is not None:
            return Role(Kind.INSTRUMENT, voices[0], doubt=2)
        return Role(Kind.INSTRUMENT)
    if len(voices) != 1:
        return Role(Kind.UNKNOWN)
    others = [word for word in words if _voice_of(word) is None]
    return Role(Kind.VOICE, voices[0], doubt=int(bool(others)))


def _pair_of(words: list[str], joined: str) -> Kind | None:
    """Return the kind of a name of two voices, such as `Women` or `Tenor/Bass`."""
    if any(_INSTRUMENT.match(word) for word in words):
        return None
    voices = {voice for word in words if (voice := _voice_of(word)) is not None}
    if all(word in _ABBREVIATED for word in words):
        voices = {_ABBREVIATED[word] for word in words}
    if voices == {SOPRANO, ALTO} or {joined, *words} & _UPPER:
        return Kind.UPPER
    if voices == {TENOR, BASS} or {joined, *words} & _LOWER:
        return Kind.LOWER
    return None


def _voice_of(word: str) -> int | None:
    """Return the voice that a word names, also in a compound such as `Altstimme`."""
    if (voice := _VOICE_OF.get(word)) is not None:
        return voice
    compound = _COMPOUND.fullmatch(word)
    return _VOICE_OF.get(compound[1]) if compound else None


def _fold(text: str) -> str:
    """Return text in lower case without accents; ß is ss."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _by_word(table: dict[int, str]) -> dict[str, int]:
    return {
        _fold(word): voice for voice, words in table.items() for word in words.split()
    }


_VOICE_OF = _by_word(_VOICE_WORDS)
_ABBREVIATED = _by_word(_ABBREVIATIONS)
_UPPER, _LOWER = frozenset(_UPPER_WORDS.split()), frozenset(_LOWER_WORDS.split())
