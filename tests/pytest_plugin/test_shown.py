"""Guests whose texts are hostile are judged, and nothing that is written of them is defaced."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import cmarkgfm
import pytest

from tests.hostile import lives
from tests.pytest_plugin.test_reports import ALL, _rendered
from tests.reports.page import read

__all__ = ["_rendered"]

GUESTS = [entry for entry in lives.INDEX if entry.get("check") == "text"]
RULES = "mod0 or met0 or slt0 or rsp0"
"""Those that show what a guest says; others would only take time."""
HIDDEN = {"\x1b", "\x07", "\x9b", "\u202e", "\u2066", "\u200b", "\ufeff", "\u2028"}


@pytest.fixture
def written(pytester):
    """Judge the guests with every format; return what each file, and the terminal, shows."""
    for entry in GUESTS:
        lives.write(pytester.path / "plugins" / entry["name"], entry)
    options = [f"--zeno-report={name}" for name in ALL]
    ran = pytester.runpytest(
        "--zeno-plugin=plugins", "--junitxml=zeno.xml", "--color=no", "-v", f"-k={RULES}", *options
    )
    names = (*ALL, "zeno.xml")
    files = {name: (pytester.path / name).read_text("utf-8") for name in names}
    return files | {"terminal": ran.stdout.str() + ran.stderr.str()}


@pytest.mark.usefixtures("_rendered")
def test_no_report_of_a_hostile_guest_is_defaced(written):
    """No control of a terminal, no hidden text, no markup, no command to a CI, no traceback."""
    assert len(GUESTS) == 11
    for text in written.values():
        assert not HIDDEN & set(text)
        assert [line for line in text.splitlines() if line.lstrip().startswith("::")] == []
        assert "Traceback" not in text
    html = read(written["zeno.html"])
    assert {"script", "img"}.isdisjoint(html.tags)
    page = read(cmarkgfm.github_flavored_markdown_to_html(written["zeno.md"]))
    assert {"a", "img", "script"}.isdisjoint(page.tags)
    assert not [value for _, _, value in html.attributes if "javascript:" in value]
    json.loads(written["zeno.json"])
    json.loads(written["zeno.sarif"])
    ET.fromstring(written["zeno.xml"])  # noqa: S314 (our own file)
    for name in ("terminal", "zeno.html", "zeno.md", "zeno.json", "zeno.xml"):
        assert "\\u001b" in written[name]  # what was to be hidden is told, and can be seen
