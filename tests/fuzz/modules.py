"""Modules at random, in the shape of the contract: with its exports, and bodies that do anything.

Each is loaded, called twice and closed in one host, beside a plugin that keeps the contract and
has to go on answering. Whatever the module does ends in a result or a typed error.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pytest_zeno import ZenoHost
from pytest_zeno.limits import Limits
from pytest_zeno.runtime import abi, cache
from tests.fuzz.bodies import Body, Signature, Surroundings
from tests.fuzz.codes import I32, I64, TYPES
from tests.fuzz.mutation import mutated
from tests.host.plugins import write
from tests.hostile.binary import (
    HEAD,
    METADATA,
    RESPONSE,
    SLOTS,
    constant,
    section,
    segment,
    text,
    unsigned,
)

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

LIMITS = Limits(timeout=0.03, load_timeout=0.06, memory="2MiB", stack="64KiB", host_calls=500)
SLOT = "evil.run"
MANIFEST = """\
name: evil
version: 1.0.0
binary: plugin.wasm
permissions: {scope: [read, write], env: [A], filesystem: [/srv], database: [main]}
"""

_KINDS = {"i32": I32, "i64": I64}
_CONTRACT = {
    "plugin_init": (Signature((), (I32,)), 1024),
    "plugin_register_slots": (Signature((), (I32,)), 2048),
    "plugin_execute": (Signature((I32,) * 4, (I32,)), 4096),
    "alloc": (Signature((I32,), (I32,)), 65536),
    "plugin_cleanup": (Signature((), ()), None),
}
"""Each function's type, and the answer that keeps the contract."""
_OPTIONAL = {"free": Signature((I32,), ()), "_initialize": Signature((), ())}
_ANSWERS_RIGHT = {"plugin_init": 0.9, "plugin_register_slots": 0.9, "alloc": 0.8}
_WASI = ("fd_write", "random_get", "clock_time_get", "environ_get", "proc_exit", "poll_oneoff")
_RANDOM_DAMAGE = 0.05
_TOKENS = (b"\0", b"\xff", b"\x80\x80\x80\x80\x08", b"\x0b", b"\x7f", b"\xfd\x0c", b"\x41\0")


class _Module:
    """One module while it is made."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        known = {"env": tuple(abi.HOST_IMPORTS), abi.WASI_MODULE: _WASI}
        self.imports = [
            (module, name)
            for module, names in known.items()
            for name in rng.sample(names, rng.randrange(4))
        ]
        self.exports = {name: signature for name, (signature, _) in _CONTRACT.items()}
        self.exports |= {name: one for name, one in _OPTIONAL.items() if rng.random() < 0.2}
        self.helpers = [_any_signature(rng) for _ in range(rng.randrange(3))]
        self.functions = (
            *(_imported(module, name) for module, name in self.imports),
            *self.exports.values(),
            *self.helpers,
        )
        self.types = tuple(dict.fromkeys(self.functions))
        self.globals = tuple(rng.choice(TYPES) for _ in range(rng.randint(1, 3)))

    def written(self) -> bytes:
        """Return the module's bytes."""
        own = self.functions[len(self.imports) :]
        surroundings = Surroundings(self.functions, self.types, self.globals)
        answers = [*map(self._answer, self.exports), *(None for _ in self.helpers)]
        bodies = [
            Body(self.rng, surroundings, signature, len(self.imports) + at).written(answer)
            for at, (signature, answer) in enumerate(zip(own, answers, strict=True))
        ]
        pages = self.rng.choice((2, 2, 2, 2, 3, 30, 40))
        return b"".join(
            (
                HEAD,
                section(1, map(_type, self.types)),
                section(2, (self._import(*names) for names in self.imports)),
                section(3, (unsigned(self.types.index(one)) for one in own)),
                section(4, [b"\x70\0\x04"]),
                section(5, [b"\0" + unsigned(pages)]),
                section(6, map(self._global, self.globals)),
                section(7, self._exports()),
                section(9, [self._elements()]),
                section(10, (unsigned(len(body)) + body for body in bodies)),
                section(11, self._segments()),
            )
        )

    def _answer(self, export: str) -> bytes | None:
        """Return the code of the right answer, or None where anything may be answered."""
        _, right = _CONTRACT.get(export, (None, None))
        if right is None:
            return None
        kept = self.rng.random() < _ANSWERS_RIGHT.get(export, 0.6)
        return constant(right)[1:-1] if kept else None

    def _import(self, module: str, name: str) -> bytes:
        kind = self.types.index(_imported(module, name))
        return text(module) + text(name) + b"\0" + unsigned(kind)

    def _global(self, kind: int) -> bytes:
        surroundings = Surroundings((), (), ())
        value = Body(self.rng, surroundings, Signature((), ()), 0).constant(kind)
        return bytes([kind, 1]) + value + b"\x0b"

    def _exports(self) -> list[bytes]:
        first = len(self.imports)
        named = [text(name) + b"\0" + unsigned(first + at) for at, name in enumerate(self.exports)]
        return [text("memory") + b"\x02\0", *named]

    def _elements(self) -> bytes:
        listed = [unsigned(self.rng.randrange(len(self.functions))) for _ in range(3)]
        return b"\0\x41\0\x0b" + unsigned(len(listed)) + b"".join(listed)

    def _segments(self) -> list[bytes]:
        said = ((1024, METADATA), (2048, SLOTS), (4096, RESPONSE), (9000, b"A\0"))
        return [segment(at, data) for at, data in said]


