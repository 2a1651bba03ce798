"""A hundred hostile guests: each is refused or ended, and host and neighbours go on.

``tests/runtime/data/hostile/index.json`` says what must come of each, which other ends are as
safe, and what it may cost. They come in a random order, all in one process.
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from pytest_zeno import ZenoHost
from pytest_zeno.isolation.spare import spares
from pytest_zeno.limits import MIB
from pytest_zeno.runtime import compiler
from pytest_zeno.text import LOG, visible
from tests.hostile import lives
from tests.hostile.large import BUILT
from tests.hostile.peak import Peak
from tests.hostile.shuffle import shuffled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

GOOD = next(entry for entry in lives.INDEX if entry["name"] == "good")


ISOLATED = {"good", "trap_in_start", "loop_execute", "infinite_recursion", "grow_forever"}
"""The guests that run in a process of their own as well; ``ZENO_TEST_ISOLATE`` has all do so."""
_ALL = bool(os.environ.get("ZENO_TEST_ISOLATE"))
CASES = [
    pytest.param(entry, isolate, id=f"{entry['name']}{'-isolated' * isolate}")
    for entry in lives.INDEX
    for isolate in (False, True)
    if not isolate or _ALL or entry["name"] in ISOLATED
]


@pytest.fixture
def host(entry: dict[str, Any], isolate: bool) -> Iterator[ZenoHost]:
    """A host that keeps a secret."""
    secret, limits = {"SECRET_API_KEY": lives.SECRET}, lives.limits(entry)
    with ZenoHost(env=secret, limits=limits, isolate=isolate) as host:
        yield host


@pytest.fixture(scope="module", autouse=True)
def _ahead() -> Iterator[None]:
    """Keep a process in readiness between tests."""
    spares.lease()
    yield
    spares.release()


@pytest.mark.parametrize(("entry", "isolate"), shuffled(CASES))
def test_a_hostile_guest_does_no_harm(
    entry: dict[str, Any],
    host: ZenoHost,
    good: Path,
    tmp_path: Path,
    original_compiler: Callable[..., None],
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It ends as the index says, within its bounds, and every text of it is fit to be shown."""
    neighbour = host.load(good)
    folder, threads = lives.write(tmp_path / "evil", entry), threading.active_count()
    capfd.readouterr()
    peak, began = Peak(), time.monotonic()
    with pytest.MonkeyPatch.context() as patch:
        if entry["category"] == "compile":
            patch.setattr(compiler, "compile_to", original_compiler)
        life = lives.live(host, folder)
    assert time.monotonic() - began < entry["max_wall_s"]
    assert peak.grown() < entry["max_rss_mb"] * MIB
    assert life.outcomes & lives.allowed(entry), life.error
    _check_place(entry, life)
    _check_texts([*life.shown, *caplog.messages])
    assert capfd.readouterr() == ("", "")
    assert threading.active_count() <= threads
    assert neighbour.call("good.run").success
    _check_room(host, tmp_path)


def _check_place(entry: dict[str, Any], life: lives.Life) -> None:
    """The error says which plugin failed, in which phase, and in which slot."""
    error = life.error
    if error is None:
        return
    assert error.plugin == "evil"
    assert error.phase in lives.phases(entry, life)
    assert error.slot == (lives.SLOT if error.phase == "execute" else "")


def _check_texts(shown: list[str]) -> None:
    """Nothing that moves a terminal, hides text, commands a CI, or was to be kept."""
    for text in shown:
        for line in text.split("\n"):
            assert visible(line, len(line)) == line
            assert len(line) <= LOG + 200
            assert lives.SECRET not in line
            assert "Traceback" not in line


def _check_room(host: ZenoHost, tmp_path: Path) -> None:
    """Name and slots of the hostile guest are free again for one that keeps the contract."""
    again = host.load(lives.write(tmp_path / "again", GOOD))
    assert again.call(lives.SLOT).data == {"ok": True}
    again.close()


def test_each_guest_is_in_the_index() -> None:
    """Whether it lies there as a file or is built."""
    assert {entry["build"] for entry in lives.INDEX if "build" in entry} == set(BUILT)
    assert len(lives.INDEX) == 100
