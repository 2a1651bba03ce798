"""`manifest.yaml`: read strictly, every problem at once (ABI.md section 7)."""

from __future__ import annotations

from pytest_zeno.manifest.grants import Grants
from pytest_zeno.manifest.load import load_manifest
from pytest_zeno.manifest.model import ConfigParameter, Manifest, Reading
from pytest_zeno.manifest.reader import read_manifest
from pytest_zeno.manifest.requires import check_requires
from pytest_zeno.manifest.schema import manifest_schema
from pytest_zeno.manifest.versions import Range, satisfies

__all__ = [
    "ConfigParameter",
    "Grants",
    "Manifest",
    "Range",
    "Reading",
    "check_requires",
    "load_manifest",
    "manifest_schema",
    "read_manifest",
    "satisfies",
]
