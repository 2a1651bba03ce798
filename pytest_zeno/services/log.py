"""What plugins logged: kept as records, and handed on to Python's `logging` (ABI.md section 6)."""

from __future__ import annotations

import logging
from collections import deque
from threading import Lock
from typing import TYPE_CHECKING, Final

import msgspec

from pytest_zeno.limits import MIB
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.text import LOG, visible, visible_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_zeno.errors import Phase

KEPT_RECORDS: Final = 100_000
"""How many records a host keeps; the oldest go first."""

KEPT_CHARACTERS: Final = 32 * MIB
"""How long the messages of all kept records may be together."""

LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}
"""The contract's levels and Python's; any other counts as info."""

_NAMES: Final = {name.encode(): name for name in LEVELS}


class LogRecord(msgspec.Struct, frozen=True, gc=False):
    """One line that a plugin logged.

    ``message`` went through `pytest_zeno.text`, so every sink may show it; ``size`` is what the
    guest sent, in bytes.
    """

    plugin: str
    phase: Phase
    level: str
    message: str
    size: int

    def __repr__(self) -> str:
        return f"<LogRecord {self.plugin} {self.level}: {self.message}>"


class LogService:
    """Keeps what plugins log.

    Args:
        forward: also hand each line to the logger ``zeno.<plugin>``, where `caplog` sees it.
    """

    def __init__(self, *, forward: bool = True) -> None:
        self._records: deque[LogRecord] = deque()
        self._characters = 0
        self._loggers: dict[str, logging.Logger] = {}
        self._forward = forward
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[LogRecord]:
        return iter(self.records)

    def __repr__(self) -> str:
        return f"<LogService {len(self._records)} records>"

    @property
    def records(self) -> tuple[LogRecord, ...]:
        """Every record that is kept, in order."""
        return tuple(self._records)

    def add(self, plugin: str, phase: Phase, level: bytes, message: bytes, size: int) -> LogRecord:
        """Keep one line of a guest; a level that is none of the four counts as info.

        Raises Refused (``encoding``) when the message is not UTF-8: the line is dropped.
        """
        try:
            text = message.decode()
        except UnicodeDecodeError:
            detail = f"the log line {visible_bytes(message)} is not UTF-8"
            raise Refused("encoding", "log.encoding", detail) from None
        shown = visible(text, LOG)
        return self._keep(LogRecord(plugin, phase, _NAMES.get(level, "info"), shown, size))

    def notice(self, plugin: str, phase: Phase, message: str) -> LogRecord:
        """Keep a line of the host itself about a plugin's lines."""
        return self._keep(LogRecord(plugin, phase, "warn", message, 0))

    def clear(self) -> None:
        """Forget every record."""
        with self._lock:
            self._records.clear()
            self._characters = 0

    def close(self) -> None:
        """Forget every record; nothing else is held."""
        self.clear()

    def _keep(self, record: LogRecord) -> LogRecord:
        with self._lock:
            self._records.append(record)
            self._characters += len(record.message)
            while len(self._records) > KEPT_RECORDS or self._characters > KEPT_CHARACTERS:
                self._characters -= len(self._records.popleft().message)
        if self._forward:
            self._logger(record.plugin).log(LEVELS[record.level], "%s", record.message)
        return record

    def _logger(self, plugin: str) -> logging.Logger:
        logger = self._loggers.get(plugin)
        if logger is None:
            logger = self._loggers[plugin] = logging.getLogger(f"zeno.{visible(plugin)}")
        return logger
