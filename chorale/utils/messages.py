"""Protocol Buffers without the libraries whose messages they are."""

from __future__ import annotations

from typing import Any


def message_class(schema: str, name: str) -> Any:
    """Return the class of messages that a schema declares.

    Args:
        schema: a `FileDescriptorProto` in text format.
        name: of the message, with its package.
    """
    from google.protobuf import (
        descriptor_pb2,
        descriptor_pool,
        message_factory,
        text_format,
    )

    # A separate pool: the library may declare the same messages in the default one.
    pool = descriptor_pool.DescriptorPool()
    pool.Add(text_format.Parse(schema, descriptor_pb2.FileDescriptorProto()))
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(name))
