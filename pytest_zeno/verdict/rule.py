"""Rules: what the conformance suite is made of, and which rule answers for which error.

A rule is a plain function ``test_<id>_<words>`` with one normative sentence as its docstring. Its
parameters are stages of the plugin under judgement (`judge.STAGES`); it raises `Broken`, or the
error that it owns.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, cast, get_args

from pytest_zeno.verdict.subjects import SUBJECTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_zeno.errors import ZenoError
    from pytest_zeno.profiles import Profile

Level = Literal["MUST", "SHOULD", "MAY"]

LEVELS: Final[tuple[Level, ...]] = get_args(Level)
"""The levels, from the strictest on."""

LANGUAGES: Final = ("c", "go", "rust")
"""The languages that every rule has a fix for."""

LANGUAGE_NAMES: Final = {
    "c": "C",
    "go": "Go",
    "rust": "Rust",
    "zig": "Zig",
    "assemblyscript": "AssemblyScript",
}
"""The languages that a rule may have a fix for, as people write them."""

SUITE: Final = "pytest_zeno.conformance"

_ID: Final = re.compile(r"[A-Z]{3}-[0-9]{3}")
_LIVING: Final = frozenset(("zeno_manifest", "zeno_reading"))
"""Stages that only a plugin with a manifest has."""


@dataclass(frozen=True, slots=True, repr=False)
class Rule:
    """One rule of the contract.

    ``section`` is the number of a section of ABI.md, or names one of another page
    (``PERMISSIONS.md, Limits``). ``why`` is the failure in the field that the rule prevents, and
    ``fix`` what to do about it, by language. ``codes`` are the errors that the rule answers for:
    a code, a family of codes (``trap``), either of them in one phase (``init:trap``).

    ``example`` is a line of code, or what an author did, that breaks the rule. ``since`` is the
    revision of the contract that brought it, and ``profile`` the only one in which it applies,
    None for all of them. ``family`` is its module in the suite, in words (``host calls``), or the
    one that the module names as FAMILY; ``test`` is the name of its function.
    """

    id: str
    level: Level
    section: str
    sentence: str
    why: str
    fix: Mapping[str, str]
    codes: tuple[str, ...] = ()
    needs_manifest: bool = False
    example: str = ""
    since: int = 1
    profile: Profile | None = None
    family: str = ""
    test: str = ""

    def __repr__(self) -> str:
        return f"<Rule {self.id} {self.level}>"

    @property
    def source(self) -> str:
        """Where the rule comes from, for people: ``ABI.md section 3``."""
        return f"ABI.md section {self.section}" if self.section.isdigit() else self.section

    @property
    def subject(self) -> str:
        """What the rule is about: ``slot list``."""
        return SUBJECTS.get(self.id[:3], "")

    @property
    def scope(self) -> str:
        """The profiles in which the rule applies, for people."""
        return f"profile {self.profile} alone" if self.profile else "every profile"

    def binds(self, level: Level) -> bool:
        """Whether a breach fails a run that asks for the rules from `level` on."""
        return LEVELS.index(self.level) <= LEVELS.index(level)

    def applies(self, profile: Profile, *, bare: bool) -> bool:
        """Whether a plugin, or a module without a manifest, is judged by it in a profile."""
        return self.profile in (None, profile) and not (bare and self.needs_manifest)


class RuleFunction(Protocol):
    """A function that tests a rule."""

    __name__: str
    zeno_rule: Rule

    def __call__(self, *stages: Any) -> None:
        """Test the rule."""


def rule(
    id: str,  # noqa: A002 (what it is called everywhere)
    *,
    level: Level,
    section: str,
    why: str,
    example: str,
    fix: Mapping[str, str],
    codes: tuple[str, ...] = (),
    needs_manifest: bool = False,
    since: int = 1,
    profile: Profile | None = None,
) -> Callable[[Callable[..., None]], RuleFunction]:
    """Make a function a rule.

    Raises ValueError when id, name, docstring, example and fixes do not fit each other.
    """

    def decorate(function: Callable[..., None]) -> RuleFunction:
        sentence = inspect.cleandoc(function.__doc__ or "")
        _check(id, function.__name__, sentence)
        _check_texts(id, example, fix)
        stages = inspect.signature(function).parameters
        made = cast("RuleFunction", function)
        made.zeno_rule = Rule(
            id,
            level,
            section,
            " ".join(sentence.split()),
            why,
            fix,
            codes,
            needs_manifest=needs_manifest or not _LIVING.isdisjoint(stages),
            example=example,
            since=since,
            profile=profile,
            family=_family(function),
            test=function.__name__,
        )
        return made

    return decorate


def _family(function: Callable[..., None]) -> str:
    """Return the family of a rule: its module's, or the one that the module says it belongs to."""
    module = function.__module__.rpartition(".")[2]
    return str(getattr(function, "__globals__", {}).get("FAMILY", module)).replace("_", " ")


