"""What is said to be supported is what is tested: classifiers, tox, workflow, lower bounds."""

from __future__ import annotations

import re

from packaging.requirements import Requirement
from packaging.version import Version


def _classified(project):
    found = re.findall(r"Python :: (3\.\d+)$", "\n".join(project["classifiers"]), re.MULTILINE)
    return sorted(found, key=Version)


def _requirements(project):
    extras = project["optional-dependencies"].values()
    return [*project["dependencies"], *(text for extra in extras for text in extra)]


def _lower_bounds(project):
    requirements = [Requirement(text) for text in _requirements(project)]
    return {
        requirement.name: Version(specifier.version)
        for requirement in requirements
        for specifier in requirement.specifier
        if specifier.operator == ">="
    }


def _pins(tox, section):
    lines = tox[section]["deps"].split("\n")
    requirements = [Requirement(line.rpartition(": ")[2]) for line in lines if "==" in line]
    return {item.name: Version(next(iter(item.specifier)).version) for item in requirements}


def test_the_oldest_python_classified_is_the_one_required(project):
    """Installers refuse exactly the Pythons that no classifier names."""
    assert project["requires-python"] == f">={_classified(project)[0]}"


def test_tox_knows_each_python_classified(project, tox):
    """Each supported Python has its environments, with the oldest and the newest pytest."""
    (pythons,) = re.findall(r"py\{([\d,]+)\}-pytest\{84,9\}", tox["tox"]["env_list"])
    assert pythons.split(",") == [python.replace(".", "") for python in _classified(project)]


def test_the_workflow_tests_the_oldest_and_the_newest_python(project, workflow):
    """On each system: oldest Python with oldest pytest, newest Python with newest pytest."""
    oldest, *_, newest = _classified(project)
    assert workflow["jobs"]["test"]["strategy"]["matrix"]["target"] == [
        {"python": oldest, "env": f"py{oldest.replace('.', '')}-pytest84"},
        {"python": newest, "env": f"py{newest.replace('.', '')}-pytest9"},
    ]


def test_the_workflow_tests_each_system_classified(project, workflow):
    """A system that a classifier names has a runner."""
    runners = workflow["jobs"]["test"]["strategy"]["matrix"]["os"]
    systems = {"MacOS": "macos", "Microsoft :: Windows": "windows", "POSIX :: Linux": "ubuntu"}
    prefix = "Operating System :: "
    classified = [
        systems[text.removeprefix(prefix)]
        for text in project["classifiers"]
        if text.startswith(prefix)
    ]
    assert sorted(runners) == sorted(f"{system}-latest" for system in classified)


def test_the_workflow_runs_every_other_tox_environment(tox, workflow):
    """Nothing that tox checks is left to the developer's memory."""
    targets = workflow["jobs"]["inspect"]["strategy"]["matrix"]["target"]
    sections = (name.removeprefix("testenv:") for name in tox.sections())
    named = {name for name in sections if name not in ("tox", "testenv")}
    assert {target["env"] for target in targets} == named


def test_the_oldest_pytest_tested_is_the_oldest_allowed(project, tox):
    """`pytest84` stands for the lower bound in pyproject.toml."""
    assert _pins(tox, "testenv")["pytest"] == _lower_bounds(project)["pytest"]


def test_lowest_pins_each_lower_bound(project, tox):
    """A lower bound that no run has installed is a guess."""
    assert _pins(tox, "testenv:lowest") == _lower_bounds(project)


def test_each_dependency_has_a_lower_bound(project):
    """Whatever is needed is needed from some version on."""
    assert len(_lower_bounds(project)) == len(_requirements(project))
