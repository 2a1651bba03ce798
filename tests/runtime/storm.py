"""A process under a storm of signals; test_interrupts.py starts it and reads its report.

Each round opens a fresh guest that loops over host calls for ever, has a signal come at a random
moment, and enters the guest. What comes out must be the handler's exception, once.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading

from pytest_zeno.limits import Limits
from pytest_zeno.runtime.fast import FastInstance
from pytest_zeno.runtime.module import GuestModule
from tests.runtime import guests

LOOPS = {
    "texts": "(drop (call $host_env_get (i32.const 8192) (i32.const 4)))",
    "numbers": "(drop (call $host_scope_set (i32.const 8192) (i32.const 4)))",
    "logs": """(call $host_log (i32.const 8192) (i32.const 4) (i32.const 8192) (i32.const 4))
               (drop (call $host_env_get (i32.const 8192) (i32.const 4)))""",
    "output": """(drop (call $fd_write
                   (i32.const 1) (i32.const 8200) (i32.const 1) (i32.const 8192)))""",
    "silent": "(local.set $a (i32.add (local.get $a) (i32.const 1)))",
}
ONCE = b"once"
"""The slot that answers at once; every other one loops for ever."""
_LATEST = 1500
"""Microseconds after which a signal has come."""


class Alarm(Exception):  # noqa: N818 (a name, not an error)
    """What the handler raises, with the number of the interrupt."""


class Host(guests.Calls):
    """A host that does a little Python for each call, and forgets it."""

    def answer(self, function: int, request: bytes, /) -> bytes | bool:
        """Answer with what took some bytecodes to make."""
        if guests.abi.HOST_FUNCTIONS[function] in guests.abi.ANSWER_NUMBERS:
            return bool(request)
        return b"x" * sum(range(function))

    def log(self, level: bytes, message: bytes, size: int, /) -> None:
        """Drop the line."""


def loop_guest(body: str) -> bytes:
    """Return a guest that does `body` for ever, and answers the slot `ONCE`."""
    return guests.guest(
        imports=("host_log", "host_env_get", "host_scope_set", "fd_write"),
        alloc='(func (export "alloc") (param i32) (result i32) (i32.const 65536))',
        run=f"""(if (i32.eq (local.get $name_size) (i32.const {len(ONCE)}))
                  (then (return (i32.const 4096))))
                (loop $for_ever {body} (br $for_ever)) (unreachable)""",
        data={8192: b"name", 8200: (8192).to_bytes(4, "little") + (4).to_bytes(4, "little")},
    )


class Storm:
    """Sends signals into guests and counts what became of each."""

    def __init__(self, strike: str, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 (moments, not secrets)
        self.strike = strike
        self.raised = self.surfaced = self.answered = 0
        self.wrong: list[str] = []
        signal.signal(signal.SIGALRM, self.raise_alarm)
        # A job that was started in the background begins with SIGINT ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def raise_alarm(self, _number: int, _frame: object) -> None:
        """Raise in the main thread, as pytest-timeout does."""
        self.raised += 1
        raise Alarm(self.raised)

    def send(self) -> None:
        """Have one signal come at a random moment."""
        moment = self.random.randint(1, _LATEST) / 1e6
        if self.strike == "alarm":
            signal.setitimer(signal.ITIMER_REAL, moment)
        else:
            self.raised += 1
            threading.Timer(moment, os.kill, (os.getpid(), signal.SIGINT)).start()

    def round(self, module: GuestModule) -> None:
        """Interrupt one guest, then call another one, which must answer."""
        guest = FastInstance(module, Host(), Limits(timeout=5.0))
        request = b"{}" * self.random.choice((1, 20_000))  # through scratch, and around it
        try:
            self.send()
            guest.execute(b"for.ever", request)
            self.wrong.append("a loop without end ended")
        except (Alarm, KeyboardInterrupt) as error:
            self.surfaced += 1
            if isinstance(error, Alarm) and error.args != (self.raised,):
                self.wrong.append(f"interrupt {self.raised} surfaced as {error!r}")
        except Exception as error:  # noqa: BLE001 (reported)
            self.wrong.append(f"{type(error).__name__}: {error}")
        guest.close()
        fresh = FastInstance(module, Host(), Limits())
        self.answered += fresh.execute(ONCE, b"{}") == guests.RESPONSE
        fresh.close()


def main() -> None:
    """Run as many rounds as the arguments say, over the loops they name; print the report."""
    rounds, strike, *names = sys.argv[1:]
    storm = Storm(strike, int(rounds))
    modules = [GuestModule(loop_guest(LOOPS[name]), Limits()) for name in names]
    for number in range(int(rounds)):
        storm.round(modules[number % len(modules)])
    report = {name: getattr(storm, name) for name in ("raised", "surfaced", "answered", "wrong")}
    sys.stdout.write(json.dumps(report))


if __name__ == "__main__":
    main()
