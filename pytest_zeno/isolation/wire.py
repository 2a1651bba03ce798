"""What parent and worker say to each other: frames of msgpack behind their length.

The parent believes nothing: a frame that is too long, no msgpack or of another shape is the
worker's end (`Broken`).
"""

from __future__ import annotations

import struct
from typing import IO, Any, Final

import msgspec

from pytest_zeno import errors
from pytest_zeno.limits import MIB

MOST_BYTES: Final = 256 * MIB
"""How long a frame may be: more than a guest's whole memory."""

_LENGTH: Final = struct.Struct("<I")
_KINDS: Final[dict[str, type[errors.ZenoError]]] = {
    kind.__name__: kind
    for kind in (
        errors.LoadError,
        errors.TrapError,
        errors.ExitError,
        errors.LimitError,
        errors.ProtocolError,
        errors.ClosedError,
    )
}


class Broken(Exception):  # noqa: N818 (what the pipe is)
    """The other side is gone, or says what it must not."""


class Open(msgspec.Struct, tag=True):
    """Start an instance of a module, given once for each digest."""

    instance: int
    sha256: str
    wasm: bytes | None
    limits: dict[str, Any]
    plugin: str
    metered: bool


class Enter(msgspec.Struct, tag=True):
    """Enter an instance: ``init``, ``register``, ``execute``, ``cleanup`` or ``close``."""

    instance: int
    entry: str
    name: bytes = b""
    request: bytes = b""


class Reply(msgspec.Struct, tag=True):
    """What the parent answers to a `HostCall`; ``ends`` when the entry must not go on."""

    value: bytes | bool | None = None
    ends: bool = False


class Failure(msgspec.Struct):
    """A ZenoError as data."""

    kind: str
    message: str
    code: str
    phase: str
    slot: str
    hint: str
    backtrace: tuple[str, ...] = ()
    stderr: str = ""
    status: int = 0
    observed: str = ""


class Done(msgspec.Struct, tag=True):
    """What became of an entry, and the instance's numbers after it."""

    answer: bytes = b""
    pages: int = 0
    memory_size: int = 0
    fuel: int = 0
    refused_at_start: int = 0
    notes: list[tuple[str, list[Any]]] = []
    failure: Failure | None = None
    closed: bool = False


class HostCall(msgspec.Struct, tag=True):
    """A method of `HostCalls` that the parent must answer, after the notes before it."""

    method: str
    arguments: list[Any]
    notes: list[tuple[str, list[Any]]] = []


ToWorker = Open | Enter | Reply
ToParent = Done | HostCall

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
        raise Broken(str(error)) from None


def from_parent(pipe: IO[bytes]) -> ToWorker:
    """Read a frame in the worker. Raises Broken at the end."""
    said: ToWorker = _to_worker.decode(_frame(pipe))
    return said


def from_worker(pipe: IO[bytes]) -> ToParent:
    """Read a frame in the parent. Raises Broken at the end, and for what is none."""
    try:
        said: ToParent = _to_parent.decode(_frame(pipe))
    except msgspec.MsgspecError as error:
        raise Broken(f"it said what is no message: {error}") from None
    return said


def _frame(pipe: IO[bytes]) -> bytes:
    try:
        head = pipe.read(_LENGTH.size)
        size = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else 0
        if size > MOST_BYTES:
            raise Broken(f"a message of {size} bytes, the limit is {MOST_BYTES}")
        frame = pipe.read(size)
    except (OSError, ValueError) as error:
        raise Broken(str(error)) from None
    if not size or len(frame) < size:
        raise Broken("it ended")
    return frame


# -- errors ----------------------------------------------------------------------------------------


def as_failure(error: errors.ZenoError) -> Failure:
    """Return an error as data."""
    more = {
        name: getattr(error, name)
        for name in ("backtrace", "stderr", "status", "observed")
        if hasattr(error, name)
    }
    kind = type(error).__name__
    return Failure(kind, error.message, error.code, error.phase, error.slot, error.hint, **more)


def as_error(failure: Failure, plugin: str) -> errors.ZenoError:
    """Return the error that a failure stands for. Raises Broken for one that is none of ours."""
    kind = _KINDS.get(failure.kind)
    if kind is None or failure.phase not in ("", "load", *errors.PHASES):
        raise Broken(f"{failure.kind} in {failure.phase} is no failure of a guest")
    error = kind(
        failure.message,
        code=failure.code,
        plugin=plugin if failure.phase else "",
        phase=failure.phase,
        slot=failure.slot,
        hint=failure.hint,
    )
    for name in ("backtrace", "stderr", "status", "observed"):
        if hasattr(error, name):
            setattr(error, name, getattr(failure, name))
    return error
