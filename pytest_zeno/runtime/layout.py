"""The scratch memory that the host shares with adapter.wat and wasi.wat: offsets and codes.

The mailbox is an array of 32-bit cells; the constants here are cell numbers (offset / 4). The
areas behind it are byte offsets. The .wat files write the same numbers out.
"""

from __future__ import annotations

from typing import Final

# -- cells of the mailbox
ANSWER: Final = 0
"""Where the guest says its answer starts."""
LENGTH: Final = 1
STATUS: Final = 2
ATTENTION: Final = 3
"""1 when log lines, dropped lines, nested host calls or a new memory size wait to be read."""
FUNCTION: Final = 4
POINTER: Final = 5
SIZE: Final = 6
REPLY: Final = 7
"""What the host answers: the length of a text, or 1 and 0."""
OUTSIDE: Final = 8
"""1 when the request of a host call lies outside the memory."""
CLOCK: Final = 4
"""The clock's answer, as a cell of 64 bits."""
RING_USED: Final = 10
DROPPED: Final = 13
NESTED: Final = 14
PAGES: Final = 15
"""The size of the guest's memory when it last answered, in pages of 64 KiB."""
MAX_RECORDS: Final = 16
MAX_LOG_BYTES: Final = 17
MAX_RECORD: Final = 18

MAILBOX_BYTES: Final = 128

# -- areas
REPLY_AREA: Final = 0x1000
REPLY_BYTES: Final = 0x10000
REQUEST_AREA: Final = 0x11000
SIZES_BYTES: Final = 8
"""What stands first in it: the lengths of the name and of the request, as cells of 32 bits."""
REQUEST_BYTES: Final = 0x4000
"""Larger requests are written into the guest directly: two crossings, one copy less."""
LEVEL_BYTES: Final = 256
"""Bytes kept of a log line's level."""
RING: Final = 0x20000
RING_BYTES: Final = 0x140000
SCRATCH_BYTES: Final = 22 * 0x10000

# -- numbers in the cell FUNCTION; below 8: the host functions in their order
CLOCK_TIME: Final = 16
RANDOM: Final = 17
EXIT: Final = 18
STDOUT: Final = 19
STDERR: Final = 20
FETCH: Final = 32
"""A reply too large for the reply area: write it to POINTER in the guest."""
NO_ROOM: Final = 33
"""The guest's alloc had no room for a reply."""
DRAIN: Final = 34

# -- values of STATUS
OK: Final = 0
NULL_ANSWER: Final = 1
ANSWER_OUTSIDE: Final = 2
NO_TERMINATOR: Final = 3
ALLOC_NULL: Final = 4
ALLOC_OUTSIDE: Final = 5
