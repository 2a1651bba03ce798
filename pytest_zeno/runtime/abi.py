"""What a module must export and may import, by name and exact type (ABI.md sections 2 and 6)."""

from __future__ import annotations

from typing import Final

HOST_MODULE: Final = "env"
WASI_MODULE: Final = "wasi_snapshot_preview1"

HOST_FUNCTIONS: Final = (
    "host_log",
    "host_db_query",
    "host_http_request",
    "host_scope_get",
    "host_scope_set",
    "host_file_read",
    "host_file_write",
    "host_env_get",
)
"""The host functions; a function's place here is its number in the adapter and the ledger."""

ANSWER_NUMBERS: Final = frozenset(("host_scope_set", "host_file_write"))
"""The host functions that answer 1 or 0; the others, `host_log` apart, answer with a text."""

EXPORTS: Final = {
    "memory": "memory",
    "alloc": "(i32) -> i32",
    "plugin_init": "() -> i32",
    "plugin_register_slots": "() -> i32",
    "plugin_execute": "(i32 i32 i32 i32) -> i32",
    "plugin_cleanup": "() -> ()",
}
"""What every module exports: the name and its type."""

OPTIONAL_EXPORTS: Final = {
    "free": "(i32) -> ()",
    "_initialize": "() -> ()",
    "_start": "() -> ()",
}

_TWO: Final = "(i32 i32) -> i32"

HOST_IMPORTS: Final = {
    name: "(i32 i32 i32 i32) -> ()" if name == "host_log" else _TWO for name in HOST_FUNCTIONS
}

WASI_IMPORTS: Final = {
    "args_get": _TWO,
    "args_sizes_get": _TWO,
    "clock_res_get": _TWO,
    "clock_time_get": "(i32 i64 i32) -> i32",
    "environ_get": _TWO,
    "environ_sizes_get": _TWO,
    "fd_advise": "(i32 i64 i64 i32) -> i32",
    "fd_allocate": "(i32 i64 i64) -> i32",
    "fd_close": "(i32) -> i32",
    "fd_datasync": "(i32) -> i32",
    "fd_fdstat_get": _TWO,
    "fd_fdstat_set_flags": _TWO,
    "fd_fdstat_set_rights": "(i32 i64 i64) -> i32",
    "fd_filestat_get": _TWO,
    "fd_filestat_set_size": "(i32 i64) -> i32",
    "fd_filestat_set_times": "(i32 i64 i64 i32) -> i32",
    "fd_pread": "(i32 i32 i32 i64 i32) -> i32",
    "fd_prestat_dir_name": "(i32 i32 i32) -> i32",
    "fd_prestat_get": _TWO,
    "fd_pwrite": "(i32 i32 i32 i64 i32) -> i32",
    "fd_read": "(i32 i32 i32 i32) -> i32",
    "fd_readdir": "(i32 i32 i32 i64 i32) -> i32",
    "fd_renumber": _TWO,
    "fd_seek": "(i32 i64 i32 i32) -> i32",
    "fd_sync": "(i32) -> i32",
    "fd_tell": _TWO,
    "fd_write": "(i32 i32 i32 i32) -> i32",
    "path_create_directory": "(i32 i32 i32) -> i32",
    "path_filestat_get": "(i32 i32 i32 i32 i32) -> i32",
    "path_filestat_set_times": "(i32 i32 i32 i32 i64 i64 i32) -> i32",
    "path_link": "(i32 i32 i32 i32 i32 i32 i32) -> i32",
    "path_open": "(i32 i32 i32 i32 i32 i64 i64 i32 i32) -> i32",
    "path_readlink": "(i32 i32 i32 i32 i32 i32) -> i32",
    "path_remove_directory": "(i32 i32 i32) -> i32",
    "path_rename": "(i32 i32 i32 i32 i32 i32) -> i32",
    "path_symlink": "(i32 i32 i32 i32 i32) -> i32",
    "path_unlink_file": "(i32 i32 i32) -> i32",
    "poll_oneoff": "(i32 i32 i32 i32) -> i32",
    "proc_exit": "(i32) -> ()",
    "proc_raise": "(i32) -> i32",
    "random_get": _TWO,
    "sched_yield": "() -> i32",
    "sock_accept": "(i32 i32 i32) -> i32",
    "sock_recv": "(i32 i32 i32 i32 i32 i32) -> i32",
    "sock_send": "(i32 i32 i32 i32 i32) -> i32",
    "sock_shutdown": _TWO,
}
"""WASI preview 1, whole: toolchains import more of it than they use. What may not be done
answers with an error (PERMISSIONS.md, Limits)."""

IMPORTS: Final = {HOST_MODULE: HOST_IMPORTS, WASI_MODULE: WASI_IMPORTS}
