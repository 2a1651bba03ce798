"""Which files a plugin may read and write (PERMISSIONS.md, filesystem).

What a path leads to on a disk is the service's to see: it walks from the granted directory
without following links.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pytest_zeno.limits import KIB, MIB
from pytest_zeno.manifest.grants import MOST_PATH_BYTES, path_problem
from pytest_zeno.permissions.decision import Decision
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.permissions.request import (
    invalid,
    not_granted,
    read_object,
    read_text,
    require,
    text_member,
)
from pytest_zeno.text import quoted

if TYPE_CHECKING:
    from pytest_zeno.limits import Limits
    from pytest_zeno.manifest.grants import FileGrant, Grants

MOST_BYTES: Final = 8 * MIB
"""How large a file may be that is written."""

# A file whose every byte is escaped, its path likewise, and the rest of the object.
_MOST_REQUEST: Final = 6 * (MOST_BYTES + MOST_PATH_BYTES) + KIB

Segments = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileTarget:
    """A file by its canonical path, and the path of the grant that covers it, as segments."""

    grant: Segments
    path: Segments


@dataclass(frozen=True, slots=True)
class FileWrite:
    """A file, and what shall be in it."""

    grant: Segments
    path: Segments
    content: str


def decide_read(grants: Grants, path: bytes) -> Decision[FileTarget]:
    """Return the file that may be read; whether it is there plays no part.

    Raises Refused: ``permission_denied``, ``invalid_request`` for a path outside the grammar,
    ``encoding``. PERMISSIONS.md, filesystem.
    """
    require("filesystem", grants.filesystem)
    if len(path) > MOST_PATH_BYTES:
        invalid("filesystem.path", f"a path has at most {MOST_PATH_BYTES} bytes, not {len(path)}")
    grant, segments = _granted(grants, read_text("filesystem", path))
    return Decision(f"filesystem.grant {grant.text}", FileTarget(grant.path, segments))


def decide_write(grants: Grants, request: bytes, limits: Limits) -> Decision[FileWrite]:
    """Return the file that may be written, and its content.

    Raises Refused: ``permission_denied``, ``invalid_request``, ``limit_exceeded`` for a content
    above 8 MiB, ``encoding``. PERMISSIONS.md, filesystem.
    """
    require("filesystem", grants.filesystem)
    message = read_object("filesystem", request, limits, _MOST_REQUEST)
    path = text_member("filesystem", message, "path")
    content = text_member("filesystem", message, "content")
    grant, segments = _granted(grants, path)
    if len(content) * 4 > MOST_BYTES and len(content.encode()) > MOST_BYTES:
        detail = f"the content has more than {MOST_BYTES} bytes"
        raise Refused("limit_exceeded", "filesystem.size", detail)
    return Decision(f"filesystem.grant {grant.text}", FileWrite(grant.path, segments, content))


def _granted(grants: Grants, path: str) -> tuple[FileGrant, Segments]:
    """Return the grant that covers a path, the closest one of several, and the path's segments."""
    problem = path_problem(path)
    if problem:
        invalid("filesystem.path", f"{quoted(path)}: {problem}")
    segments = tuple(path[1:].split("/"))
    covering = [g for g in grants.filesystem if segments[: len(g.path)] == g.path]
    if not covering:
        raise not_granted("filesystem", path, grants.filesystem)
    return max(covering, key=lambda grant: len(grant.path)), segments
