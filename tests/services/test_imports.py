"""A host that needs no database and no file pays for neither."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from pytest_zeno.services.database import Databases
from pytest_zeno.services.env import EnvService
from pytest_zeno.services.files import FileService
from pytest_zeno.services.http import HttpService
from pytest_zeno.services.log import LogService
from pytest_zeno.services.scope import ScopeService

services = [Databases(), EnvService(), FileService(), HttpService(), LogService(), ScopeService()]
for service in services:
    service.close()
heavy = {"sqlite3", "ssl", "tempfile", "shutil", "urllib3", "wasmtime", "pydantic", "pytest"}
print(sorted(heavy & set(sys.modules)))
"""


def test_heavy_modules_wait_until_they_are_needed():
    """Making and closing every service imports no database, no temporary files, no pytest."""
    run = subprocess.run(  # noqa: S603 (our own script)
        [sys.executable, "-W", "error", "-c", SCRIPT], capture_output=True, text=True, check=False
    )
    assert (run.stdout, run.stderr) == ("[]\n", "")
