"""What a rule is about, which the first part of its id says."""

from __future__ import annotations

from typing import Final

SUBJECTS: Final = {
    "CAL": "calls",
    "HST": "host calls",
    "LIF": "the plugin's life",
    "LIM": "limits",
    "MAN": "manifest",
    "MEM": "memory",
    "MET": "metadata",
    "MOD": "module",
    "MSG": "messages",
    "PAR": "requests",
    "POR": "portability",
    "PRM": "permissions",
    "REC": "recovery",
    "RSP": "responses",
    "SLT": "slot list",
    "STR": "texts and memory",
}
