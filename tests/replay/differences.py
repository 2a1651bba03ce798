"""Where our host does otherwise than the reference host, and which line of the contract says so.

Ids are patterns: ``*`` stands for any characters but ``+``, which begins the repairs of a record
(`repairs.py`). Everything else is the same, apart from what no facet shows (`EVERYWHERE`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

EVERYWHERE: Final = {
    "ABI.md section 9, replies": "a reply of n bytes takes alloc(n + 1) here and ends with a NUL; "
    "`probe.py` asserts both, and compares the reply without it.",
    "ABI.md section 9, request": "keys keep the caller's order here and are sorted there; requests "
    "are compared as JSON.",
    "PERMISSIONS.md, scope": "`Plugin.call` returns data and leaves merging to the script that "
    "called; the scope is compared without what the reference host merged.",
    "PERMISSIONS.md, General 7": "error texts for guests are fixed here; failures are compared "
    "as failures.",
}
"""Differences of every record, taken out before the comparison."""

_MISREAD: Final = {
    "load.calls": [
        ["env_get", {"key": "K"}],
        ["db_query", {"connection": "default", "sql": "select 1"}],
        ["http_request", {"method": "GET", "url": "http://x/"}],
        ["log", {"level": "info", "message": "log in init"}],
        ["env_get", {"key": "K"}],
    ]
}
_LOGGED: Final = {"load.calls": [["log", {"level": "info", "message": "log in init"}]]}
_REFUSED: Final = {"returned": "pointer", "reply": "failure", "allocs": 1}
_NOT_DONE: Final = {"returned": 0, "allocs": 0}
_ROW: Final = {"id": 1, "name": "John", "f": 1.5, "n": None}


@dataclass(frozen=True)
class Difference:
    """Records in which our host does otherwise, for one reason.

    ``ours`` names facets of steps (``execute.outcome``) and what our host gives; ``but`` are ids
    that the patterns of ``ids`` would take in.
    """

    section: str
    why: str
    ids: str
    ours: dict[str, Any]
    but: str = ""

    def covers(self, case: str) -> bool:
        """Return whether this difference is one of the case's."""
        return case not in self.but.split() and any(
            re.fullmatch(re.escape(pattern).replace(r"\*", "[^+]*"), case)
            for pattern in self.ids.split()
        )


def _loads(code: str) -> dict[str, Any]:
    return {"load.outcome": f"error {code}".rstrip()}


def _executes(code: str) -> dict[str, Any]:
    return {"execute.outcome": f"error {code}"}


def _reply(data: Any) -> dict[str, Any]:
    reply = {"success": True, "data": data}
    return {"execute.data": {"returned": "pointer", "reply": reply, "allocs": 1}}


