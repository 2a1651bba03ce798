"""Print the JSON Schema of `manifest.yaml`: ``python -m pytest_zeno.manifest``."""

from __future__ import annotations

import json
import sys

from pytest_zeno.manifest.schema import manifest_schema

if __name__ == "__main__":
    sys.stdout.write(json.dumps(manifest_schema(), indent=2) + "\n")