def everywhere(text: str) -> dict[str, str]:
    """Return a fix that is the same in every language."""
    return dict.fromkeys(LANGUAGES, text)


def _check(id_: str, name: str, sentence: str) -> None:
    prefix = f"test_{id_.lower().replace('-', '')}_"
    if not _ID.fullmatch(id_):
        raise ValueError(f"{id_!r} is no rule's id, which looks like 'STR-001'")
    if not name.startswith(prefix):
        raise ValueError(f"the function of {id_} is named {name!r}, expected {prefix}…")
    if not sentence.endswith(".") or ". " in sentence:
        raise ValueError(f"the docstring of {name} is not one sentence that ends with a full stop")


def _check_texts(id_: str, example: str, fix: Mapping[str, str]) -> None:
    missing = [language for language in LANGUAGES if not fix.get(language)]
    unknown = [language for language in fix if language not in LANGUAGE_NAMES]
    if not example:
        raise ValueError(f"{id_} has no example: what does an author write that breaks it?")
    if missing:
        raise ValueError(f"{id_} has no fix for {', '.join(missing)}")
    if unknown:
        raise ValueError(f"{id_} has a fix for {', '.join(unknown)}, which nobody asks for")


@functools.cache
def functions() -> tuple[RuleFunction, ...]:
    """Return the functions of all rules, by id.

    Raises ValueError when two rules share an id or a code.
    """
    found = sorted(_found(), key=lambda function: function.zeno_rule.id)
    ids = [function.zeno_rule.id for function in found]
    codes = [code for function in found for code in function.zeno_rule.codes]
    for what, values in (("id", ids), ("code", codes)):
        twice = {value for value in values if values.count(value) > 1}
        if twice:
            raise ValueError(f"two rules have the {what} {', '.join(sorted(twice))}")
    return tuple(found)


def _found() -> list[RuleFunction]:
    suite = importlib.import_module(SUITE)
    modules = [
        importlib.import_module(f"{SUITE}.{entry.name}")
        for entry in pkgutil.iter_modules(suite.__path__)
    ]
    return [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(getattr(value, "zeno_rule", None), Rule)
    ]


def catalogue() -> tuple[Rule, ...]:
    """Return all rules, by id."""
    return tuple(function.zeno_rule for function in functions())


def by_family() -> list[Rule]:
    """Return all rules, by family and id."""
    return sorted(catalogue(), key=lambda rule: (rule.family, rule.id))


def applicable(profile: Profile, *, bare: bool = False) -> tuple[RuleFunction, ...]:
    """Return the functions of the rules that judge a plugin in a profile, by id."""
    return tuple(one for one in functions() if one.zeno_rule.applies(profile, bare=bare))


def owner_of(error: ZenoError) -> Rule | None:
    """Return the rule that answers for an error; None when no plugin is to blame for it.

    The most telling entry of `Rule.codes` decides: code and phase, code, family and phase, family.
    """
    owners, family = _owners(), error.code.partition(".")[0]
    for name in (f"{error.phase}:{error.code}", error.code, f"{error.phase}:{family}", family):
        if name in owners:
            return owners[name]
    return None


def owner_of_code(code: str) -> str:
    """Return the id of the rule that answers for a problem's code, '' when none does."""
    owner = _owners().get(code)
    return owner.id if owner else ""


def owners_of_code(code: str) -> list[Rule]:
    """Return the rules that answer for a code or its family, in one phase or in all."""
    names = (code, code.partition(".")[0])
    return [
        one
        for one in catalogue()
        if any(owned == code or owned.rpartition(":")[2] in names for owned in one.codes)
    ]


@functools.cache
def _owners() -> dict[str, Rule]:
    return {code: found for found in catalogue() for code in found.codes}