MESSAGES: Final = (
    Difference(
        "ABI.md section 3; section 9, reads",
        "A text ends at its first NUL wherever it lies in the memory, and may be long.",
        "cap_init_4097 end_init",
        {"load.outcome": "ok"},
    ),
    Difference(
        "ABI.md section 3; section 9, reads",
        "A text ends at its first NUL wherever it lies in the memory, and may be long.",
        "cap_resp_16385 end_one_short",
        {"execute.outcome": "success"},
    ),
    Difference(
        "ABI.md section 3; section 9, reads",
        "Without a NUL the text goes on: no window of 4,096 bytes hides the junk behind it.",
        "cap_init_4096_nonul",
        _loads("protocol.json"),
    ),
    Difference(
        "ABI.md section 3",
        "All text is UTF-8; nothing is replaced by U+FFFD.",
        "r_bad_utf8 r_overlong",
        _executes("protocol.utf8"),
    ),
    Difference(
        "ABI.md section 4, JSON",
        "A lone surrogate is no character.",
        "r_surrogates",
        _executes("protocol.surrogate"),
    ),
    Difference(
        "ABI.md section 4, JSON",
        "A key stands once.",
        "r_dup_data_merge",
        _executes("protocol.duplicate_key"),
    ),
    Difference(
        "PERMISSIONS.md, Replies",
        "Integers go to 2^64 - 1 and are exact; none is rounded to a float64.",
        "r_bignum",
        _executes("protocol.number"),
    ),
    Difference(
        "ABI.md section 4, Response",
        "Member names are lower case; `Success` is an unknown member and ignored.",
        "r_case_both",
        {"execute.outcome": "success"},
    ),
    Difference(
        "ABI.md section 4, Response",
        "`success` is required; its absence is no failure of the slot but one of the plugin.",
        "r_success_missing",
        _executes("response.success_missing"),
    ),
    Difference(
        "ABI.md section 4, Response",
        "A failure carries a non-empty error text.",
        "r_fail_noerror",
        _executes("response.error_missing"),
    ),
    Difference(
        "ABI.md section 4, Metadata",
        "The name is required.",
        "i_noname i_empty",
        _loads("metadata.name_missing"),
    ),
    Difference(
        "ABI.md section 4, Metadata",
        "The version is required.",
        "i_noversion",
        _loads("metadata.version_missing"),
    ),
    Difference(
        "ABI.md section 4, Metadata",
        "The version is SemVer 2.0.",
        "i_author_null",
        _loads("metadata.version_semver"),
    ),
    Difference(
        "ABI.md section 4, Metadata", "Metadata is an object.", "i_null", _loads("metadata.type")
    ),
    Difference(
        "ABI.md section 4, Metadata; section 9, metadata",
        "Name and version equal the manifest's.",
        "i_mismatch",
        _loads("metadata.name_mismatch"),
    ),
    Difference(
        "ABI.md section 4, Slot list; section 9, slots",
        "A slot's name is unique.",
        "s_dup",
        _loads("slots.duplicate"),
    ),
    Difference(
        "ABI.md section 4, Slot names; section 9, slots",
        "Names are dotted segments of letters, digits and underscores.",
        "s_builtin s_space",
        _loads("slots.name_grammar"),
    ),
    Difference(
        "ABI.md section 4, Slot list",
        "A slot is an object.",
        "s_item_null",
        _loads("slots.item_type"),
    ),
    Difference(
        "ABI.md section 4, Input types",
        "An input without a type takes any.",
        "s_type_missing",
        {"load.slots": [{"name": "p.run", "inputs": {"a": {"type": "any", "required": False}}}]},
    ),
    Difference(
        "ABI.md section 4, Unknown slots are failures",
        "The plugin itself is asked for a slot that it does not list, so that its answer is seen; "
        "this guest answers everything.",
        "s_empty",
        {"execute.outcome": "success"},
    ),
)

MODULE: Final = (
    Difference(
        "ABI.md section 2; section 9, start",
        "`_initialize` is called, and an exit with code 0 from `_start` is a normal end.",
        "e_initialize_sets e_start_exit0",
        {"load.outcome": "ok", "execute.outcome": "success"},
    ),
    Difference(
        "ABI.md section 2; section 9, exports",
        "Each export of the table has to be there, which is looked at before anything runs.",
        "e_no_exec e_no_cleanup e_no_alloc e_no_memory_export e_no_memory",
        _loads("load.export"),
    ),
    Difference(
        "ABI.md section 2",
        "Exports are exactly typed.",
        "e_init_i64 e_exec_3 e_exec_i64",
        _loads("load.export_type"),
    ),
    Difference(
        "ABI.md section 5; section 9, limits",
        "A guest that never returns is ended at its time limit.",
        "al_loop",
        _executes("limit.time"),
    ),
    Difference(
        "ABI.md section 5; section 9, limits",
        "A guest that never returns is ended at its time limit.",
        "t_loop_init",
        _loads("limit.time"),
    ),
    Difference(
        "ABI.md section 5; section 9, traps",
        "After a trap the next call runs on a fresh instance, whose first call traps again.",
        "t_unreachable_once",
        {
            "execute2.outcome": "error trap.unreachable",
            "execute3.outcome": "error trap.unreachable",
        },
    ),
)

