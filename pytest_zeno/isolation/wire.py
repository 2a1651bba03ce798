"""What parent and worker say to each other: frames of msgpack behind their length.

The parent believes nothing: a frame that is too long, no msgpack or of another shape is the
worker's end (`Broken`). All that a frame may hold has a bound, so that none can be made to cost
much more memory than its own length.
"""

from __future__ import annotations

import struct
from typing import IO, Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from pytest_zeno.errors import Phase
from pytest_zeno.runtime.abi import HOST_FUNCTIONS

MOST_NOTES: Final = 1024
"""Notes of one message; a worker with more to tell sends some ahead (`Told`)."""

MOST_FAILURE: Final = 1024 * 1024
"""Bytes of a failure as data."""

ENDED: Final = b"ended"
"""Stands for the failure of an entry that the parent has ended by `Reply.ends`."""

BLOCK: Final = struct.Struct("<QQ")
"""A block in `Done.blocks`: its start and its size."""

_LENGTH: Final = struct.Struct("<Q")

_Function = Annotated[int, Meta(ge=0, lt=len(HOST_FUNCTIONS))]
_Address = Annotated[int, Meta(ge=-(2**31), le=2**32)]
_Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
_Pages = Annotated[int, Meta(ge=0, le=2**16)]
_Size = Annotated[int, Meta(ge=0, le=2**32)]
_Text = tuple[Phase, _Size, Annotated[int, Meta(ge=-1, le=2**32)], _Size]
"""Where an answer lay: `runtime.reference.Text`."""
_Level = Annotated[bytes, Meta(max_length=256)]


class Broken(Exception):  # noqa: N818 (what the pipe is)
    """The other side is gone, or says what it must not."""


class Gone(Broken):
    """The pipe has ended."""


# -- to the worker ---------------------------------------------------------------------------------


class Give(msgspec.Struct, tag=True):
    """Take a module, for instances to come: its digest is its name."""

    sha256: str
    wasm: bytes
    limits: dict[str, Any]
    unfreed: bool


class Open(msgspec.Struct, tag=True):
    """Start an instance of a module, and free those that nobody can enter any more.

    ``way`` is how it runs: as everywhere, measured (`runtime.measured`), or with some quirks of
    the reference host (`runtime.reference`).
    """

    instance: int
    module: str
    limits: dict[str, Any]
    plugin: str
    way: Literal["plain", "measured", "reference"]
    metered: bool
    quirks: dict[str, bool]
    free: list[int]


class Enter(msgspec.Struct, tag=True):
    """Call a method of an instance, and free those that nobody can enter any more."""

    instance: int
    entry: Literal["init", "register", "execute", "cleanup", "take_blocks", "memory", "output"]
    name: bytes
    request: bytes
    sizes: list[int]
    free: list[int]


class Reply(msgspec.Struct, tag=True):
    """What the parent answers to a host call; ``ends`` when the entry must not go on."""

    value: bytes | bool | int = 0
    ends: bool = False


# -- to the parent ---------------------------------------------------------------------------------


class Log(msgspec.Struct, tag=True):
    """`HostCalls.log`."""

    level: _Level
    message: bytes
    size: _Size


class LogOutside(msgspec.Struct, tag=True):
    """`HostCalls.log_outside`."""

    pointer: _Address


class LogDropped(msgspec.Struct, tag=True):
    """`HostCalls.log_dropped`."""

    count: _Count


class Nested(msgspec.Struct, tag=True):
    """`HostCalls.nested`."""

    count: _Count


class NoRoom(msgspec.Struct, tag=True):
    """`HostCalls.no_room`."""

    pointer: _Address
    size: _Size


Note = Log | LogOutside | LogDropped | Nested | NoRoom
Notes = Annotated[list[Note], Meta(max_length=MOST_NOTES)]


class Ready(msgspec.Struct, tag=True):
    """The worker has started."""


class Told(msgspec.Struct, tag=True):
    """Notes that are no answer and want none."""

    notes: Notes


class Ask(msgspec.Struct, tag=True):
    """`HostCalls.answer`, after the notes before it."""

    function: _Function
    request: bytes
    notes: Notes


class Outside(msgspec.Struct, tag=True):
    """`HostCalls.outside`, after the notes before it."""

    function: _Function
    pointer: _Address
    size: _Size
    notes: Notes


class Done(msgspec.Struct, tag=True):
    """What became of an entry, and the instance's numbers after it.

    ``blocks`` are packed as `BLOCK`, ``failure`` is what `failures` makes of one, or `ENDED`.
    """

    answer: bytes = b""
    pages: _Pages = 0
    memory_size: _Size = 0
    fuel: _Count = 0
    refused_at_start: _Count = 0
    notes: Notes = []
    blocks: bytes = b""
    text: _Text | None = None
    failure: Annotated[bytes, Meta(max_length=MOST_FAILURE)] = b""
    closed: bool = False


ToWorker = Give | Open | Enter | Reply
HostCall = Ask | Outside
ToParent = Ready | Told | Ask | Outside | Done

encode: Final = msgspec.msgpack.Encoder().encode
_to_worker: Final = msgspec.msgpack.Decoder(ToWorker)
_to_parent: Final = msgspec.msgpack.Decoder(ToParent)


def send(pipe: IO[bytes], message: ToWorker | ToParent) -> None:
    """Write a frame. Raises Broken when nobody reads it."""
    frame = encode(message)
    try:
        pipe.write(_LENGTH.pack(len(frame)) + frame)
        pipe.flush()
    except (OSError, ValueError) as error:
        raise Gone(str(error)) from None


def from_parent(pipe: IO[bytes]) -> ToWorker:
    """Read a frame in the worker. Raises Broken at the end."""
    said: ToWorker = _to_worker.decode(_frame(pipe, 2**63))
    return said


def from_worker(pipe: IO[bytes], most: int) -> ToParent:
    """Read a frame of at most so many bytes. Raises Broken at the end, and for what is none."""
    frame = _frame(pipe, most)
    try:
        said: ToParent = _to_parent.decode(frame)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Broken(f"it said what is no message: {error}") from None
    return said


def _frame(pipe: IO[bytes], most: int) -> bytes:
    try:
        head = pipe.read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            raise Gone("it ended")
        size = _LENGTH.unpack(head)[0]
        if not 0 < size <= most:
            raise Broken(f"it announced a message of {size} bytes, the limit is {most}")
        frame = pipe.read(size)
    except (OSError, ValueError) as error:
        raise Gone(str(error)) from None
    if len(frame) < size:
        raise Gone("it ended")
    return frame
