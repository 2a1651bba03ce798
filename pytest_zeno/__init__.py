"""The harness that decides whether a ZenoEngine plugin is fit to ship."""

from __future__ import annotations

__version__ = "0.1.0"
