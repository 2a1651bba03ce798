"""Rules on recovery: a host function that fails, and what comes after it (ABI.md section 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_zeno.verdict.broken import Broken, expect
from pytest_zeno.verdict.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_zeno.evidence.faulted import Trial
    from pytest_zeno.evidence.subject import Subject


@rule(
    "REC-001",
    level="MUST",
    section="6",
    why="Databases go down and disks fill up: a plugin that takes the reply's data for granted "
    "traps on the worst day of its users.",
    example='rows := reply["data"].(map[string]any)["rows"]  // panics on {"success": false}',
    fix={
        "c": "Look at `success` first; a missing `data` is no pointer.",
        "go": "Check the reply's success before its data, and use the two-value form.",
        "rust": "Match on the reply's success; no unwrap() of what only a success has.",
    },
    codes=("faulted",),
)
def test_rec001_failed_host_calls_are_answered(zeno_subject: Subject) -> None:
    """A host function that fails keeps no slot from answering in an orderly way."""
    for trial in zeno_subject.faulted:
        if trial.effect == "error" and trial.error is not None:
            raise trial.error.with_traceback(None)
    if not zeno_subject.faulted:
        for failure in zeno_subject.denied.failures.values():
            raise failure.with_traceback(None)


@rule(
    "REC-002",
    level="SHOULD",
    section="6",
    why="A proxy, another host or a full memory cuts a reply short: what is parsed without a "
    "check reads on behind its end.",
    example="JSON.parse(reply) without a try, and an empty reply.",
    fix={
        "c": "Stop at the reply's NUL, and answer a failure when it is not the JSON you expect.",
        "go": "Check the error of json.Unmarshal of every reply.",
        "rust": "Answer the error of serde_json::from_slice of every reply.",
    },
)
def test_rec002_garbage_is_answered(zeno_subject: Subject) -> None:
    """A reply that is empty or no JSON should keep no slot from answering in an orderly way."""
    failing = {_place(one) for one in zeno_subject.faulted if one.effect == "error" and one.error}
    for trial in zeno_subject.faulted:
        if trial.effect == "garbage" and trial.error and _place(trial) not in failing:
            raise Broken(
                f"{trial.slot}: {trial.error.message}",
                observed=trial.exchange.shown,
                expected="a failure, or a success without what the reply would have said",
            )


def _place(trial: Trial) -> tuple[str, str]:
    return trial.slot, trial.function


@rule(
    "REC-003",
    level="SHOULD",
    section="4",
    why="A connection that is marked as dead, or an error that is kept for good, turns one bad "
    "second into an outage until the plugin is reloaded.",
    example="var once sync.Once; the first call stores the host's error for all later ones.",
    fix={
        "c": "Keep nothing of a failed host call; ask again at the next call.",
        "go": "Do not store an error or an empty value in a sync.Once.",
        "rust": "Do not store an Err in a OnceLock; ask again at the next call.",
    },
)
def test_rec003_failed_host_calls_leave_nothing_behind(zeno_subject: Subject) -> None:
    """A slot should succeed as ever once the host function that failed works again."""
    _as_ever(zeno_subject, "error", "garbage")


@rule(
    "REC-004",
    level="SHOULD",
    section="5",
    why="The host may end a call anywhere: a lock in the scope or in a file that only the end "
    "of the call takes away stays for ever.",
    example='scope_set("job.running", true); work(); scope_set("job.running", false);',
    fix={
        "c": "Write a time with the lock, and take over one that is old.",
        "go": "Write a time with the lock, and take over one that is old.",
        "rust": "Write a time with the lock, and take over one that is old.",
    },
)
def test_rec004_ended_calls_leave_nothing_behind(zeno_subject: Subject) -> None:
    """A slot should succeed on a fresh instance after the host has ended a call of it."""
    _as_ever(zeno_subject, "stall")


def _as_ever(subject: Subject, *effects: str) -> None:
    """Raise when a slot that succeeds does not after a trial with one of these effects."""
    for trial in _comparable(subject, effects):
        after = trial.afterwards
        expect(
            after is not None and after.success,
            f"{trial.slot}: after {trial.function} {_SAID[trial.effect]} once, the same request "
            "does not succeed any more",
            observed=after.shown if after else "",
            expected="a success, as without that",
        )


def _comparable(subject: Subject, effects: tuple[str, ...]) -> Iterator[Trial]:
    for trial in subject.faulted:
        if trial.effect in effects and trial.before and trial.afterwards is not None:
            yield trial


_SAID = {"error": "failed", "garbage": "answered garbage", "stall": "stalled beyond the limit"}
