"""Manifests with every kind of damage: each gives a model, or problems with their places."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_zeno.errors import ManifestError
from pytest_zeno.manifest import read_manifest
from tests.fuzz.mutation import mutated

if TYPE_CHECKING:
    from random import Random

DATA = Path(__file__).parent.parent / "manifest" / "data" / "hostile.jsonl"

WHOLE = b"""\
name: probe
version: 1.2.3-rc.1+build.5
binary: out/probe.wasm
author: "A. Nyone"
description: |
  Two lines,
  folded: no.
license: MIT
homepage: https://example.com/
requires: {zeno: ">=1.0.0 <2 || ~3.1", other: ^1.2}
permissions:
  network: ["https://api.example.com/*", "https://*.example.org:8443/v1/"]
  env: [API_KEY, HOME]
  scope: [read, write]
  filesystem: [/srv/data, /tmp/x]
  database: [main]
config:
  url: {type: string, required: true, env: API_URL, default: "https://x", description: where}
  tries: {type: int, env: TRIES, default: 3}
slots:
  - name: probe.run
    inputs: {a: {type: string, required: true}}
"""

TOKENS = (
    *(
        b": ",
        b"- ",
        b"\n",
        b"\n  ",
        b"\t",
        b"  ",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b"#",
        b"|",
        b">",
        b"?",
    ),
    *(
        b"&a ",
        b"*a",
        b"*b",
        b"<<: *a",
        b"!!python/object:os.system ",
        b"!!binary ",
        b"!!set ",
        b"!x ",
    ),
    *(
        b"---\n",
        b"...\n",
        b"%YAML 1.1\n",
        b"%TAG ! tag:x,2000:\n",
        b"null",
        b"~",
        b"yes",
        b"1e3",
        b".inf",
    ),
    *(
        b"0o17",
        b"1:30",
        b"2001-12-14",
        b"''",
        b'""',
        b'"\\x00"',
        b'"\\ud800"',
        b'"\\U0010FFFF"',
        b"\\",
    ),
    *(
        b"\0",
        b"\x1b[31m",
        b"\xff",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"\xfe\xff",
        b"\xe2\x80\xa8",
        b"\x85",
    ),
    *(
        b"name: x\n",
        b"version: 1.10\n",
        b"binary: ../x\n",
        b"binary: C:\\x\n",
        b"permissions:\n",
        b"env: [A]\n",
    ),
    *(
        b"filesystem: [/a/../b]\n",
        b"network: ['*']\n",
        b"requires: {zeno: '>'}\n",
        b"config: {a: {}}\n",
    ),
    *(
        b"[" * 40,
        b"{a: " * 40,
        b"a" * 300,
        b"9" * 5000,
        b"1.2.3 - 4.5.6",
        b"||",
        b"^",
        b">=",
        b"x.x",
    ),
)


class Manifests:
    """Reads manifests."""

    name = "manifests"

    def __init__(self, _folder: Path) -> None:
        lines = [json.loads(line) for line in DATA.read_text("utf-8").splitlines()]
        self.texts = [
            *([WHOLE] * 40),
            *(line["yaml"].encode() for line in lines if "yaml" in line),
            *(base64.b64decode(line["yaml_b64"]) for line in lines if "yaml_b64" in line),
        ]

    def case(self, rng: Random) -> bytes:
        """Return a damaged manifest."""
        return mutated(rng.choice(self.texts), rng, TOKENS, self.texts)

    def ask(self, case: bytes) -> str:
        """Read it: there is a model, or an error among the problems."""
        reading = read_manifest(case)
        errors = [problem for problem in reading.problems if not problem.warning]
        lines = case.count(b"\n") + case.count(b"\r") + case.count(b"\x85") + 3
        for problem in reading.problems:
            assert problem.code.startswith("manifest."), problem.code
            assert 0 <= problem.line <= lines + case.count(b"\xe2\x80"), problem
        assert (reading.manifest is None) == bool(errors)
        if errors:
            raise ManifestError(reading.problems)
        return "warned" if reading.problems else "read"

    def close(self) -> None:
        """Let go of nothing."""
