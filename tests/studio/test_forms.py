"""Forms: the file is found, and what means harm costs little."""

from __future__ import annotations

import time

import pytest

from chorale.studio.forms import file_in
from chorale.studio.responses import RefusedError

FORM = "multipart/form-data; boundary=x"


def part(head: str, content: bytes = b"a\r\n\r\nb") -> bytes:
    return b"--x\r\n" + head.encode() + b"\r\n\r\n" + content + b"\r\n"


def test_the_first_file_is_taken_as_it_is() -> None:
    body = b"preamble\r\n" + part('Content-Disposition: form-data; name="voice"')
    body += part(
        'Content-Disposition: form-data; name="f"; filename="Füße.abc"\r\n'
        "Content-Type: text/vnd.ABC; charset=utf-8"
    )
    body += part('Content-Disposition: form-data; name="g"; filename="b"') + b"--x--"
    found = file_in(body, FORM)
    assert found == (b"a\r\n\r\nb", "text/vnd.abc", "Füße.abc")
    assert file_in(body, 'multipart/form-data; a=b; Boundary="x"') == found


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("filename=a.mid", "a.mid"),
        ('filename=""', ""),
        ("filename*=UTF-8''F%C3%BC%0D%0A.mid", "Fü\r\n.mid"),  # no path, no header
        ("filename=\"a\"; filename*=UTF-8''b.mid", "b.mid"),
    ],
)
def test_names(said: str, name: str) -> None:
    body = part(f"Content-Disposition: form-data; {said}") + b"--x--"
    assert file_in(body, FORM).name == name


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"--x--", FORM),
        (part('Content-Disposition: form-data; name="a"'), FORM),
        (part("A: b\r\n" * 1000 + "Content-Disposition: form-data; filename=a"), FORM),
        (part("Content-Disposition: form-data; filename=a"), "multipart/form-data"),
        (part("Content-Disposition: form-data; filename=a"), f"{FORM}{'y' * 90}"),
        (b"\r\n" * 4_000_000, FORM),
        (part("Content-Disposition: form-data") * 200_000, FORM),
        (part(f"Content-Disposition:{'; ' * 1900}"), FORM),
        (b"--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" * 100_000, FORM),
    ],
)
def test_without_a_file_it_is_refused_at_once(body: bytes, content_type: str) -> None:
    began = time.process_time()
    with pytest.raises(RefusedError, match="a form with a file"):
        file_in(body, content_type)
    assert time.process_time() - began < 1
