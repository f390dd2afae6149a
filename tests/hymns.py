"""Hymns in ABC notation, and archives of files, for tests of imports."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path
from random import Random


def hymn(number: int = 1, *, title: str = "", last: str = "", key: str = "C") -> str:
    """Return a tune of four voices and nine bars.

    Args:
        number: of the tune; hymns of different numbers have different melodies.
        title: of the tune.
        last: bar of the soprano at the end.
        key: as in ABC.
    """
    random = Random(number)
    notes = [random.choice("GBdf" if place % 2 else "Ace") for place in range(32)]
    melody = "|".join(" ".join(notes[bar : bar + 4]) for bar in range(0, 32, 4))
    lines = [
        f"X:{number}",
        f"T:{title or f'Hymn {number}'}",
        "M:4/4",
        "L:1/4",
        f"K:{key}",
        f"V:S\n{melody}|{last or 'c4'}|",
        f"V:A\n{'E F E F|' * 8}E4|",
        f"V:T clef=bass\n{'C C B, C|' * 8}C4|",
        f"V:B clef=bass\n{'C, F,, G,, C,|' * 8}C,4|",
    ]
    return "\n".join(lines) + "\n"


def write_hymns(folder: Path, *numbers: int) -> Path:
    """Write hymns to files `hymn1.abc` and so on; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        (folder / f"hymn{number}.abc").write_text(hymn(number))
    return folder


def zip_of(path: Path, members: dict[str, str | bytes]) -> Path:
    """Write a .zip; return its path."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def tar_of(path: Path, members: dict[str, str], links: dict[str, str]) -> Path:
    """Write a .tar, or a .tgz, with symbolic links; return its path."""
    mode = "w" if path.suffix == ".tar" else "w:gz"
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content.encode())
            archive.addfile(info, io.BytesIO(content.encode()))
        for name, target in links.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
    return path
