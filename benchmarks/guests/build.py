"""Build the guests that only benchmarks use: python benchmarks/guests/build.py (needs ziglang)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
FLAGS = ("-target", "wasm32-freestanding", "-mcpu=generic", "-std=c23", "-O2", "-nostdlib", "-s")
"""Those of the C hello in fixtures/build.py, so that both hosts run the same code."""


def main() -> int:
    """Compile the C hello behind Extism's ABI."""
    source, target = FOLDER / "extism_hello.c", FOLDER / "extism_hello.wasm"
    linker = ("-Wl,--no-entry", "-Wl,-z,stack-size=65536")
    command = [sys.executable, "-m", "ziglang", "cc", *FLAGS, *linker, source, "-o", target]
    return subprocess.run(command, check=False).returncode  # noqa: S603 (our own command)


if __name__ == "__main__":
    sys.exit(main())
