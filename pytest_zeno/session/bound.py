"""Which plugins a run is about: from options and pasted ids to subjects."""

from __future__ import annotations

import os
import shlex
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from pytest_zeno.errors import ZenoError
from pytest_zeno.profiles import PROFILES
from pytest_zeno.session import isolation, limits, options
from pytest_zeno.text import quoted, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_zeno.evidence.subject import Subject
    from pytest_zeno.session.collect import PluginFile

_SUBJECTS: Final = pytest.StashKey[dict[Path, "Subject"]]()
_LABELS: Final = pytest.StashKey[dict[Path, str]]()
_MET: Final = pytest.StashKey[set[str]]()
_NONE: Final[set[str]] = set()
_FIXTURE: Final = "zeno_plugin_path"
_HOW: Final = (
    "give --zeno-plugin=PATH, set `zeno_plugin` in the ini file, or write a fixture "
    "`zeno_plugin_path` that returns the path of your plugin"
)


def bind(config: pytest.Config) -> None:
    """Find the plugins that options name; they are what is collected when no file is named."""
    given = config.getoption("zeno_plugin")
    if "" in given:
        raise pytest.UsageError("--zeno-plugin: the path is empty; name a plugin's folder")
    named = [_absolute(config, path) for path in given]
    try:
        paths = named or [_absolute(config, path) for path in config.getini("zeno_plugin")]
        found = _find(paths, config)
    except ZenoError as error:
        text = f"{error.message} ({error.hint})" if error.hint else error.message
        source = "--zeno-plugin" if named else "zeno_plugin in the ini file"
        raise pytest.UsageError(f"{source}: {text}") from None
    config.stash[_SUBJECTS] = found
    if config.args_source is not config.ArgsSource.ARGS:
        _judge(config, found)
        # A file below a folder that is walked is met there; pytest 8.4 and 9 differ about both.
        walked = [] if named else config.args
        folders = [_absolute(config, path) for path in walked]
        outside = [path for path in found if not any(map(path.is_relative_to, folders))]
        config.args = [*walked, *(_argument(config, path) for path in outside)]


def bind_arguments(config: pytest.Config) -> None:
    """Judge the plugins that stand among the arguments, also below a folder that stands there."""
    if config.args_source is config.ArgsSource.ARGS:
        config.args = [_bound_argument(config, argument) for argument in config.args]


def _bound_argument(config: pytest.Config, argument: str) -> str:
    """Bind the plugin that an argument names, if any; return the argument as pytest meets it."""
    name, separator, rest = argument.partition("::")
    path = _absolute(config, name)
    if path.suffix != ".wasm" and path.name != "manifest.yaml":
        return argument
    from pytest_zeno.session.collect import subject_for

    known = subjects(config)
    subject = known.get(path) or subject_for(path, config)
    if subject is None:
        return argument
    known.setdefault(subject.file, subject)
    _judge(config, [subject.file])
    if subject.file == path and "[" not in name:
        return argument
    return f"{_argument(config, subject.file)}{separator}{rest}"


def _argument(config: pytest.Config, path: Path) -> str:
    """Return a path as pytest takes it for an argument: it cuts off what begins with ``[``.

    Raises UsageError when the path has one also as seen from where pytest was started.
    """
    if "[" not in str(path):
        return str(path)
    from pytest_zeno.session.collect import node_id_of

    here = node_id_of(path, config.invocation_params.dir)
    if "[" not in here:
        return here
    folder = visible(str(path.parent))
    raise pytest.UsageError(
        f"{visible(here)} has a `[` in its path, at which pytest cuts arguments off; rename the "
        f"folder, or start pytest in it: cd {shlex.quote(folder)}, then --zeno-plugin=."
    )


def _absolute(config: pytest.Config, path: Path | str) -> Path:
    """Return a path as pytest meets it: without `..`, and with its links."""
    return Path(os.path.abspath(config.invocation_params.dir / path))  # noqa: PTH100 (resolve() would follow links)


def _judge(config: pytest.Config, files: Iterable[Path]) -> None:
    # An option, because those are what xdist hands to its workers.
    config.option.zeno_judged = [*getattr(config.option, "zeno_judged", ()), *map(str, files)]


def is_judged(config: pytest.Config, path: Path) -> bool:
    """Whether the file stands for a plugin that this run judges, wherever it is met."""
    return str(path) in getattr(config.option, "zeno_judged", ())


def judged(config: pytest.Config) -> dict[Path, Subject]:
    """Return the plugins that this run judges, by the file that is collected for each."""
    return {file: one for file, one in subjects(config).items() if is_judged(config, file)}


def names(config: pytest.Config) -> list[str]:
    """Return the names of the plugins that this run judges."""
    return [subject.name for subject in judged(config).values()]


def is_named_by_id(config: pytest.Config, path: Path) -> bool:
    """Whether ids of a plugin's rules stand among the arguments, and nothing that has them all."""
    named = [argument.partition("::") for argument in config.args]
    whole = [_absolute(config, name) for name, separator, _ in named if not separator]
    ids = [_absolute(config, name) for name, separator, _ in named if separator]
    return path in ids and not any(map(path.is_relative_to, whole))