def _any_signature(rng: Random) -> Signature:
    parameters = tuple(rng.choice(TYPES) for _ in range(rng.randrange(3)))
    return Signature(parameters, tuple(rng.choice(TYPES) for _ in range(rng.randrange(2))))


def _imported(module: str, name: str) -> Signature:
    given, _, result = abi.IMPORTS[module][name].partition(" -> ")
    parameters = tuple(_KINDS[kind] for kind in given.strip("()").split())
    return Signature(parameters, () if result == "()" else (_KINDS[result],))


def _type(signature: Signature) -> bytes:
    lists = (unsigned(len(kinds)) + bytes(kinds) for kinds in signature)
    return b"\x60" + b"".join(lists)


class Modules:
    """A host that takes every module in."""

    name = "modules"

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "evil"
        self.folder.mkdir()
        (self.folder / "manifest.yaml").write_text(MANIFEST, "utf-8")
        self.host = ZenoHost(limits=LIMITS)
        self.good = self.host.load(write(folder / "good", "good"))

    def case(self, rng: Random) -> bytes:
        """Return a module, now and then a damaged one."""
        wasm = _Module(rng).written()
        if rng.random() < _RANDOM_DAMAGE:
            return mutated(wasm, rng, _TOKENS, (wasm,))
        return wasm

    def ask(self, case: bytes) -> str:
        """Take the module through a life, and ask its neighbour."""
        (self.folder / "plugin.wasm").write_bytes(case)
        try:
            with self.host.load(self.folder) as plugin:
                results = [plugin.call(SLOT, at=number).success for number in range(2)]
            return f"answers {results}"
        finally:
            assert self.good.call("good.run").success
            assert list(self.host.plugins) == ["good"]
            self._forget()

    def close(self) -> None:
        """Close the host."""
        self.host.close()

    def _forget(self) -> None:
        """Keep the folder of compiled modules small."""
        self.host.ledger.clear()
        self.host.log.clear()
        for file in cache.cache_directory().iterdir():
            if file.suffix in (".cwasm", ".sha256", ".lock"):
                _remove(file)


def _remove(file: Path) -> None:
    if os.name != "nt":  # there a file that is mapped cannot be removed
        file.unlink(missing_ok=True)
