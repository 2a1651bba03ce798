"""Function bodies at random: valid by construction, so that they reach what runs them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from tests.fuzz import codes
from tests.fuzz.codes import F32, I32, I64, TYPES
from tests.hostile.binary import signed, unsigned, vector

if TYPE_CHECKING:
    from random import Random

_INTEGERS = (0, 1, -1, 2, 7, 100, 1024, 2048, 4096, 9000, 65535, 65536, 131071, 131072, -16)
_FLOATS = (0.0, -0.0, 1.0, -1.5, 1e30, 3e38, float("nan"), float("inf"))
_DEEPEST = 5
_RARELY = 0.06
"""How often something is done that may trap or never end."""


class Signature(NamedTuple):
    """What a function takes and gives."""

    parameters: tuple[int, ...]
    results: tuple[int, ...]


class Surroundings(NamedTuple):
    """What a body may name: functions in order, the types of the module, and its globals."""

    functions: tuple[Signature, ...]
    types: tuple[Signature, ...]
    globals: tuple[int, ...]


class Body:
    """One body: its parameters and locals, and what it may name."""

    def __init__(
        self, rng: Random, module: Surroundings, signature: Signature, callees: int
    ) -> None:
        self.rng = rng
        self.module = module
        self.signature = signature
        self.callees = callees
        """How many functions it calls as a rule: those before it, so that it ends."""
        self.own = tuple(rng.choice(TYPES) for _ in range(rng.randrange(4)))
        self.locals = (*signature.parameters, *self.own)

    def written(self, answer: bytes | None) -> bytes:
        """Return the body: statements, and `answer` or a random value at its end."""
        code = b"".join(self.statement(0) for _ in range(self.rng.choice((0, 1, 1, 2, 4))))
        if answer is None:
            code += b"".join(self.value(kind, 0) for kind in self.signature.results)
        else:
            code += answer
        return vector(b"\x01" + bytes([kind]) for kind in self.own) + code + codes.END

    def constant(self, kind: int) -> bytes:
        """Return a constant: small, at an edge, or anything."""
        rng = self.rng
        if kind in (I32, I64):
            bits = 32 if kind == I32 else 64
            number = rng.choice((*_INTEGERS, rng.getrandbits(bits) - (1 << (bits - 1))))
            return bytes([0x41 if kind == I32 else 0x42]) + signed(number)
        packed = struct.pack("<f" if kind == F32 else "<d", rng.choice(_FLOATS))
        return bytes([0x43 if kind == F32 else 0x44]) + packed

    def value(self, kind: int, depth: int) -> bytes:
        """Return code that leaves one value of a type."""
        if depth > _DEEPEST:
            return self.constant(kind)
        makers = (
            *(self._constant,) * 4,
            *(self._local, self._local, self._global, self._unary, self._binary, self._binary),
            *(self._convert, self._load, self._select, self._if, self._block, self._call),
            *((self._compare, self._memory, self._indirect) if kind == I32 else ()),
        )
        return self.rng.choice(makers)(kind, depth + 1)

    def statement(self, depth: int) -> bytes:
        """Return code that leaves nothing."""
        makers = (
            *(
                self._set,
                self._set_global,
                self._store,
                self._store,
                self._dropped,
                self._call_away,
            ),
            *((self._loop, self._branches, self._fill, self._copy) if depth < _DEEPEST else ()),
            self._leave,
        )
        return self.rng.choice(makers)(depth + 1)

    def _constant(self, kind: int, _depth: int) -> bytes:
        return self.constant(kind)

    def _index(self, of: tuple[int, ...], kind: int) -> int | None:
        fitting = [at for at, other in enumerate(of) if other == kind]
        return self.rng.choice(fitting) if fitting else None

    def _local(self, kind: int, _depth: int) -> bytes:
        at = self._index(self.locals, kind)
        return self.constant(kind) if at is None else codes.LOCAL_GET + unsigned(at)

    def _global(self, kind: int, _depth: int) -> bytes:
        at = self._index(self.module.globals, kind)
        return self.constant(kind) if at is None else codes.GLOBAL_GET + unsigned(at)

    def _unary(self, kind: int, depth: int) -> bytes:
        return self.value(kind, depth) + bytes([self.rng.choice(codes.UNARY[kind])])

    def _binary(self, kind: int, depth: int) -> bytes:
        known = codes.BINARY[kind] if self._rarely() else codes.SAFE[kind]
        operands = self.value(kind, depth) + self.value(kind, depth)
        return operands + bytes([self.rng.choice(known)])

    def _compare(self, _kind: int, depth: int) -> bytes:
        of = self.rng.choice(TYPES)
        operands = self.value(of, depth) + self.value(of, depth)
        return operands + bytes([self.rng.choice(codes.COMPARE[of])])

    def _convert(self, kind: int, depth: int) -> bytes:
        known = codes.CONVERT[kind]
        code, taken = self.rng.choice(known if self._rarely() else known[:2])
        return self.value(taken, depth) + bytes([code])

    def _load(self, kind: int, depth: int) -> bytes:
        return self._address(depth) + self._access(self.rng.choice(codes.LOAD[kind]))

    def _address(self, depth: int) -> bytes:
        """Return an address, as a rule one at which nothing stands that the contract needs."""
        anywhere = self.value(I32, depth)
        if self._rarely():
            return anywhere
        mask, base = b"\x41" + signed(0x7FFF), b"\x41" + signed(0x4000)
        return anywhere + mask + b"\x71" + base + b"\x6a"

    def _rarely(self) -> bool:
        return self.rng.random() < _RARELY

    def _access(self, instruction: tuple[int, int]) -> bytes:
        code, alignment = instruction
        offset = self.rng.choice((65535, 2**32 - 1)) if self._rarely() else self.rng.randrange(9)
        return bytes([code, self.rng.randint(0, alignment)]) + unsigned(offset)

    def _select(self, kind: int, depth: int) -> bytes:
        return b"".join(self.value(of, depth) for of in (kind, kind, I32)) + codes.SELECT

    def _inside(self, opening: bytes, kind: bytes, *parts: bytes) -> bytes:
        return opening + kind + b"".join(parts) + codes.END

    def _if(self, kind: int, depth: int) -> bytes:
        condition = self.value(I32, depth)
        either, other = self.value(kind, depth), self.value(kind, depth)
        return condition + self._inside(codes.IF, bytes([kind]), either, codes.ELSE, other)

    def _block(self, kind: int, depth: int) -> bytes:
        first, condition, last = (self.value(of, depth) for of in (kind, I32, kind))
        inner = (first, condition, codes.BR_IF + b"\0", codes.DROP, last)
        return self._inside(codes.BLOCK, bytes([kind]), *inner)

    def _memory(self, _kind: int, depth: int) -> bytes:
        grow = self.value(I32, depth) + codes.MEMORY_GROW
        table = codes.REF_NULL + self.value(I32, depth) + codes.TABLE_GROW
        return self.rng.choice((codes.MEMORY_SIZE, grow, table))

    def _arguments(self, signature: Signature, depth: int) -> bytes:
        return b"".join(self.value(kind, depth) for kind in signature.parameters)

    def _call(self, kind: int, depth: int) -> bytes:
        known = self._callable((kind,))
        if not known:
            return self.constant(kind)
        at = self.rng.choice(known)
        return self._arguments(self.module.functions[at], depth) + codes.CALL + unsigned(at)

    def _callable(self, results: tuple[int, ...]) -> list[int]:
        known = self.module.functions if self._rarely() else self.module.functions[: self.callees]
        return [at for at, one in enumerate(known) if one.results == results]

    def _indirect(self, kind: int, depth: int) -> bytes:
        if not self._rarely():
            return self.constant(kind)
        known = [at for at, one in enumerate(self.module.types) if one.results == (kind,)]
        at = self.rng.choice(known)
        arguments = self._arguments(self.module.types[at], depth) + self.value(I32, depth)
        return arguments + codes.CALL_INDIRECT + unsigned(at) + b"\0"

    def _set(self, depth: int) -> bytes:
        if not self.locals:
            return b""
        at = self.rng.randrange(len(self.locals))
        return self.value(self.locals[at], depth) + codes.LOCAL_SET + unsigned(at)

    def _set_global(self, depth: int) -> bytes:
        at = self.rng.randrange(len(self.module.globals))
        return self.value(self.module.globals[at], depth) + codes.GLOBAL_SET + unsigned(at)

    def _store(self, depth: int) -> bytes:
        kind = self.rng.choice(TYPES)
        operands = self._address(depth) + self.value(kind, depth)
        return operands + self._access(self.rng.choice(codes.STORE[kind]))

    def _dropped(self, depth: int) -> bytes:
        return self.value(self.rng.choice(TYPES), depth) + codes.DROP

    def _call_away(self, depth: int) -> bytes:
        known = self._callable(())
        if not known:
            return b""
        at = self.rng.choice(known)
        return self._arguments(self.module.functions[at], depth) + codes.CALL + unsigned(at)

    def _loop(self, depth: int) -> bytes:
        again = self.value(I32, depth) if self._rarely() else self._countdown()
        inner = self.statement(depth)
        return self._inside(codes.LOOP, codes.EMPTY, inner, again, codes.BR_IF, b"\0")

    def _countdown(self) -> bytes:
        """Return whether an i32 at a fixed address, less than 16, is not 0 yet after taking 1."""
        at = b"\x41" + signed(12000)
        less = at + b"\x28\x02\0" + b"\x41\x0f\x71" + b"\x41\x01\x6b" + b"\x41\x0f\x71"
        return at + less + b"\x36\x02\0" + at + b"\x28\x02\0"

    def _branches(self, depth: int) -> bytes:
        condition = self.value(I32, depth)
        either, other = self.statement(depth), self.statement(depth)
        return condition + self._inside(codes.IF, codes.EMPTY, either, codes.ELSE, other)

    def _fill(self, depth: int) -> bytes:
        return self._address(depth) + self.value(I32, depth) + self._size(depth) + codes.MEMORY_FILL

    def _size(self, depth: int) -> bytes:
        anything = self.value(I32, depth)
        return anything if self._rarely() else anything + b"\x41" + signed(0xFFF) + b"\x71"

    def _copy(self, depth: int) -> bytes:
        return self._address(depth) + self._address(depth) + self._size(depth) + codes.MEMORY_COPY

    def _leave(self, depth: int) -> bytes:
        """Return early, or trap; seldom, or nothing behind it would ever run."""
        if not self._rarely():
            return b""
        if self.rng.random() < 0.5:
            return codes.UNREACHABLE
        values = b"".join(self.value(kind, depth) for kind in self.signature.results)
        early = self._inside(codes.IF, codes.EMPTY, values, codes.RETURN)
        return self.value(I32, depth) + early
