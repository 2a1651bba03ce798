"""What plugins log is kept, made harmless, and handed on."""

from __future__ import annotations

import logging

import pytest

from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.services.log import LogRecord, LogService


def test_a_line_becomes_a_record():
    """A line is kept with who said it, when, how loud and how long."""
    log = LogService()
    record = log.add("hello", "execute", b"warn", "grüß".encode(), 6)
    assert record == LogRecord("hello", "execute", "warn", "grüß", 6)
    assert log.records == (record,)


@pytest.mark.parametrize("level", [b"", b"WARN", b"warning", b"fatal", b"\xff"])
def test_any_other_level_counts_as_info(level):
    """A level that is none of the four is info, whatever its bytes."""
    assert LogService().add("hello", "execute", level, b"x", 1).level == "info"


def test_a_line_that_is_not_utf8_is_refused():
    """Bytes that are no text are no line; nothing is kept."""
    log = LogService()
    with pytest.raises(Refused) as refusal:
        log.add("hello", "execute", b"info", b"\xff\n", 2)
    assert (refusal.value.code, refusal.value.rule) == ("encoding", "log.encoding")
    assert "\\xff\\u000a" in refusal.value.detail
    assert not log.records


def test_control_characters_are_shown_not_sent():
    """A guest cannot begin a line of its own or steer a terminal."""
    record = LogService().add("hello", "execute", b"info", b"a\n::error::\x1b[31m", 16)
    assert record.message == "a\\u000a::error::\\u001b[31m"


@pytest.mark.parametrize(
    ("level", "number"),
    [
        (b"debug", logging.DEBUG),
        (b"info", logging.INFO),
        (b"warn", logging.WARNING),
        (b"error", logging.ERROR),
    ],
)
def test_lines_reach_python_logging(caplog, level, number):
    """Each line goes to the plugin's logger, so that caplog sees it."""
    with caplog.at_level(logging.DEBUG, logger="zeno.hello"):
        LogService().add("hello", "execute", level, b"100 %s", 6)
    assert caplog.record_tuples == [("zeno.hello", number, "100 %s")]


def test_forwarding_can_be_switched_off(caplog):
    """A service that does not forward says nothing to Python's logging."""
    with caplog.at_level(logging.DEBUG, logger="zeno.hello"):
        LogService(forward=False).add("hello", "execute", b"error", b"x", 1)
    assert not caplog.records


def test_a_notice_is_a_warning_of_the_host():
    """The host's own remark stands among the lines, with no bytes of the guest."""
    log = LogService()
    notice = log.notice("hello", "execute", "3 log lines above the limits were dropped")
    assert (notice.level, notice.size) == ("warn", 0)
    assert list(log) == [notice]


def test_clear_and_close_forget():
    """After close nothing is kept, and closing twice is fine."""
    log = LogService()
    log.add("hello", "execute", b"info", b"x", 1)
    log.close()
    log.close()
    assert len(log) == 0


def test_a_record_is_short_when_an_assertion_fails():
    """A record shows itself in one line."""
    record = LogService().add("hello", "init", b"info", b"ready", 5)
    assert repr(record) == "<LogRecord hello info: ready>"


# -- floods ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "most", "kept"), [("KEPT_RECORDS", 3, 3), ("KEPT_CHARACTERS", 25, 2)]
)
def test_the_oldest_records_go_first(monkeypatch, limit, most, kept):
    """A host that runs for days keeps so many records, and so many characters of them."""
    monkeypatch.setattr(f"pytest_zeno.services.log.{limit}", most)
    log = LogService(forward=False)
    for number in range(9):
        log.add("hello", "execute", b"info", b"%010d" % number, 10)
    assert [int(record.message) for record in log] == list(range(9 - kept, 9))
    log.clear()
    log.add("hello", "execute", b"info", b"x" * most, 10)
    assert len(log) == 1