HOST_CALLS: Final = (
    Difference(
        "PERMISSIONS.md, network; filesystem",
        "The grants of the probe are no patterns: a bare `*`, and paths that are not absolute.",
        "h_* q_*",
        _loads("manifest.grant"),
        but="h_sg_noperm h_ss_noperm h_http_noperm h_early",
    ),
    Difference(
        "PERMISSIONS.md, General 3; scope; filesystem",
        "In plugin_init there is no scope, and `f.txt` is no absolute path.",
        "h_*+grants h_*+grants+paths",
        _MISREAD,
    ),
    Difference(
        "PERMISSIONS.md, General 3; ABI.md section 9, permissions",
        "Permissions hold in every phase: nothing but the log is reached without a grant.",
        "h_sg_noperm h_ss_noperm h_http_noperm h_early",
        _LOGGED,
    ),
    Difference(
        "PERMISSIONS.md, General 3; ABI.md section 9, permissions, replies",
        "Nothing is served without a grant, in plugin_cleanup neither; the probe logs as many "
        "bytes as it allocated, and the empty value's NUL is one.",
        "h_early",
        {
            "execute.data": {
                "init_env": {"returned": "pointer", "reply": ""},
                "init_scope_get": {"returned": "pointer", "reply": "failure"},
                "init_scope_set": {"returned": 0},
                "init_file": {"returned": "pointer", "reply": "failure"},
                "init_db": {"returned": "pointer", "reply": "failure"},
                "init_http": {"returned": "pointer", "reply": "failure"},
                "slots_env": {"returned": "pointer", "reply": ""},
            },
            "unload.calls": [["log", {"level": "info", "message": "\0"}]],
        },
    ),
    Difference(
        "ABI.md section 6, host_scope_get",
        "Dots go into maps; a name with a dot in it is out of reach.",
        "h_sg_dottedkey+grants",
        {"execute.data": _REFUSED},
    ),
    Difference(
        "PERMISSIONS.md, scope, Replies",
        "Integers are exact.",
        "h_sg_big+grants",
        _reply({"value": 9007199254740993}),
    ),
    Difference(
        "PERMISSIONS.md, scope",
        "Dots walk maps in a write as well; the reference host makes a new name with a dot in it.",
        "h_ss_dot+grants",
        {"execute.scope": {"user": {"name": "Z", "tags": ["t0", "t1"], "n": None}}},
    ),
    Difference(
        "ABI.md section 6, host_scope_set",
        "`key` and `value` are both said, in lower case.",
        "h_ss_novalue+grants h_ss_case+grants",
        {"execute.data": _NOT_DONE, "execute.calls": [], "execute.scope": {}},
    ),
    Difference(
        "ABI.md section 6, host_db_query",
        "The reply says how many rows a statement changed.",
        "h_db_ok+grants h_db_params_null+grants h_db_params_array+grants",
        _reply({"rows": [_ROW], "affected": 0}),
    ),
    Difference(
        "ABI.md section 6, host_db_query",
        "The reply says how many rows a statement changed.",
        "h_db_norows+grants",
        _reply({"rows": [], "affected": 0}),
    ),
    Difference(
        "ABI.md section 6",
        "`params` binds by position when it is an array.",
        "h_db_params_array+grants",
        {"execute.calls": [["db_query", {"connection": "default", "sql": "s", "params": [1]}]]},
    ),
    Difference(
        "ABI.md section 6",
        "A body that is a text is sent as it is; the answer's type is said by the host.",
        "h_http_body_str+grants",
        {
            "execute.calls": [
                ["http_request", {"method": "POST", "url": "http://ok/", "body": "text"}]
            ],
            **_reply(
                {
                    "status": 200,
                    "headers": {"Content-Type": "application/json", "X": "y"},
                    "body": {"r": 1},
                }
            ),
        },
    ),
    Difference(
        "PERMISSIONS.md, network, General 4",
        "An empty URL and a path with a NUL are refused before a service sees them.",
        "h_http_nourl+grants h_fr_nul+grants h_fr_nul+grants+paths",
        {"execute.calls": []},
    ),
    Difference(
        "PERMISSIONS.md, filesystem",
        "A path that is not absolute is refused.",
        "h_fr_dotslash+grants h_fr_dir+grants h_fr_dirup+grants h_fr_empty+grants",
        {"execute.data": _REFUSED, "execute.calls": []},
    ),
    Difference(
        "PERMISSIONS.md, filesystem",
        "A path with a segment `.` or `..` is refused.",
        "h_fr_dotslash+grants+paths h_fr_dirup+grants+paths",
        {"execute.data": _REFUSED, "execute.calls": []},
    ),
    Difference(
        "PERMISSIONS.md, filesystem",
        "A path that is not absolute is refused.",
        "h_fr_big+grants",
        {
            "execute.data": {
                "returned": "pointer",
                "reply": {"begins": '{"success":false,"error":"inva', "size": 68},
                "allocs": 1,
            },
            "execute.calls": [],
        },
    ),
    Difference(
        "PERMISSIONS.md, filesystem",
        "A path that is not absolute, or has a segment `..`, is refused.",
        "h_fw_ok+grants h_fw_ok+grants+paths",
        {"execute.data": _NOT_DONE, "execute.calls": []},
    ),
    Difference(
        "PERMISSIONS.md, filesystem; ABI.md section 9, permissions",
        "A grant of `out` is none of `outdir`.",
        "h_fw_nodir+grants h_fw_nodir+grants+paths",
        {"execute.calls": []},
    ),
    Difference(
        "ABI.md section 5; section 9, traps",
        "After an exit the next call runs on a fresh instance.",
        "h_alloc_mode7+grants",
        {"execute2.outcome": "success"},
    ),
    Difference(
        "ABI.md section 5; section 9, limits",
        "An alloc that never returns is ended at the time limit; the reference host hangs.",
        "h_alloc_mode8+grants",
        _executes("limit.time"),
    ),
)

