"""The page in a browser: what it shows is there, and what a plugin wrote into it does not run."""

from __future__ import annotations

import shutil
import struct
import subprocess

import pytest

from pytest_zeno.reports.html import to_html
from tests.reports import samples
from tests.reports.page import read

QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=2000",
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """Give a function that opens a page and returns what the browser printed."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"no browser to open the page in: none of {', '.join(NAMES)} is installed")
    profile = tmp_path_factory.mktemp("profile")

    def open_page(html, *options):
        page = tmp_path_factory.mktemp("page") / "report.html"
        page.write_text(html, "utf-8")
        command = [path, *QUIET, f"--user-data-dir={profile}", *options, page.as_uri()]
        done = subprocess.run(  # noqa: S603 (the browser that was found)
            command, capture_output=True, encoding="utf-8", timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return open_page


def test_the_verdict_is_there(browser):
    """So are the breaches, with the commands that repeat them."""
    page = read(browser(to_html(samples.typical()), "--dump-dom"))
    assert "not conformant" in page.texts("p")
    assert page.texts("h1") == ["hello 1.2.3"]
    assert len(page.texts("article")) == 4


def test_no_script_of_a_plugin_runs(browser):
    """Neither an element nor an attribute of its texts comes to life."""
    text = "".join(samples.HOSTILE[:4])
    page = read(browser(to_html(samples.hostile(text)), "--dump-dom"))
    assert "pwned" not in page.texts("title")
    assert {"script", "img"}.isdisjoint(page.tags)
    assert text[:39] in page.texts("h1")[0]


def test_the_policy_stops_a_script_that_got_through(browser):
    """The browser obeys it: a script and an image written into the page do nothing."""
    script = (
        "<script>document.title = 'pwned'</script><img src=x onerror=\"document.title='pwned'\">"
    )
    page = to_html(samples.typical()).replace("<main>", f"<main>{script}")
    assert read(browser(page, "--dump-dom")).texts("title") == ["hello: not conformant"]
    unguarded = page.replace("Content-Security-Policy", "x")
    assert read(browser(unguarded, "--dump-dom")).texts("title") == ["pwned"]


@pytest.mark.parametrize(("options", "dark"), [((), False), (("--force-dark-mode",), True)])
def test_the_style_sheet_applies(browser, tmp_path, options, dark):
    """A picture of the page has the colour of its ground in the corner, light and dark."""
    shot = tmp_path / "page.png"
    size = "--window-size=300,200"
    browser(to_html(samples.typical()), f"--screenshot={shot}", size, "--hide-scrollbars", *options)
    assert _corner(shot.read_bytes()) == (bytes.fromhex("101216" if dark else "f6f7f9"))


def _corner(png):
    """Return the first pixel of a picture as red, green and blue."""
    import zlib

    at, data = 8, b""
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        kind = png[at + 4 : at + 8]
        data += png[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
        at += size + 12
    return zlib.decompress(data)[1:4]  # the filter's byte is first; its left and upper are 0
