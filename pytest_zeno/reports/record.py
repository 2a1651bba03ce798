"""The record of a run: what every format is written from, and what the JSON report is.

All text in it is fit to be shown: whoever makes a record sends guest text through `paragraph` or
`text.visible`, so that no control character, bidi mark or lone surrogate is in it. What a format
gives a meaning to (`<`, `|`, `[`) is still there; each format escapes its own.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from pytest_zeno.profiles import Profile  # noqa: TC001 (msgspec resolves it)
from pytest_zeno.text import LOG, prefixed
from pytest_zeno.verdict.status import Status

FORMAT: Final = 1
"""Counts up with each change that a reader of the JSON report would stumble over."""

Word = Literal[
    "conformant",
    "conformant with warnings",
    "not conformant",
    "no verdict",
    "nothing was judged",
]


class Excerpt(Struct, frozen=True, kw_only=True):
    """Bytes around the place where something went wrong."""

    of: Annotated[str, Meta(description="What they are from: the memory, or the answer.")]
    start: Annotated[int, Meta(description="Where the first byte stands, from 0.", ge=0)]
    at: Annotated[int, Meta(description="Where the byte in question stands, from 0.", ge=0)]
    hex: Annotated[str, Meta(description="The bytes, two digits each.", pattern="^([0-9a-f]{2})*$")]


class Place(Struct, frozen=True, kw_only=True):
    """One problem in a file of the plugin. Lines and columns count from 1, 0 is the whole file."""

    file: str
    line: Annotated[int, Meta(ge=0)]
    column: Annotated[int, Meta(ge=0)]
    code: str
    message: str


class Fix(Struct, frozen=True, kw_only=True):
    """What to do about a breach; without a language it is the same in all of them."""

    language: str
    text: str


class Finding(Struct, frozen=True, kw_only=True):
    """What a rule that is not kept saw."""

    message: str
    observed: str = ""
    expected: str = ""
    hint: str = ""
    backtrace: tuple[str, ...] = ()
    stderr: str = ""
    fixes: tuple[Fix, ...] = ()
    again: Annotated[str, Meta(description="The command that repeats this rule alone.")] = ""
    places: tuple[Place, ...] = ()
    excerpt: Excerpt | None = None


class Rule(Struct, frozen=True, kw_only=True):
    """One rule and what became of it."""

    id: str
    test: Annotated[str, Meta(description="The name of its test, for pytest's -k.")]
    level: Literal["MUST", "SHOULD", "MAY"]
    source: Annotated[str, Meta(description="Where the contract says it.")]
    family: str
    sentence: str
    why: str
    status: Status
    because: Annotated[str, Meta(description="The rule whose breach left it untested.")] = ""
    seconds: Annotated[float, Meta(ge=0)] = 0.0
    finding: Finding | None = None


class HostCall(Struct, frozen=True, kw_only=True):
    """Host calls that were alike: what was asked for, who decided, and why."""

    phase: str
    slot: str
    function: str
    request: str
    allowed: bool
    code: Annotated[str, Meta(description="Why not, as the guest learns it; empty when served.")]
    rule: Annotated[str, Meta(description="The grant that allows it, or the rule that refuses.")]
    detail: str
    times: Annotated[int, Meta(ge=1)]


class Counts(Struct, frozen=True, kw_only=True):
    """How many rules there are of each status, of ``rules`` that apply."""

    rules: int
    kept: int = 0
    warned: int = 0
    broken: int = 0
    untested: int = 0
    error: int = 0
    expected: int = 0


class About(Struct, frozen=True, kw_only=True):
    """Which plugin was judged, and as what. Paths are relative to where pytest was started."""

    label: Annotated[str, Meta(description="What the verdict line calls it.")]
    name: str
    path: str
    module: Annotated[str, Meta(description="The file that stands for it: its module.")]
    version: str = ""
    description: str = ""
    language: str = ""
    profile: Profile = "contract"
    bare: Annotated[bool, Meta(description="Whether it is a module without a manifest.")] = False
    bytes: Annotated[int, Meta(description="The module's size; 0 when it is missing.", ge=0)] = 0
    sha256: Annotated[str, Meta(description="The module's; empty when it is missing.")] = ""


class Cost(Struct, frozen=True, kw_only=True):
    """What one valid call of a slot costs. The same call costs the same on every machine."""

    slot: str
    inputs: Annotated[str, Meta(description="The request that it was measured with, as JSON.")]
    fuel: Annotated[int, Meta(description="About one for each instruction.", ge=0)]
    host_calls: Annotated[int, Meta(description="Without log lines.", ge=0)]
    logs: Annotated[int, Meta(description="Log lines.", ge=0)]
    bytes_in: Annotated[int, Meta(description="The request, and the host's replies.", ge=0)]
    bytes_out: Annotated[int, Meta(description="The response, and requests to the host.", ge=0)]
    pages: Annotated[int, Meta(description="Of 64 KiB: the memory afterwards.", ge=0)]
    grown: Annotated[int, Meta(description="Pages that the memory grew by.", ge=0)]


class Unmeasured(Struct, frozen=True, kw_only=True):
    """A slot whose costs are not known, and why."""

    slot: str
    reason: str


class Costs(Struct, frozen=True, kw_only=True):
    """What the slots of a plugin cost, or why that is not known."""

    wasmtime: Annotated[str, Meta(description="The engine whose fuel it is; its version.")]
    slots: tuple[Cost, ...] = ()
    unmeasured: tuple[Unmeasured, ...] = ()
    reason: Annotated[str, Meta(description="Why no slot was measured; empty when some were.")] = ""
    load_seconds: Annotated[
        float, Meta(description="From instance to slot list: depends on the machine.", ge=0)
    ] = 0.0


class Plugin(Struct, frozen=True, kw_only=True):
    """One plugin, what it is, and what became of its rules."""

    about: About
    verdict: Word
    line: Annotated[str, Meta(description="The verdict as one line, with its counts.")]
    counts: Counts
    rules: tuple[Rule, ...] = ()
    host_calls: tuple[HostCall, ...] = ()
    more_host_calls: Annotated[int, Meta(description="How many are not shown.", ge=0)] = 0
    costs: Annotated[Costs | None, Meta(description="Null when no rule of it ran.")] = None


class Run(Struct, frozen=True, kw_only=True):
    """One run of the suite over the plugins that it judged."""

    format: Literal[1] = FORMAT
    verdict: Annotated[Word, Meta(description="The worst of the plugins' verdicts.")]
    exit_code: Annotated[int, Meta(description="pytest's; 0 when every plugin may be shipped.")]
    version: Annotated[str, Meta(description="pytest-zeno's.")]
    revision: Annotated[int, Meta(description="The contract's.")]
    plugins: tuple[Plugin, ...] = ()
    date: Annotated[str, Meta(description="When it ended, ISO 8601; empty when not told.")] = ""


def paragraph(text: str, limit: int = LOG) -> str:
    """Return text as it may stand in a record; its line breaks are kept."""
    return prefixed("\n".join(text.splitlines()), "", limit)


def not_kept(plugin: Plugin) -> list[tuple[Rule, Finding]]:
    """Return what there is to tell of a plugin's rules, the worst first."""
    order = (Status.BROKEN, Status.ERROR, Status.WARNED, Status.EXPECTED)
    found = [(rule, rule.finding) for rule in plugin.rules if rule.finding is not None]
    return sorted(
        (pair for pair in found if pair[0].status in order),
        key=lambda pair: order.index(pair[0].status),
    )


def overall(words: list[Word]) -> Word:
    """Return what is said of a run whose plugins have these verdicts."""
    ranks: tuple[Word, ...] = (
        "not conformant",
        "no verdict",
        "conformant with warnings",
        "conformant",
    )
    return next((word for word in ranks if word in words), "nothing was judged")