MANIFESTS: Final = (
    Difference(
        "ABI.md section 7; section 9, manifest",
        "The version is required.",
        "m_slashname m_anchor m_bin_noext m_requires_num m_perm_null m_perm_nums m_perm_unknown "
        "m_type_other",
        _loads("manifest.version_missing"),
    ),
    Difference(
        "ABI.md section 7",
        "The version is SemVer 2.0; `1.10` keeps its spelling and is none.",
        "m_numname m_datever",
        _loads("manifest.version"),
    ),
    Difference(
        "PERMISSIONS.md, General 6",
        "A name becomes folders and report files, so it is a strict subset, with no slash.",
        "m_slashname+version",
        _loads("manifest.name"),
    ),
    Difference(
        "PERMISSIONS.md, General 6",
        "An alias says twice what was checked once; the strict subset has none.",
        "m_anchor+version",
        _loads("manifest.alias"),
    ),
    Difference(
        "PERMISSIONS.md, General 6",
        "The module is a .wasm file, by its name too.",
        "m_bin_noext+version",
        _loads("manifest.binary"),
    ),
    Difference(
        "PERMISSIONS.md, env",
        "Names are names of variables: `1` and `2.50` are none.",
        "m_perm_nums+version",
        _loads("manifest.grant"),
    ),
    Difference(
        "PERMISSIONS.md, General 1",
        "An unknown kind makes the manifest invalid.",
        "m_perm_unknown+version",
        _loads("manifest.permission_kind"),
    ),
    Difference(
        "ABI.md section 1",
        "A directory that is not there has no plugins to load, which its user wants to know.",
        "ld_none",
        {"loaddir.outcome": "error load.no_such_path"},
    ),
    Difference(
        "ABI.md section 1; section 9, exports",
        "One bad plugin never stops the others.",
        "ld_panic",
        {"loaddir.outcome": "ok", "list.plugins": ["good"]},
    ),
)

DIFFERENCES: Final = MESSAGES + MODULE + HOST_CALLS + MANIFESTS
