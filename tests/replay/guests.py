"""The recorded guests, written out as plugin folders."""

from __future__ import annotations

import base64
import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from wasmtime import wat2wasm

from tests.replay.records import DATA, expand
from tests.replay.repairs import NOTHING, Repair

MODULES: Final = ("plugin.wasm", "plugin")
"""The names that manifests of the records give the module; one names none of them on purpose."""


def known(name: str) -> bool:
    """Return whether a guest of that name was recorded."""
    return name in _guests()["guests"]


@cache
def manifest(name: str) -> str:
    """Return the manifest of a guest as it was recorded."""
    said: str = _guest(name).get("manifest", _guests()["base"]["manifest"])
    return said


@cache
def text(name: str) -> str:
    """Return the text of a guest's module; empty where the bytes themselves were recorded.

    It is the guest's own, or the common one with the guest's lines in it.
    """
    guest = _guest(name)
    if "file" in guest or "base64" in guest:
        return ""
    lines = list(guest.get("wat", _guests()["base"]["wat"]))
    for at, line in guest.get("lines", {}).items():
        lines[int(at)] = line
    return "\n".join(expand(lines))


def changed_by(repair: Repair, name: str) -> bool:
    """Return whether a repair changes anything of a guest."""
    said = manifest(name), text(name)
    return (repair.manifest(said[0]), repair.module(said[1])) != said


def write(folder: Path, name: str, repair: Repair = NOTHING) -> Path:
    """Write a guest as a plugin folder, after a repair."""
    folder.mkdir()
    (folder / "manifest.yaml").write_bytes(repair.manifest(manifest(name)).encode())
    wasm = _module(name, repair.module(text(name)))
    for file in MODULES:
        (folder / file).write_bytes(wasm)
    return folder


def module(name: str) -> bytes:
    """Return the module of a guest as it was recorded."""
    return _module(name, text(name))


@cache
def _module(name: str, wat: str) -> bytes:
    guest = _guest(name)
    if "file" in guest:
        return Path(DATA, guest["file"]).read_bytes()
    return bytes(wat2wasm(wat)) if wat else base64.b64decode(guest["base64"])


def _guest(name: str) -> dict[str, Any]:
    found: dict[str, Any] = _guests()["guests"][name]
    return found


@cache
def _guests() -> dict[str, Any]:
    guests: dict[str, Any] = json.loads((DATA / "guests.json").read_text("utf-8"))
    return guests


FOLDERS: Final = {
    "ldir": {
        ".hidden": ("m_ok", "hidden"),
        "broken": ("m_badyaml", "broken"),
        "good": ("m_ok", "good"),
        "nothing": ("", ""),
        "same-1": ("m_ok", "same"),
        "same-2": ("m_ok", "same"),
    },
    "ldir2": {"no-memory": ("e_no_memory", "bad"), "good": ("m_ok", "good")},
}
"""Plugin directories that records describe but do not hold: folder -> guest and the name it gets.

Made of recorded guests after the records' notes, each renamed, as slots are unique in a host.
"""


def write_directory(folder: Path, name: str) -> Path:
    """Write a plugin directory after a record's note."""
    folder.mkdir()
    for entry, (guest, renamed) in FOLDERS[name].items():
        if guest:
            write(folder / entry, guest, _renaming(renamed))
        else:
            (folder / entry).mkdir()
    return folder


def _renaming(name: str) -> Repair:
    """Return what gives a guest, and its slots, another name than `p`."""

    def module(wat: str) -> str:
        return wat.replace(r"\22p\22", rf"\22{name}\22").replace(r"\22p.", rf"\22{name}.")

    return Repair(name, lambda text: text.replace("name: p\n", f"name: {name}\n"), module)