def _find(paths: list[Path], config: pytest.Config) -> dict[Path, Subject]:
    from pytest_zeno.evidence.lookup import find_subjects

    profile, run = options.profile(config), limits.of_run(config)
    found: dict[Path, Subject] = {}
    isolate = isolation.asked(config)
    for subject in (one for path in paths for one in find_subjects(path, profile, run, isolate)):
        _check_name(subject.file)
        # Who names a plugin and its bare module has both judged: the plugin's rules are the more.
        if subject.file not in found or found[subject.file].bare:
            found[subject.file] = subject
    return found


def _check_name(file: Path) -> None:
    """Raise UsageError when pytest would write a path as it stands to terminals and XML files."""
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in str(file)):
        raise pytest.UsageError(
            f"--zeno-plugin: {quoted(str(file))} has control characters or bytes that are no text "
            "in its name, which neither a terminal nor an XML file can show; rename it"
        )


def subjects(config: pytest.Config) -> dict[Path, Subject]:
    """Return the plugins of this run by the file that is collected for each."""
    return config.stash.setdefault(_SUBJECTS, {})


def label(config: pytest.Config, subject: Subject) -> str:
    """Return what reports call a plugin, found out once: its name and where it lies."""
    known = config.stash.setdefault(_LABELS, {})
    if subject.file not in known:
        known[subject.file] = f"{subject.name} ({shown(config, subject.path)})"
    return known[subject.file]


def forget(config: pytest.Config) -> None:
    """Judge nothing: no word on any plugin can be said in this run."""
    config.stash[_SUBJECTS] = {}
    config.option.zeno_judged = []


def labelled(config: pytest.Config) -> dict[str, Subject]:
    """Return the plugins of this run by their label, in the order they were named."""
    return {label(config, subject): subject for subject in subjects(config).values()}


def again(config: pytest.Config, subject: Subject, test: str, *more: str) -> str:
    """Return the command that repeats one rule of a plugin alone, with `more` options."""
    command = ["pytest", f"--zeno-plugin={shown(config, subject.path)}"]
    if subject.profile != PROFILES[0]:
        command.append(f"--zeno-profile={subject.profile}")
    if options.level(config) != "MUST":
        command.append(f"--zeno-level={options.level(config).lower()}")
    command += [f"{limits.LIMIT}={name}={value}" for name, value in limits.changed(config).items()]
    if isolation.asked(config):
        command.append(isolation.OPTION)
    return shlex.join([*command, *more, "-k", test])


def shown(config: pytest.Config, path: Path) -> str:
    """Return a path as a user would type it where pytest was started."""
    here = config.invocation_params.dir
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def collector(parent: pytest.Collector, path: Path) -> PluginFile | None:
    """Return the collector of the plugin that `path` belongs to; None when it is none."""
    from pytest_zeno.session.collect import PluginFile, subject_for

    parent.config.stash.setdefault(_MET, set()).add(str(path))
    known = subjects(parent.config)
    subject = known.get(path) or subject_for(path, parent.config)
    if subject is None:
        return None
    known[path] = subject
    return PluginFile.for_subject(parent, subject)


def check_collected(session: pytest.Session) -> None:
    """Raise UsageError when pytest did not come by a plugin that is to be judged.

    What xdist's workers raise nobody reads: there it is an error of the collection.
    """
    config = session.config
    met = config.stash.get(_MET, _NONE)
    for path in getattr(config.option, "zeno_judged", ()):
        if path in met:
            continue
        text = (
            f"{visible(path)} lies in a folder that pytest does not enter (norecursedirs); "
            "name the plugin with --zeno-plugin, or move it"
        )
        if not hasattr(config, "workerinput"):
            raise pytest.UsageError(text)
        report = pytest.CollectReport(path, "failed", text, [])
        config.hook.pytest_collectreport(report=report)


def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    """Yield the plugin that a rule's file stands for, and close it afterwards."""
    from pytest_zeno.session.collect import PluginFile

    file = request.node.getparent(PluginFile)
    if file is None:
        raise pytest.UsageError("the fixture `zeno_subject` is for rules; tests use `plugin`")
    yield file.subject
    file.subject.close()


def path_for(request: pytest.FixtureRequest) -> Path:
    """Return the path of the one plugin that a test is about."""
    from pytest_zeno.session.collect import PluginFile

    if hasattr(request, "param"):
        return Path(request.param)
    file = request.node.getparent(PluginFile)
    bound = [file.subject] if file else list(subjects(request.config).values())
    if len(bound) != 1:
        what = "no plugin is" if not bound else f"{len(bound)} plugins are"
        pytest.fail(
            f"the fixture `{_FIXTURE}` needs one plugin, and {what} bound: {_HOW}", pytrace=False
        )
    return bound[0].path


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Give a user's test every bound plugin when there are several."""
    from pytest_zeno.session.collect import PluginFile

    bound = subjects(metafunc.config)
    if (
        len(bound) > 1
        and _FIXTURE in metafunc.fixturenames
        and metafunc.definition.getparent(PluginFile) is None
    ):
        names, paths = zip(*((one.name, one.path) for one in bound.values()), strict=True)
        metafunc.parametrize(_FIXTURE, paths, ids=names, indirect=True)
