"""WebAssembly's instructions by the types that they take and give: numbers and their code."""

from __future__ import annotations

I32, I64, F32, F64 = 0x7F, 0x7E, 0x7D, 0x7C
TYPES = (I32, I64, F32, F64)

BINARY = {
    I32: range(0x6A, 0x79),
    I64: range(0x7C, 0x8B),
    F32: range(0x92, 0x99),
    F64: range(0xA0, 0xA7),
}
"""Two of a type to one of it; divisions by zero and overflows trap."""

SAFE = {
    I32: (0x6A, 0x6B, 0x6C, *range(0x71, 0x79)),
    I64: (0x7C, 0x7D, 0x7E, *range(0x83, 0x8B)),
    F32: range(0x92, 0x99),
    F64: range(0xA0, 0xA7),
}
"""Those of them that never trap."""

UNARY = {
    I32: (0x67, 0x68, 0x69, 0xC0, 0xC1),
    I64: (0x79, 0x7A, 0x7B, 0xC2, 0xC3, 0xC4),
    F32: range(0x8B, 0x92),
    F64: range(0x99, 0xA0),
}

COMPARE = {
    I32: range(0x46, 0x50),
    I64: range(0x51, 0x5B),
    F32: range(0x5B, 0x61),
    F64: range(0x61, 0x67),
}
"""Two of a type to an i32."""

CONVERT = {
    I32: (
        (0xA7, I64),
        (0xBC, F32),
        (0xA8, F32),
        (0xA9, F32),
        (0xAA, F64),
        (0xAB, F64),
        (0x50, I64),
    ),
    I64: (
        (0xAC, I32),
        (0xBD, F64),
        (0xAD, I32),
        (0xAE, F32),
        (0xAF, F32),
        (0xB0, F64),
        (0xB1, F64),
    ),
    F32: ((0xB2, I32), (0xB3, I32), (0xB4, I64), (0xB5, I64), (0xB6, F64), (0xBE, I32)),
    F64: ((0xB7, I32), (0xB8, I32), (0xB9, I64), (0xBA, I64), (0xBB, F32), (0xBF, I64)),
}
"""Code and the type it takes, by the type it gives; the first two of each never trap."""

LOAD = {
    I32: ((0x28, 2), (0x2C, 0), (0x2D, 0), (0x2E, 1), (0x2F, 1)),
    I64: ((0x29, 3), (0x30, 0), (0x31, 0), (0x32, 1), (0x33, 1), (0x34, 2), (0x35, 2)),
    F32: ((0x2A, 2),),
    F64: ((0x2B, 3),),
}
"""Code and its natural alignment."""

STORE = {
    I32: ((0x36, 2), (0x3A, 0), (0x3B, 1)),
    I64: ((0x37, 3), (0x3C, 0), (0x3D, 1), (0x3E, 2)),
    F32: ((0x38, 2),),
    F64: ((0x39, 3),),
}

END, ELSE = b"\x0b", b"\x05"
BLOCK, LOOP, IF, BR, BR_IF = b"\x02", b"\x03", b"\x04", b"\x0c", b"\x0d"
CALL, CALL_INDIRECT, DROP, SELECT, RETURN = b"\x10", b"\x11", b"\x1a", b"\x1b", b"\x0f"
LOCAL_GET, LOCAL_SET, LOCAL_TEE = b"\x20", b"\x21", b"\x22"
GLOBAL_GET, GLOBAL_SET = b"\x23", b"\x24"
MEMORY_SIZE, MEMORY_GROW = b"\x3f\0", b"\x40\0"
MEMORY_COPY, MEMORY_FILL = b"\xfc\x0a\0\0", b"\xfc\x0b\0"
TABLE_GROW, REF_NULL = b"\xfc\x0f\0", b"\xd0\x70"
UNREACHABLE, EMPTY = b"\0", b"\x40"
