"""Records as runs leave them, and texts that a hostile plugin may hold."""

from __future__ import annotations

from pytest_zeno.reports.record import (
    About,
    Cost,
    Costs,
    Counts,
    Excerpt,
    Finding,
    Fix,
    HostCall,
    Place,
    Plugin,
    Rule,
    Run,
    Unmeasured,
)

HOSTILE = (
    "<script>document.title='pwned'</script>",
    "<img src=x onerror=document.title='pwned'>",
    "</style></title></textarea></pre><b>bold</b><!--",
    "'\" onmouseover=x y='",
    "]]> &amp; &lt;",
    "![p](https://evil.example/p.png) [l](https://evil.example) <https://evil.example>",
    "www.evil.example https://evil.example @everyone #1 GH-1 a@evil.example :tada:",
    "a | b \\| c || d",
    "``` \n````\n# heading\n- item\n> quote\n***\n<details>",
    "`tick` ``ticks`` ` \\`",
    "::error file=a::pwned",
    "{{ 7*7 }} {% raw %} ${x} {0}",
    "\x1b[31mred\x1b]0;title\x07",
    "\u202etxet \u2066x\u2069 \u200b\ufeff",
    "nul \x00 c1 \x9b lone \ud800 \U000e0041",
    "line\r\nfeed\u2028separator\x85next",
)


def rule(status="kept", **members) -> Rule:
    """Return one rule that ran."""
    standard = {
        "id": "STR-003",
        "test": "test_str003_every_text_ends_with_nul",
        "level": "MUST",
        "source": "ABI.md section 3",
        "family": "Texts and memory",
        "sentence": "Every text ends with a NUL byte.",
        "why": "Hosts read on.",
        "status": status,
    }
    return Rule(**{**standard, **members})


def finding(**members) -> Finding:
    """Return what a rule saw, with every member set."""
    standard = {
        "message": "execute base.echo: no NUL byte follows the text at 65536",
        "observed": "pointer 65536",
        "expected": "a NUL byte",
        "hint": "write one",
        "backtrace": ("serve at 0x10",),
        "stderr": "panicked\nat lib.rs:3",
        "fixes": (Fix(language="C", text="Write '\\0'."), Fix(language="Go", text="Append 0.")),
        "again": "pytest --zeno-plugin=plugins/hello -k test_str003_every_text_ends_with_nul",
        "excerpt": Excerpt(of="memory", start=30, at=36, hex="00017b2261223a317d207e7fff" * 3),
    }
    return Finding(**{**standard, **members})


def costs(**members) -> Costs:
    """Return what one slot costs, and why it is not known of another."""
    one = Cost(
        slot="hello.greet",
        inputs='{"slot_name":"hello.greet","parameters":{"name":"value"}}',
        fuel=12_345,
        host_calls=2,
        logs=1,
        bytes_in=60,
        bytes_out=70,
        pages=3,
        grown=0,
    )
    late = Unmeasured(slot="hello.late", reason="the time limit has passed")
    standard = {"slots": (one,), "unmeasured": (late,), "load_seconds": 0.0125}
    return Costs(wasmtime="50.0.1", **{**standard, **members})


def plugin(*rules: Rule, verdict="not conformant", **about) -> Plugin:
    """Return one judged plugin with these rules."""
    standard = {
        "label": "hello (plugins/hello)",
        "name": "hello",
        "path": "plugins/hello",
        "module": "plugins/hello/hello.wasm",
        "version": "1.2.3",
    }
    known = About(**{**standard, **about})
    statuses = [one.status for one in rules]
    counts = Counts(rules=len(rules), **{status: statuses.count(status) for status in statuses})
    return Plugin(about=known, verdict=verdict, line="", counts=counts, rules=rules, costs=costs())


def run(*plugins: Plugin, verdict="not conformant", **members) -> Run:
    """Return the record of a run of these plugins."""
    return Run(
        verdict=verdict, exit_code=1, version="0.1.0", revision=1, plugins=plugins, **members
    )


def nothing() -> Run:
    """Return the record of a run that judged nothing."""
    return run(verdict="nothing was judged")


def typical() -> Run:
    """Return a run with a rule of each status."""
    place = Place(
        file="plugins/hello/manifest.yaml",
        line=3,
        column=5,
        code="manifest.unknown_key",
        message="the key 'licence' is unknown",
    )
    rules = (
        rule("kept", id="MAN-001", test="test_man001_utf8", family="Manifest"),
        rule(
            "warned",
            id="MAN-009",
            test="test_man009_known_keys",
            level="SHOULD",
            family="Manifest",
            finding=finding(places=(place,), excerpt=None),
        ),
        rule("broken", finding=finding()),
        rule("expected", id="STR-004", finding=finding()),
        rule("untested", id="STR-005", because="STR-003"),
        rule("error", id="STR-006", finding=Finding(message="the disk is full")),
    )
    return run(plugin(*rules), date="2026-01-02T03:04:05Z")


def hostile(text: str) -> Run:
    """Return a run whose every text that a plugin can choose is this one, as a record has it."""
    from pytest_zeno.reports.record import paragraph
    from pytest_zeno.text import visible

    line, many = visible(text), paragraph(text)
    place = Place(file=line, line=3, column=1, code="x", message=line)
    seen = finding(
        message=many,
        observed=many,
        expected=many,
        hint=many,
        backtrace=(line,),
        stderr=many,
        again=line,
        places=(place,),
    )
    about = dict.fromkeys(("label", "name", "path", "module", "version", "description"), line)
    calls = HostCall(
        phase="execute",
        slot=line,
        function="host_log",
        request=line,
        allowed=False,
        code="not_found",
        rule="scope.absent",
        detail=line,
        times=2,
    )
    judged = plugin(rule("broken", finding=seen), **about)
    from msgspec.structs import replace

    (cost,) = costs().slots
    spent = costs(
        slots=(replace(cost, slot=line, inputs=line),),
        unmeasured=(Unmeasured(slot=line, reason=line),),
    )
    return run(replace(judged, line=line, host_calls=(calls,), costs=spent))
