"""Rules on a plugin's life: start, init, slots, calls, cleanup (ABI.md section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_zeno.verdict.broken import expect, no_failures
from pytest_zeno.verdict.rule import rule

if TYPE_CHECKING:
    from pytest_zeno.errors import Phase
    from pytest_zeno.evidence.subject import Subject

_INIT_SECONDS: Final = 1.0


def _ends_of(phase: Phase) -> tuple[str, ...]:
    """Return the codes of everything that ends a phase before it returns."""
    ends = ("trap", "exit", "limit.time", "limit.host_calls", "limit.fuel")
    return tuple(f"{phase}:{end}" for end in ends)


@rule(
    "LIF-001",
    level="MUST",
    section="5",
    why="Constructors and runtimes run here: a panic, an os.Exit or a main that waits for input "
    "ends the load.",
    example='func init() { config = mustRead("config.json") }',
    fix={
        "c": "Build a reactor (-mexec-model=reactor or --no-entry); keep constructors free of I/O.",
        "go": "Build with -buildmode=c-shared, which has _initialize; keep init() small and main() "
        "empty.",
        "rust": "Build a cdylib, not a bin; a _start that exits with another code than 0 fails.",
    },
    codes=_ends_of("start"),
)
def test_lif001_start_returns(zeno_subject: Subject) -> None:
    """Instantiation and the start function end without trap, failing exit or time-out."""
    no_failures("LIF-001", zeno_subject, "start")


@rule(
    "LIF-002",
    level="MUST",
    section="5",
    why="A missing configuration value that panics in plugin_init takes the plugin away without "
    "a word for its user.",
    example='let key = env_get("API_KEY").expect("no key"); in plugin_init.',
    fix={
        "c": "Return the static metadata and nothing else; check configuration at the first call.",
        "go": "Recover from panics, and read configuration when a slot first needs it.",
        "rust": "Do not unwrap() what the host answers; read configuration at the first call.",
    },
    codes=_ends_of("init"),
)
def test_lif002_init_returns(zeno_subject: Subject) -> None:
    """The function plugin_init returns: no trap, no exit, no limit reached."""
    no_failures("LIF-002", zeno_subject, "init")


@rule(
    "LIF-003",
    level="SHOULD",
    section="5",
    why="Every worker of every process waits for plugin_init; tables that are built there cost "
    "seconds at each start.",
    example="plugin_init builds a table of 10 million primes.",
    fix={
        "c": "Build tables at compile time, or at the first call that needs them.",
        "go": "Move work from init() and plugin_init into a sync.OnceFunc.",
        "rust": "Move work from plugin_init into a LazyLock.",
    },
)
def test_lif003_init_is_quick(zeno_subject: Subject) -> None:
    """The function plugin_init should take less than a second."""
    _ = zeno_subject.metadata_text
    seconds = zeno_subject.init_seconds
    expect(
        seconds < _INIT_SECONDS,
        f"plugin_init took {seconds:.2f} s",
        observed=f"{seconds:.2f} s",
        expected="less than 1 s",
    )


@rule(
    "LIF-004",
    level="MUST",
    section="5",
    why="A slot list that is put together at run time can fail where a static one cannot.",
    example="slots[3].Name = names[3]  // names has three entries",
    fix={
        "c": "Return a static text.",
        "go": "Marshal the list from a literal, or embed it with //go:embed.",
        "rust": "Return a static text (include_str!), or do not unwrap() what can fail.",
    },
    codes=_ends_of("register"),
)
def test_lif004_register_returns(zeno_subject: Subject) -> None:
    """The function plugin_register_slots returns: no trap, no exit, no limit reached."""
    no_failures("LIF-004", zeno_subject, "register")


@rule(
    "LIF-005",
    level="MUST",
    section="4",
    why="A trap ends the instance with all its state; unknown names, missing or wrong parameters "
    "and broken JSON reach every plugin sooner or later.",
    example='name := parameters["name"].(string)',
    fix={
        "c": "Check every pointer and length before use, and answer a failure; do not abort().",
        "go": "Put defer func() { recover() } around every slot, and use the two-value form of "
        "type assertions.",
        "rust": "Replace unwrap(), expect(), [] and as casts on request data by ? and a failure "
        "response.",
        "zig": "Answer a failure for every error; .?, unreachable and an index out of range trap.",
        "assemblyscript": "Check before you index or write !; throw traps, and nothing catches it.",
    },
    codes=("execute:trap",),
)
def test_lif005_no_request_traps(zeno_subject: Subject) -> None:
    """No request makes plugin_execute trap."""
    no_failures("LIF-005", zeno_subject, "execute")


@rule(
    "LIF-006",
    level="MUST",
    section="5",
    why="An exit closes the module; in the reference host the plugin is dead until it is reloaded.",
    example="if err != nil { log.Fatal(err) }",
    fix={
        "c": "Do not call exit(), abort() or assert(); answer a failure.",
        "go": "Do not call os.Exit or log.Fatal; answer a failure.",
        "rust": "Do not call std::process::exit; answer a failure.",
    },
    codes=("execute:exit",),
)
def test_lif006_no_request_exits(zeno_subject: Subject) -> None:
    """No request makes plugin_execute exit."""
    no_failures("LIF-006", zeno_subject, "execute")


@rule(
    "LIF-007",
    level="MUST",
    section="5",
    why="A loop that waits for a byte that never comes holds the page that called the slot.",
    example="while (*at != '\"') at++;  // the closing quote is not there",
    fix={
        "c": "Bound every loop by the length that was given, not by a NUL or a closing quote.",
        "go": "Bound every loop; there is no other goroutine that could end a wait.",
        "rust": "Bound every loop by the input; check that a parser advances each time round.",
    },
    codes=(
        "execute:limit.time",
        "execute:limit.host_calls",
        "execute:limit.fuel",
        "execute:limit.name",
    ),
)
def test_lif007_every_request_ends_in_time(zeno_subject: Subject) -> None:
    """Every request is answered within the host's limits, 5 seconds and 200,000 host calls."""
    no_failures("LIF-007", zeno_subject, "execute")


@rule(
    "LIF-008",
    level="MUST",
    section="5",
    why="Cleanup runs when a plugin is replaced: a trap there leaves files and connections open.",
    example="free(table); in plugin_cleanup, after the last slot has freed it.",
    fix={
        "c": "Free what is there and nothing twice; set pointers to NULL after free().",
        "go": "Check for nil before closing; recover from panics.",
        "rust": "Use Option::take() so that nothing is dropped twice; do not unwrap().",
    },
    codes=_ends_of("cleanup"),
)
def test_lif008_cleanup_returns(zeno_subject: Subject) -> None:
    """The function plugin_cleanup returns after calls of every slot: no trap, exit or limit."""
    no_failures("LIF-008", zeno_subject, "cleanup")
