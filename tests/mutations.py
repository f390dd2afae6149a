"""Damage to files, the same for the same random numbers.

Text has numbers, words, tags and lines changed, JSON its values, archives their
members, TFRecords the contents of their records; everything has bits flipped and is cut
off.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from random import Random
from typing import Any

LARGEST = 1 << 18  # bytes of a mutated file; larger ones are cut off

Mutation = Callable[[bytes, Random], bytes]

_NUMBERS = (
    "0 -1 1 2 3 7 128 255 256 1000 65536 1000000000 -1000000000 1e9 1.5 NaN".split()
)
_NUMBERS += ["9" * 30, "", "1/0", "0/4", "٣", "²"]
_SPECIALS = [b"\0", b"\xff", b"\xef\xbb\xbf", b"<", b">", b"&", b'"', b"'", b"|", b"["]
_SPECIALS += [
    b"]",
    b"{",
    b"}",
    b"(",
    b")",
    b"%",
    b"\\",
    b":",
    b"\n",
    b"\r",
    b"\t",
    b"*",
]
_SPECIALS += [b"!", b"=", b"~", b"^", b"_", b"/", b",", b"-", b"\xf0\x9f\x8e\xb5"]
_VALUES: list[Any] = [None, True, 0, -1, 1.5, 10**9, 10**30, "", "x", [], {}, [[]]]
_VALUES += [{"x": 1}, ["a"], [0], [-1], float("nan"), float("inf"), "\ud800", [[[0]]]]
_NESTED = 50_000  # levels of lists


def mutate(content: bytes, random: Random) -> bytes:
    """Return a damaged copy: one change, sometimes several."""
    for _ in range(random.choice((1, 1, 1, 1, 2, 4))):
        content = _choose(content, random)(content, random)[:LARGEST]
    return content


def _choose(content: bytes, random: Random) -> Mutation:
    if content.startswith(b"PK") and random.random() < 0.8:
        return mutate_archive
    if _is_text(content):
        choices: list[Mutation] = [change_number, change_word, change_lines, change_tag]
        choices += [insert_special, *_ANYWHERE]
        if content.lstrip()[:1] in (b"{", b"["):
            choices += [change_value] * 6
        return random.choice(choices)
    return random.choice(_ANYWHERE + [change_integer] * 3)


def _is_text(content: bytes) -> bool:
    return not re.search(rb"[\0-\x08\x0e-\x1f]", content[:4096])


# === Anything ===


def flip_bits(content: bytes, random: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 8))):
        if changed:
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def cut_off(content: bytes, random: Random) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def _span(content: bytes, random: Random) -> tuple[int, int]:
    begin = random.randrange(len(content) + 1)
    return begin, min(len(content), begin + random.choice((1, 2, 4, 16, 100, 1000)))


def remove_span(content: bytes, random: Random) -> bytes:
    begin, end = _span(content, random)
    return content[:begin] + content[end:]


def copy_span(content: bytes, random: Random) -> bytes:
    begin, end = _span(content, random)
    place = random.randrange(len(content) + 1)
    times = random.choice((1, 1, 2, 300))
    return content[:place] + content[begin:end] * times + content[place:]


def replace_span(content: bytes, random: Random) -> bytes:
    begin, end = _span(content, random)
    return content[:begin] + random.randbytes(end - begin) + content[end:]


_ANYWHERE: list[Mutation] = [flip_bits, cut_off, remove_span, copy_span, replace_span]


def change_integer(content: bytes, random: Random) -> bytes:
    """Write 0, -1, or a large number into one to eight bytes."""
    size = random.choice((1, 2, 4, 8))
    value = random.choice((0, -1, 1, 10**9, (1 << 8 * size - 1) - 1, 0x7F, 0x80))
    order: Any = random.choice(("big", "little"))
    place = random.randrange(len(content) + 1)
    number = (value % (1 << 8 * size)).to_bytes(size, order)
    return content[:place] + number + content[place + size :]


# === Text ===


def _replace_match(
    pattern: bytes, content: bytes, random: Random, new: Callable[[bytes], bytes]
) -> bytes:
    found = list(re.finditer(pattern, content))
    if not found:
        return content
    match = random.choice(found)
    return content[: match.start()] + new(match[0]) + content[match.end() :]


def change_number(content: bytes, random: Random) -> bytes:
    def new(_: bytes) -> bytes:
        return random.choice(_NUMBERS).encode()

    return _replace_match(rb"-?\d+(\.\d+)?", content, random, new)


def change_word(content: bytes, random: Random) -> bytes:
    words = re.findall(rb"[A-Za-z_:#]+", content) or [b"x"]
    return _replace_match(
        rb"[A-Za-z_:#]+", content, random, lambda _: random.choice(words)
    )


def change_tag(content: bytes, random: Random) -> bytes:
    """Rename a tag, or remove an element; in text without tags, change a character."""
    tags = re.findall(rb"</?[\w:-]+", content)
    if not tags:
        return replace_span(content, random)
    if random.random() < 0.4:
        name = random.choice(tags).lstrip(b"</")
        element = rb"<%s\b[^>]*(/>|>.*?</%s>)" % (re.escape(name), re.escape(name))
        return _replace_match(
            b"(?s)" + element,
            content,
            random,
            lambda old: random.choice((b"", old * 2, old * 40)),
        )
    if random.random() < 0.5:  # both ends, so that it stays XML
        old, new = (random.choice(tags).lstrip(b"</") for _ in range(2))
        # The new word may begin with a digit, so no template.
        return re.sub(rb"(</?)%s\b" % re.escape(old), lambda tag: tag[1] + new, content)
    return _replace_match(
        rb"</?[\w:-]+", content, random, lambda _: random.choice(tags)
    )


def change_lines(content: bytes, random: Random) -> bytes:
    lines = content.splitlines(keepends=True) or [b""]
    place = random.randrange(len(lines))
    kind = random.randrange(5)
    if kind == 0:
        del lines[place]
    elif kind == 1:
        lines.insert(random.randrange(len(lines)), lines[place])
    elif kind == 2:
        other = random.randrange(len(lines))
        lines[place], lines[other] = lines[other], lines[place]
    elif kind == 3:
        lines[place:place] = [lines[place]] * 500
    else:
        lines[place] = b"".join(random.sample([*lines[place].split(b" ")], 1)) + b"\n"
    return b"".join(lines)


def insert_special(content: bytes, random: Random) -> bytes:
    place = random.randrange(len(content) + 1)
    return content[:place] + random.choice(_SPECIALS) + content[place:]


def change_value(content: bytes, random: Random) -> bytes:
    """Replace a value of JSON, or of one of its lines, with one of another type."""
    lines = content.split(b"\n")
    try:
        values, before, after = json.loads(content), b"", b""
    except (ValueError, RecursionError):
        place = random.randrange(len(lines))
        before = b"".join(line + b"\n" for line in lines[:place])
        after = b"\n" + b"\n".join(lines[place + 1 :])
        try:
            values = json.loads(lines[place])
        except (ValueError, RecursionError):
            return flip_bits(content, random)
    if random.random() < 0.02:
        return before + b"[" * _NESTED + b"]" * _NESTED + after
    inner = values
    while True:
        if isinstance(inner, dict) and inner:
            key: Any = random.choice(list(inner))
        elif isinstance(inner, list) and inner:
            key = random.randrange(len(inner))
        else:
            return content
        if random.random() < 0.4 or not isinstance(inner[key], dict | list):
            break
        if not inner[key]:
            break
        inner = inner[key]
    if random.random() < 0.15:
        del inner[key]
    else:
        inner[key] = random.choice(_VALUES)
    try:
        return before + json.dumps(values).encode() + after
    except RecursionError:
        return content


# === Archives and records ===


def mutate_archive(content: bytes, random: Random) -> bytes:
    """Damage a member of a zip archive, or its name, and pack it again."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [
                (info.filename, archive.read(info)) for info in archive.infolist()
            ]
    except Exception:  # it is damaged already
        return random.choice(_ANYWHERE)(content, random)
    if not members:
        return content
    place = random.randrange(len(members))
    name, inner = members[place]
    kind = random.randrange(8)
    if kind == 0:
        del members[place]
    elif kind == 1:
        members[place] = (change_word(name.encode(), random).decode(), inner)
    elif kind == 2:
        members[place] = (name, members[random.randrange(len(members))][1])
    elif kind == 3 and inner.startswith(b"\x93NUMPY"):
        # The header of an array, of the same length.
        header = change_number(inner[10:128], random)[:118].ljust(118)
        members[place] = (name, inner[:10] + header + inner[128:])
    else:
        members[place] = (name, _choose(inner, random)(inner, random))
    packed = io.BytesIO()
    method = random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, inner in members:
            archive.writestr(zipfile.ZipInfo(name.replace("\0", "0")), inner, method)
    return packed.getvalue()


def mutate_records(content: bytes, random: Random) -> bytes:
    """Damage the content of a record of a TFRecord file and correct its checksum."""
    import google_crc32c

    def checked(data: bytes) -> bytes:
        value = google_crc32c.value(data)
        masked = ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF
        return data + masked.to_bytes(4, "little")

    records, place = [], 0
    while place < len(content):
        length = int.from_bytes(content[place : place + 8], "little")
        records.append(content[place + 12 : place + 12 + length])
        place += length + 16
    chosen = random.randrange(len(records))
    records[chosen] = _choose(records[chosen], random)(records[chosen], random)
    return b"".join(
        checked(len(record).to_bytes(8, "little")) + checked(record)
        for record in records
    )
