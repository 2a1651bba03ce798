"""The plugins that the pages of docs/ speak of, for their blocks to run against."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path

from tests.host.plugins import slots, write
from tests.runtime.guests import OWN

ROOT = Path(__file__).parents[2]
PAY, ADD, COUNT = (
    b'{"method":"POST","url":"https://api.example.com/pay","body":{"amount":5}}',
    b'{"connection":"default","sql":"insert into users values (2, :name)","params":{"name":"bob"}}',
    b'{"connection":"main","sql":"select 1"}',
)
FAILED = 4608
MANIFEST = """\
permissions:
  network: ["https://api.example.com/*"]
  database: [default, main]
"""
INI = """\
[pytest]
zeno_db =
    main = sqlite://
"""


def unless(function: str, at: int, request: bytes) -> str:
    """Return a host call, and what leads to the failure unless its reply is a success."""
    asked = f"(call ${function} (i32.const {at}) (i32.const {len(request)}))"
    return f"(br_if $failed (i32.ne (i32.load8_u offset=11 {asked}) (i32.const {ord('t')})))"


def shop(folder: Path) -> Path:
    """Write a plugin that pays by HTTP, adds a user, and orders with two queries.

    Its slots are told apart by the lengths of their names: `shop.pay`, `users.add`, `shop.order`.
    """
    calls = {
        8: unless("host_http_request", OWN, PAY),
        9: unless("host_db_query", OWN + 512, ADD),
        10: unless("host_db_query", OWN + 1024, COUNT) * 2,
    }
    cases = "".join(
        f"(if (i32.eq (local.get $name_size) (i32.const {size})) (then {call}))"
        for size, call in calls.items()
    )
    return write(
        folder,
        "shop",
        manifest=MANIFEST,
        imports=("host_http_request", "host_db_query"),
        data={
            2048: slots("shop.pay", "users.add", "shop.order"),
            FAILED: b'{"success":false,"error":"the host refused"}\0',
            OWN: PAY,
            OWN + 512: ADD,
            OWN + 1024: COUNT,
        },
        run=f"(block $failed {cases} (return (i32.const 4096))) (i32.const {FAILED})",
    )


def prepare(folder: Path) -> None:
    """Make the directory in which a reader of docs/ stands."""
    shop(folder / "plugins" / "shop")
    hello = folder / "plugins" / "hello"
    hello.mkdir(parents=True)
    for name in ("manifest.yaml", "hello.wasm"):
        shutil.copy(ROOT / "fixtures" / "hello-c" / name, hello)
    (folder / "pytest.ini").write_text(INI, "utf-8")


def as_tests(block: str, given: str) -> str:
    """Return a block of Python as a module of tests.

    A test stays as it is. What is typed at a prompt, after the lines `given`, shows what it gives;
    other statements run in a test of their own.
    """
    if "def test_" in block:
        return block
    if block.startswith(">>> "):
        expression, shown = block.removeprefix(">>> ").splitlines()
        block = f"{given}\nassert {expression} == {shown}"
    return "def test_block(plugin, zeno_host):\n" + textwrap.indent(block, "    ")
