"""What to do with files that cannot be read: those of other programs, sound, images."""

from __future__ import annotations

_SCORE = "export it as MusicXML from MuseScore: File > Export"
_NOTATION = "export it as MusicXML from the program that wrote it"
_SOUND = "sound is not transcribed: bring MIDI, or MusicXML from a notation program"
_IMAGE = (
    "pictures of notes are not read: bring MIDI, or export the score as MusicXML from "
    "the program that wrote it (MuseScore: File > Export)"
)
_CORPUS = "it holds many pieces: use chorale corpus import"
_ENDINGS = {
    _SCORE: ".mscs",
    _NOTATION: ".sib .mus .musx .dorico .gp .gp5 .gpx .ly .cap .capx .enc .nwc",
    _SOUND: ".mp3 .wav .ogg .oga .opus .m4a .aac .flac .aif .aiff .wma .mp4 .webm",
    _CORPUS: ".npz .json .pkl .pickle",
    _IMAGE: ".pdf .png .jpg .jpeg .gif .tif .tiff .bmp .webp .heic .svg",
}
_ADVICE = {
    ending: advice for advice, endings in _ENDINGS.items() for ending in endings.split()
}


def advice_for(ending: str) -> str | None:
    """Return what to do with a file of this ending; None if nothing is known."""
    return _ADVICE.get(ending.lower())
