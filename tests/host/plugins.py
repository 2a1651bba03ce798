"""Plugin folders whose guests are WebAssembly text, and a guest that asks everything everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.runtime.guests import OWN, entry, guest

if TYPE_CHECKING:
    from pathlib import Path

REQUESTS = {
    "host_log": b"hello",
    "host_db_query": b'{"connection":"main","sql":"SELECT 1 AS one"}',
    "host_http_request": b'{"method":"GET","url":"https://api.example.com/a"}',
    "host_scope_get": b"user",
    "host_scope_set": b'{"key":"seen","value":true}',
    "host_file_read": b"/srv/a.txt",
    "host_file_write": b'{"path":"/srv/b.txt","content":"b"}',
    "host_env_get": b"API_KEY",
}
"""One request for each host function, which `GRANTS` allows."""

GRANTS = """\
permissions:
  network: ["https://api.example.com/*"]
  env: [API_KEY]
  scope: [read, write]
  filesystem: [/srv]
  database: [main]
"""

_AT = {name: OWN + 512 * number for number, name in enumerate(REQUESTS)}
TRAP = "(unreachable)"
LOOP = "(loop $l (br $l)) (unreachable)"


def ask(name: str, request: bytes | None = None) -> str:
    """Return a call of a host function with its request; the result is left on the stack."""
    at, size = _AT[name], len(REQUESTS[name] if request is None else request)
    level = "(i32.const 0) (i32.const 0)" if name == "host_log" else ""
    return f"(call ${name} {level} (i32.const {at}) (i32.const {size}))"


def asking(*names: str, **requests: bytes) -> dict[str, Any]:
    """Return the imports and the data that `ask` needs, with other requests where given."""
    chosen = {name: requests.get(name, REQUESTS[name]) for name in names}
    return {
        "imports": tuple(chosen),
        "data": {_AT[name]: request for name, request in chosen.items()},
    }


def dropped(*names: str) -> str:
    """Return calls of host functions whose results are dropped."""
    return " ".join(ask(name) if name == "host_log" else f"(drop {ask(name)})" for name in names)


def everywhere(*names: str) -> dict[str, Any]:
    """Return a guest that calls host functions in every phase of its life."""
    calls = dropped(*names)
    return {
        **asking(*names),
        "extra": f'(func (export "_initialize") {calls})',
        "init": entry("plugin_init", f"{calls} (i32.const 1024)"),
        "register": entry("plugin_register_slots", f"{calls} (i32.const 2048)"),
        "run": f"{calls} (i32.const 4096)",
        "cleanup": f'(func (export "plugin_cleanup") {calls})',
    }


def metadata(name: str, version: str = "1.0.0") -> bytes:
    """Return the metadata of a plugin, as it lies in its memory."""
    return f'{{"name":"{name}","version":"{version}"}}'.encode() + b"\0"


def slots(*names: str) -> bytes:
    """Return a slot list, as it lies in a plugin's memory."""
    return ("[" + ",".join(f'{{"name":"{name}"}}' for name in names) + "]").encode() + b"\0"


def write(  # noqa: D417 (the rest is tests.runtime.guests.text's)
    folder: Path,
    name: str = "probe",
    *,
    manifest: str = "",
    version: str = "1.0.0",
    data: dict[int, bytes] | None = None,
    **parts: Any,
) -> Path:
    """Write the folder of a plugin with one slot ``NAME.run``.

    Args:
        folder: where to.
        name: the plugin's name.
        manifest: YAML behind name, version and binary.
        version: the plugin's version.
        data: what lies in memory beside metadata and slots.
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts = {1024: metadata(name, version), 2048: slots(f"{name.replace('-', '_')}.run")}
    (folder / "plugin.wasm").write_bytes(guest(data=texts | (data or {}), **parts))
    head = f"name: {name}\nversion: {version}\nbinary: plugin.wasm\n"
    (folder / "manifest.yaml").write_text(head + manifest, "utf-8")
    return folder
