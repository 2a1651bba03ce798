"""Cases of guests that use WASI preview 1; test_agreement.py runs them on both call paths."""

from __future__ import annotations

import struct

from pytest_zeno.runtime import abi
from tests.runtime.cases import Case
from tests.runtime.guests import METADATA, OWN, RESPONSE

SUCCESS, EBADF, EFAULT, EINVAL, ENOSYS, ESPIPE = 0, 8, 21, 28, 52, 70
FREE = 9000
"""Where a call may write."""


def _answers(errno: int, name: str, *arguments: object, then: str = "(i32.const 1)") -> Case:
    """Return the case of a call that must give `errno`, after which `then` must hold."""
    types = abi.WASI_IMPORTS[name].partition(")")[0].removeprefix("(").split()
    values = " ".join(
        f"({kind}.const {value})" for kind, value in zip(types, arguments, strict=True)
    )
    run = f"""(if (i32.ne (call ${name} {values}) (i32.const {errno})) (then (unreachable)))
      (if (i32.eqz {then}) (then (unreachable)))
      (i32.const 4096)"""
    about = f"{name} {' '.join(map(str, arguments))} gives {errno}"
    return Case(about, RESPONSE, {"imports": (name,), "run": run, "data": DATA})


def _vectors(*parts: tuple[int, int]) -> bytes:
    return b"".join(struct.pack("<II", *part) for part in parts)


_SUBSCRIPTION = struct.pack("<QB39x", 7, 0)
DATA = {
    OWN: _vectors((8300, 5), (8305, 0), (8305, 6)),
    8260: _vectors((8300, 5), (131070, 9)),
    8300: b"hello world",
    8400: _SUBSCRIPTION * 2,
    FREE: b"\xff" * 100,
}

_ZERO = f"(i32.eqz (i32.load (i32.const {FREE})))"
_LAST = 131072

MEMORY = (
    _answers(SUCCESS, "args_sizes_get", FREE, FREE + 4, then=_ZERO),
    _answers(SUCCESS, "environ_sizes_get", FREE, FREE + 4, then=_ZERO),
    _answers(EFAULT, "environ_sizes_get", FREE, _LAST - 3),
    _answers(EFAULT, "args_sizes_get", -1, FREE),
    _answers(SUCCESS, "args_get", FREE, FREE),
    _answers(SUCCESS, "environ_get", FREE, FREE),
    _answers(SUCCESS, "clock_res_get", 0, FREE),
    _answers(EINVAL, "clock_res_get", 4, FREE),
    _answers(EFAULT, "clock_res_get", 0, _LAST - 7),
    *(
        _answers(
            SUCCESS,
            "clock_time_get",
            clock,
            1,
            FREE,
            then=f"(i64.gt_s (i64.load (i32.const {FREE})) (i64.const 0))",
        )
        for clock in range(4)
    ),
    _answers(EINVAL, "clock_time_get", 4, 1, FREE),
    _answers(EFAULT, "clock_time_get", 0, 1, _LAST - 7),
    _answers(
        SUCCESS,
        "random_get",
        FREE,
        64,
        then=f"(i64.ne (i64.load (i32.const {FREE})) (i64.const -1))",
    ),
    _answers(SUCCESS, "random_get", _LAST, 0),
    _answers(EFAULT, "random_get", _LAST - 63, 64),
    _answers(EFAULT, "random_get", 8, -2147483648),
)

STREAMS = (
    _answers(
        SUCCESS,
        "fd_write",
        1,
        OWN,
        3,
        FREE,
        then=f"(i32.eq (i32.load (i32.const {FREE})) (i32.const 11))",
    ),
    _answers(SUCCESS, "fd_write", 2, OWN, 1, FREE),
    _answers(SUCCESS, "fd_write", 1, OWN, 0, FREE, then=_ZERO),
    _answers(EBADF, "fd_write", 0, OWN, 1, FREE),
    _answers(EBADF, "fd_write", 3, OWN, 1, FREE),
    _answers(EFAULT, "fd_write", 1, 8260, 2, FREE),
    _answers(EFAULT, "fd_write", 1, OWN, -1, FREE),
    _answers(EFAULT, "fd_write", 1, OWN, 1, _LAST - 3),
    _answers(SUCCESS, "fd_read", 0, OWN, 1, FREE, then=_ZERO),
    _answers(EBADF, "fd_read", 1, OWN, 1, FREE),
    _answers(EBADF, "fd_read", 3, OWN, 1, FREE),
    _answers(SUCCESS, "fd_fdstat_get", 1, FREE),
    _answers(EBADF, "fd_fdstat_get", 3, FREE),
    _answers(EFAULT, "fd_fdstat_get", 0, _LAST - 23),
    _answers(SUCCESS, "fd_close", 1),
    _answers(EBADF, "fd_close", 3),
    _answers(ESPIPE, "fd_seek", 1, 0, 0, FREE),
    _answers(EBADF, "fd_seek", 3, 0, 0, FREE),
    _answers(
        SUCCESS,
        "poll_oneoff",
        8400,
        FREE,
        2,
        FREE + 96,
        then=f"(i64.eq (i64.load (i32.const {FREE})) (i64.const 7))",
    ),
    _answers(EINVAL, "poll_oneoff", 8400, FREE, 0, FREE),
    _answers(EFAULT, "poll_oneoff", 8400, FREE, 100_000, FREE),
    _answers(EFAULT, "poll_oneoff", 8400, _LAST - 8, 2, FREE),
    _answers(SUCCESS, "sched_yield"),
    _answers(ENOSYS, "proc_raise", 9),
)

REFUSED = tuple(
    _answers(EBADF, name, *[0 if "i64" in kind else FREE for kind in types[1:-1].split()])
    for name, signature in abi.WASI_IMPORTS.items()
    if name.startswith(("path_", "sock_"))
    for types in [signature.partition(" -> ")[0]]
)
"""No paths and no sockets (PERMISSIONS.md, Limits)."""

EARLY = Case(
    "WASI before there is a memory",
    METADATA,
    {
        "imports": ("random_get",),
        "extra": f"""(func $first (if (i32.ne
            (call $random_get (i32.const {FREE}) (i32.const 8)) (i32.const {ENOSYS}))
          (then (unreachable)))) (start $first)""",
    },
    ("init",),
)

WASI_CALLS = (*MEMORY, *STREAMS, *REFUSED, EARLY)
