"""Messages whose schema is declared here."""

from __future__ import annotations

from chorale.utils.messages import message_class

SCHEMA = """
name: "{0}.proto" package: "{0}" syntax: "proto3"
message_type {{ name: "Note"
  field {{ name: "pitch" number: {1} type: TYPE_INT32 }}
  field {{ name: "words" number: 9 type: TYPE_STRING label: LABEL_REPEATED }} }}
"""


def test_a_message_is_written_and_read() -> None:
    note = message_class(SCHEMA.format("test", 1), "test.Note")
    content = note(pitch=60, words=["a", "b"]).SerializeToString()
    assert content == b"\x08\x3c\x4a\x01a\x4a\x01b"
    found = note()
    found.ParseFromString(content)
    assert (found.pitch, list(found.words)) == (60, ["a", "b"])


def test_schemas_of_one_name_do_not_meet() -> None:
    one = message_class(SCHEMA.format("test", 1), "test.Note")
    two = message_class(SCHEMA.format("test", 2), "test.Note")
    assert one(pitch=1).SerializeToString() == b"\x08\x01"
    assert two(pitch=1).SerializeToString() == b"\x10\x01"
