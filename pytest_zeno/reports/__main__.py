"""Print the JSON Schema of the JSON report: ``python -m pytest_zeno.reports``."""

from __future__ import annotations

import json
import sys

from pytest_zeno.reports.as_json import report_schema

if __name__ == "__main__":
    sys.stdout.write(json.dumps(report_schema(), indent=2) + "\n")
