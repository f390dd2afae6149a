"""Download of the public Quick, Draw! files (CC BY 4.0), one per word and form."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote

from chorale.errors import DataError, OutputError, UsageError
from chorale.sketches.http_files import TransferError, fetch, look_up
from chorale.utils.progress import Progress

# A bucket of Google Cloud Storage.
PUBLIC_BUCKET = "https://storage.googleapis.com/quickdraw_dataset"
FORMS = {  # folder in the bucket and file ending
    "simplified": ("full/simplified", "ndjson"),
    "raw": ("full/raw", "ndjson"),
    "binary": ("full/binary", "bin"),
    "sketch-rnn": ("sketchrnn", "npz"),
}
WAITS = (1.0, 4.0, 15.0)  # seconds before each new attempt after an error

_URL = re.compile(r"https?://[\w.-]+(:\d+)?(/[!-~]*)?", re.ASCII)
# Words that are safe as the name of a file.
_FILE_NAME = re.compile(r'[^./\\:*?"<>|][^/\\:*?"<>|]{,99}')


def download(
    words: Sequence[str],
    folder: Path | str,
    *,
    form: str = "simplified",
    base: str = PUBLIC_BUCKET,
    progress: Progress | None = None,
    waits: Sequence[float] = WAITS,
) -> list[Path]:
    """Download the public files of some words, resumably.

    Complete files are not downloaded again. Incomplete ones have the suffix `.partial`;
    the next call continues them. Use one folder per form: files of different forms can
    have the same name.

    Args:
        words: such as "cat" or "The Eiffel Tower", in the spelling of the dataset.
        folder: for the files; `<word>.ndjson`, `.bin` or `.npz`.
        form: one of FORMS. Files of the form sketch-rnn are pickled: reading them means
            trusting their source.
        base: URL of the bucket, or of a copy of it.
        progress: callback, called with the bytes present and the bytes of all files.
        waits: seconds before each new attempt after an error; counted from the first
            again whenever an attempt makes progress.

    Returns:
        The paths of the files, in the order of the words, each word once.

    Raises:
        UsageError: an unknown form, an invalid URL or word, or a word that the bucket
            does not have.
        DataError: the server cannot be reached or breaks off repeatedly, or the
            checksum is wrong.
        OutputError: the folder cannot be written to, or the disk is full.
    """
    if form not in FORMS:
        raise UsageError(f"expected a form out of {', '.join(FORMS)}, got {form!r}")
    if not _URL.fullmatch(base):
        raise UsageError(
            f"expected an address that begins with https:// or http://, got {base!r}"
        )
    words = list(dict.fromkeys(words))
    for word in words:
        if not (_FILE_NAME.fullmatch(word) and word.strip() and word.isprintable()):
            raise UsageError(f"expected a word such as cat, got {word[:100]!r}")
    subfolder, ending = FORMS[form]
    paths = [Path(folder) / f"{word}.{ending}" for word in words]
    remotes = []  # all are looked up first: a typo costs no download
    for path in paths:
        url = f"{base.rstrip('/')}/{subfolder}/{quote(path.name)}"
        with _explain_errors(url, path):
            remotes.append(look_up(url, waits))
    total = sum(remote.size or 0 for remote in remotes)
    done = 0
    for path, remote in zip(paths, remotes, strict=True):

        def report(bytes_of_file: int, before: int = done) -> None:
            if progress is not None:
                progress(before + bytes_of_file, max(total, before + bytes_of_file))

        with _explain_errors(remote.url, path):
            if not remote.is_at(path):
                fetch(remote, path, report, waits)
            done += path.stat().st_size
        report(0, done)
    return paths


@contextmanager
def _explain_errors(url: str, path: Path) -> Iterator[None]:
    """Raise the errors of a transfer as errors with advice."""
    try:
        yield
    except HTTPError as error:  # a subclass of OSError
        if error.code in (403, 404, 410):  # of a bucket: there is no such file
            raise UsageError(
                f"expected a word of the dataset, got {path.stem!r}: there is no {url} "
                f"(the server answers {error.code})"
            ) from None
        raise DataError(
            f"{url}: expected a file, the server answers {error.code}"
        ) from None
    except TransferError as error:
        raise DataError(
            f"cannot reach {url}: {error}; let a machine that is online fetch it, save "
            f"it as {path}, and run `chorale sketch convert {path.parent} out.npz`"
        ) from None
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            reason += "; make room and run it again, it goes on from there"
        raise OutputError(f"{path}: cannot write it: {reason}") from error
