"""The environment is the map that was given, byte-exact and never the process's own."""

from __future__ import annotations

import os

import pytest

from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.services.env import MOST_BYTES, EnvService


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KEY", "value"),
        ("EMPTY", ""),
        ("UNSET", ""),
        ("key", ""),
        ("LINES", "a\nb"),
        ("SURROGATE", ""),
        ("NUL", ""),
    ],
)
def test_what_a_guest_gets(name, value):
    """Set values come as they are; unset, other spellings and what is no text come empty."""
    env = EnvService(
        {"KEY": "value", "EMPTY": "", "LINES": "a\nb", "SURROGATE": "\udcff", "NUL": "a\0b"}
    )
    assert env.get(name) == value


def test_the_process_environment_is_never_asked(monkeypatch):
    """A variable of the process is unset for plugins."""
    monkeypatch.setenv("ZENO_SECRET", "s3cret")
    assert EnvService().get("ZENO_SECRET") == ""


@pytest.mark.parametrize("letter", ["a", "é"])
def test_a_long_value_is_refused(letter):
    """64 KiB pass, one byte more does not; bytes count, not characters."""
    fits = MOST_BYTES // len(letter.encode())
    env = EnvService({"FITS": letter * fits, "LONG": letter * fits + "a"})
    assert len(env.get("FITS")) == fits
    with pytest.raises(Refused) as refusal:
        env.get("LONG")
    assert (refusal.value.code, refusal.value.rule) == ("limit_exceeded", "env.size")


def test_the_map_is_copied_and_can_be_changed():
    """Later changes to the given map do not count, changes to the service do."""
    given = {"A": "1"}
    env = EnvService(given)
    given["A"] = "2"
    env["B"] = "3"
    assert (env.get("A"), env.get("B"), list(env), "B" in env) == ("1", "3", ["A", "B"], True)
    del env["B"]
    assert env.get("B") == ""


def test_a_value_that_is_no_text_is_a_mistake_of_the_test():
    """A number is refused at once, with what to write instead."""
    with pytest.raises(TypeError, match=r"'PORT' to a int; write str\(value\)"):
        EnvService({"PORT": 8080})  # type: ignore[dict-item]  # the mistake under test


def test_the_repr_shows_no_values():
    """A failed assertion does not print secrets."""
    assert repr(EnvService({"KEY": "s3cret"})) == "<EnvService KEY>"


def test_close_forgets():
    """After close every value is unset, and closing twice is fine."""
    env = EnvService({"KEY": "value"})
    env.close()
    env.close()
    assert env.get("KEY") == ""


# -- .env files ------------------------------------------------------------------------------------


@pytest.fixture
def dotenv(tmp_path):
    """Write a file of settings and return its path."""

    def write(text):
        path = tmp_path / ".env"
        path.write_text(text, "utf-8")
        return path

    return write


def test_a_file_gives_values(dotenv):
    """Quotes, exports, comments and escapes mean what they mean everywhere; lines may be empty."""
    env = EnvService()
    env.read_file(dotenv("# settings\nA=1\n\nexport B='x y' # why\nC=\"a\\nb\"\nEMPTY=\nÜ=é\n"))
    assert {name: env[name] for name in env} == {
        "A": "1",
        "B": "x y",
        "C": "a\nb",
        "EMPTY": "",
        "Ü": "é",
    }


def test_a_file_overwrites_nothing(dotenv):
    """What a test has set goes before what stands in a file."""
    env = EnvService({"A": "mine"})
    env.read_file(dotenv("A=file\nB=file\n"))
    assert (env["A"], env["B"]) == ("mine", "file")


def test_a_file_and_the_process_know_nothing_of_each_other(dotenv, monkeypatch):
    """No variable of the process gets into a value, and none is changed."""
    monkeypatch.setenv("ZENO_SECRET", "s3cret")
    before = dict(os.environ)
    env = EnvService()
    env.read_file(dotenv("A=${ZENO_SECRET}\nZENO_OTHER=x\n"))
    assert env.get("A") == "${ZENO_SECRET}"
    assert dict(os.environ) == before


@pytest.mark.parametrize("line", ["NAME", "=value", "A='open", "two words=1"])
def test_a_line_that_means_nothing_is_told(dotenv, line):
    """A mistake is named with its line, and nothing of the file is taken."""
    env = EnvService()
    with pytest.raises(ValueError, match=r"\.env:3: .* is not NAME=value"):
        env.read_file(dotenv(f"A=1\n\n{line}\nB=2\n"))
    assert len(env) == 0


def test_a_missing_file_is_told(tmp_path):
    """A misspelt path is no empty file."""
    with pytest.raises(FileNotFoundError):
        EnvService().read_file(tmp_path / "nope.env")
