"""Downloading from a local server with faults: resumed, verified, explained."""

from __future__ import annotations

import base64
import hashlib
import socket
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from bucket import CAT, TOWER, Bucket

from chorale.errors import ChoraleError, DataError, OutputError, UsageError
from chorale.sketches import http_files
from chorale.sketches.download import FORMS, PUBLIC_BUCKET, WAITS, download

SOON = (0.0, 0.0)  # two more attempts, at once


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "*")
    with Bucket() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def fetch(bucket: Bucket, folder: Path, waits: Sequence[float] = SOON) -> Path:
    """Download the drawings of a cat."""
    (path,) = download(["cat"], folder, base=bucket.address, waits=waits)
    return path


def partial(folder: Path) -> Path:
    """Return the beginning of a file, the only one in the folder."""
    (path,) = folder.iterdir()
    assert path.match("cat.ndjson.*.partial")
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# === Whole files ===


def test_files_come_whole(bucket: Bucket, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    paths = download(
        ["The Eiffel Tower", "cat", "The Eiffel Tower"],
        tmp_path / "new" / "folder",
        base=bucket.address + "/",
        progress=lambda done, total: seen.append((done, total)),
    )
    folder = tmp_path / "new" / "folder"
    assert paths == [folder / "The Eiffel Tower.ndjson", folder / "cat.ndjson"]
    assert [path.read_bytes() for path in paths] == [TOWER, CAT]
    assert names(folder) == ["The Eiffel Tower.ndjson", "cat.ndjson"]
    total = len(TOWER) + len(CAT)
    assert {whole for _, whole in seen} == {total}
    done = [some for some, _ in seen]
    assert done == sorted(done) and done[-1] == total and len(set(done)) > 3


@pytest.mark.parametrize(
    ("form", "path", "name"),
    [
        ("simplified", "/full/simplified/hot dog.ndjson", "hot dog.ndjson"),
        ("raw", "/full/raw/hot dog.ndjson", "hot dog.ndjson"),
        ("binary", "/full/binary/hot dog.bin", "hot dog.bin"),
        ("sketch-rnn", "/sketchrnn/hot dog.npz", "hot dog.npz"),
    ],
)
def test_forms_have_their_places(
    bucket: Bucket, tmp_path: Path, form: str, path: str, name: str
) -> None:
    bucket.files = {path: b"drawings"}
    assert download(["hot dog"], tmp_path, form=form, base=bucket.address) == [
        tmp_path / name
    ]
    assert (tmp_path / name).read_bytes() == b"drawings"
    assert set(FORMS) == {"simplified", "raw", "binary", "sketch-rnn"}
    assert PUBLIC_BUCKET == "https://storage.googleapis.com/quickdraw_dataset"


def test_what_is_there_is_not_fetched_again(bucket: Bucket, tmp_path: Path) -> None:
    path = tmp_path / "cat.ndjson"
    path.write_bytes(CAT)
    seen: list[tuple[int, int]] = []
    download(
        ["cat"],
        tmp_path,
        base=bucket.address,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert not bucket.gets()
    assert seen == [(len(CAT), len(CAT))]
    for content in (CAT[:-1], CAT[:-1] + b"?", b""):
        path.write_bytes(content)
        fetch(bucket, tmp_path)
        assert path.read_bytes() == CAT
    assert len(bucket.gets()) == 3
    assert names(tmp_path) == ["cat.ndjson"]


def test_a_copy_of_the_bucket_needs_no_checksums(
    bucket: Bucket, tmp_path: Path
) -> None:
    bucket.headers = {"x-goog-hash": None, "x-goog-stored-content-encoding": None}
    for _ in range(2):
        path = fetch(bucket, tmp_path)
        assert path.read_bytes() == CAT
    assert len(bucket.gets()) == 1  # its size is right
    bucket.headers["x-goog-hash"] = "md5=no*base64"
    fetch(bucket, tmp_path)
    # Size and checksum of files stored compressed are of other bytes.
    bucket.headers = {
        "x-goog-stored-content-encoding": "gzip",
        "x-goog-hash": "md5=" + base64.b64encode(bytes(16)).decode(),
    }
    fetch(bucket, tmp_path)
    assert path.read_bytes() == CAT and names(tmp_path) == ["cat.ndjson"]


# === Interruptions ===


def test_a_download_goes_on_where_it_broke_off(bucket: Bucket, tmp_path: Path) -> None:
    bucket.cuts = [300_000, 200_000]
    seen: list[tuple[int, int]] = []
    (path,) = download(
        ["cat"],
        tmp_path,
        base=bucket.address,
        waits=SOON,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert path.read_bytes() == CAT
    assert bucket.gets() == [None, "bytes=300000-", "bytes=500000-"]
    assert names(tmp_path) == ["cat.ndjson"]
    assert (300_000, len(CAT)) in seen and seen[-1] == (len(CAT), len(CAT))


def test_a_download_that_makes_progress_is_retried(
    bucket: Bucket, tmp_path: Path
) -> None:
    bucket.cuts = [100_000] * 8
    (path,) = download(["cat"], tmp_path, base=bucket.address, waits=(0.0,))
    assert path.read_bytes() == CAT
    assert len(bucket.gets()) == 9


def test_a_stopped_download_goes_on_at_the_next_call(
    bucket: Bucket, tmp_path: Path
) -> None:
    bucket.cuts = [300_000]
    with pytest.raises(
        DataError, match=r"broke off after 300,000 bytes.*again"
    ) as caught:
        fetch(bucket, tmp_path, waits=())
    assert "\n" not in str(caught.value)
    assert partial(tmp_path).read_bytes() == CAT[:300_000]
    path = fetch(bucket, tmp_path, waits=())
    assert path.read_bytes() == CAT
    assert bucket.gets() == [None, "bytes=300000-"]
    assert names(tmp_path) == ["cat.ndjson"]


def begin(bucket: Bucket, folder: Path) -> None:
    """Leave an incomplete file of 300,000 bytes in the folder."""
    bucket.cuts = [300_000]
    with pytest.raises(DataError):
        download(["cat"], folder, base=bucket.address, waits=())
    bucket.asked.clear()


def test_a_server_without_ranges_starts_over(bucket: Bucket, tmp_path: Path) -> None:
    begin(bucket, tmp_path)
    bucket.knows_ranges = False
    bucket.cuts = [400_000]
    path = fetch(bucket, tmp_path)
    assert path.read_bytes() == CAT
    assert bucket.gets() == ["bytes=300000-", "bytes=400000-"]


def test_a_server_without_ranges_is_given_up_in_the_end(
    bucket: Bucket, tmp_path: Path
) -> None:
    bucket.knows_ranges = False
    bucket.cuts = [300_000] * 9
    with pytest.raises(DataError, match="broke off after 300,000 bytes"):
        fetch(bucket, tmp_path)
    assert len(bucket.gets()) == 3


def test_another_file_by_now_starts_over(bucket: Bucket, tmp_path: Path) -> None:
    begin(bucket, tmp_path)
    newer = CAT[::-1]
    bucket.files["/full/simplified/cat.ndjson"] = newer
    path = fetch(bucket, tmp_path, waits=())
    assert path.read_bytes() == newer


def test_without_its_version_a_part_is_not_continued(
    bucket: Bucket, tmp_path: Path
) -> None:
    begin(bucket, tmp_path)
    partial(tmp_path).rename(tmp_path / "cat.ndjson.partial")
    path = fetch(bucket, tmp_path, waits=())
    assert path.read_bytes() == CAT
    assert bucket.gets() == [None]
    assert names(tmp_path) == ["cat.ndjson"]


@pytest.mark.parametrize("tag", ['W/"much alike"', None, '"\xe4"'])
def test_a_weak_version_is_not_continued(
    bucket: Bucket, tmp_path: Path, tag: str | None
) -> None:
    bucket.headers = {"ETag": tag}
    begin(bucket, tmp_path)
    path = fetch(bucket, tmp_path, waits=())
    assert path.read_bytes() == CAT
    assert bucket.gets() == [None]


def test_a_part_that_is_whole_is_only_checked(bucket: Bucket, tmp_path: Path) -> None:
    begin(bucket, tmp_path)
    partial(tmp_path).write_bytes(CAT)
    path = fetch(bucket, tmp_path, waits=())
    assert path.read_bytes() == CAT and not bucket.gets()
    path.unlink()
    begin(bucket, tmp_path)
    partial(tmp_path).write_bytes(CAT + b"too long")
    fetch(bucket, tmp_path, waits=())
    assert path.read_bytes() == CAT and bucket.gets() == [None]


def test_another_part_than_was_asked_for_is_not_taken(
    bucket: Bucket, tmp_path: Path
) -> None:
    begin(bucket, tmp_path)
    bucket.headers = {"Content-Range": "bytes 5-9/10"}
    path = fetch(bucket, tmp_path)
    assert path.read_bytes() == CAT
    assert bucket.gets() == ["bytes=300000-", None]


def test_a_server_in_trouble_is_asked_again(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(http_files.time, "sleep", slept.append)
    bucket.answers = [503, 429, 200, 500, 502]
    path = fetch(bucket, tmp_path, waits=WAITS)
    assert path.read_bytes() == CAT
    assert [seconds for seconds in slept if seconds] == [1, 4, 1, 4]
    bucket.answers = [503] * 9
    with pytest.raises(
        DataError, match=r"cannot reach .*: the server answers 503; let"
    ):
        fetch(bucket, tmp_path, waits=WAITS)
    assert len(bucket.answers) == 9 - 4
    assert path.read_bytes() == CAT


# === Errors ===


def test_a_wrong_checksum_is_not_kept(bucket: Bucket, tmp_path: Path) -> None:
    other = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    bucket.headers = {"x-goog-hash": f"md5={other}"}
    (tmp_path / "cat.ndjson").write_bytes(b"before")
    with pytest.raises(DataError, match=r"another checksum .* was removed") as caught:
        fetch(bucket, tmp_path)
    assert "\n" not in str(caught.value)
    assert names(tmp_path) == ["cat.ndjson"]
    assert (tmp_path / "cat.ndjson").read_bytes() == b"before"


def test_an_unknown_word_costs_no_download(bucket: Bucket, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"got 'catt': there is no .*404") as caught:
        download(["cat", "catt"], tmp_path / "new", base=bucket.address, waits=SOON)
    assert f"{bucket.address}/full/simplified/catt.ndjson" in str(caught.value)
    assert not bucket.gets() and not (tmp_path / "new").exists()
    bucket.answers = [403]
    with pytest.raises(UsageError, match=r"there is no .*answers 403\)"):
        fetch(bucket, tmp_path)
    bucket.answers = [200, 404]
    with pytest.raises(UsageError, match="got 'cat': there is no"):
        fetch(bucket, tmp_path)


@pytest.mark.parametrize("answers", [[401], [200, 418]])
def test_a_refusal_is_explained(
    bucket: Bucket, tmp_path: Path, answers: list[int]
) -> None:
    bucket.answers = [*answers]
    with pytest.raises(DataError, match=f"a file, the server answers {answers[-1]}$"):
        fetch(bucket, tmp_path)


def offline_message(base: str, folder: Path) -> str:
    with pytest.raises(DataError) as caught:
        download(["hot dog"], folder, form="binary", base=base, waits=(0.0,))
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"cannot reach {base}/full/binary/hot%20dog.bin: ")
    assert f"save it as {folder / 'hot dog.bin'}" in message
    assert message.endswith(f"run `chorale sketch convert {folder} out.npz`")
    assert not folder.exists()
    return message


def test_offline_says_what_to_do(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    message = offline_message(f"http://127.0.0.1:{port}", tmp_path / "new")
    assert "refused" in message

    def nowhere(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    message = offline_message("https://storage.example", tmp_path / "new")
    assert "Name or service not known" in message
    # An invalid host name.
    offline_message("http://a..b", tmp_path / "new")


def test_a_silent_server_is_not_waited_for(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_files, "_TIMEOUT", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        base = f"http://127.0.0.1:{silent.getsockname()[1]}"
        message = offline_message(base, tmp_path / "new")
    assert "the server does not answer" in message


def test_a_server_of_another_protocol_is_explained(
    bucket: Bucket, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            for _ in range(2):
                connection, _ = server.accept()
                with connection:
                    connection.recv(1 << 16)
                    connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        base = f"http://127.0.0.1:{server.getsockname()[1]}"
        offline_message(base, tmp_path / "new")
        thread.join()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
def test_a_full_disk_is_explained(bucket: Bucket, tmp_path: Path) -> None:
    bucket.headers = {"ETag": None}
    full = tmp_path / "cat.ndjson.partial"

    def fill(done: int, total: int) -> None:
        if not done:
            full.symlink_to("/dev/full")

    with pytest.raises(OutputError, match=r"cat\.ndjson: cannot .*space.*; make room"):
        download(["cat"], tmp_path, base=bucket.address, progress=fill, waits=SOON)


def test_a_folder_that_is_a_file_is_explained(bucket: Bucket, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputError, match="cannot write it"):
            download(["cat"], folder, base=bucket.address, waits=SOON)
    (tmp_path / "cat.ndjson").mkdir()
    with pytest.raises(OutputError, match=r"cat\.ndjson: cannot write it"):
        fetch(bucket, tmp_path)


@pytest.mark.parametrize(
    "word",
    [
        "",
        " ",
        "../cat",
        "..",
        "a/b",
        "a\\b",
        ".hidden",
        "c:cat",
        "a\nb",
        "a\0b",
        "*",
        "a" * 101,
    ],
)
def test_words_that_would_leave_the_folder_are_refused(
    bucket: Bucket, tmp_path: Path, word: str
) -> None:
    with pytest.raises(
        UsageError, match="expected a word such as cat, got '"
    ) as caught:
        download(["cat", word], tmp_path, base=bucket.address)
    assert "\n" not in str(caught.value)
    assert not bucket.asked and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "base",
    [
        *("", "storage.example", "//host", "file:///etc", "ftp://host", "https://"),
        *("http://a b", "http://host:port", "http://[1", "http://höst", "http://a\nb"),
    ],
)
def test_other_addresses_are_refused(tmp_path: Path, base: str) -> None:
    with pytest.raises(UsageError, match="begins with https:// or http://") as caught:
        download(["cat"], tmp_path, base=base)
    assert "\n" not in str(caught.value)


def test_other_forms_are_refused(tmp_path: Path) -> None:
    match = "simplified, raw, binary, sketch-rnn, got 'bitmap'"
    with pytest.raises(UsageError, match=match):
        download(["cat"], tmp_path, form="bitmap")
    assert download([], tmp_path / "new") == []
    assert issubclass(UsageError, ChoraleError) and not (tmp_path / "new").exists()


@pytest.mark.parametrize("scheme", ["ftp", "FTP"])
def test_a_server_that_leads_to_ftp_is_refused_at_once(
    bucket: Bucket, tmp_path: Path, scheme: str
) -> None:
    bucket.answers, bucket.location = [302], f"{scheme}://127.0.0.1:9/cat.ndjson"
    with pytest.raises(DataError, match="https or http, it leads to"):
        fetch(bucket, tmp_path, waits=(60.0,))
    assert len(bucket.asked) == 1 and names(tmp_path) == []


def test_a_server_may_lead_elsewhere_on_the_web(bucket: Bucket, tmp_path: Path) -> None:
    bucket.answers = [302]
    bucket.location = f"{bucket.address}/full/simplified/cat.ndjson"
    assert fetch(bucket, tmp_path).read_bytes() == CAT


@pytest.mark.parametrize("base", ["ftp://host/x", "file:///etc", "data:,x", "//host"])
def test_other_schemes_are_refused_at_once(tmp_path: Path, base: str) -> None:
    with pytest.raises(UsageError, match="begins with https:// or http://"):
        download(["cat"], tmp_path, base=base, waits=(60.0,))
