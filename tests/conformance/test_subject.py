"""A plugin under judgement: what it is called, which file stands for it, what barred it."""

from __future__ import annotations

import pytest
from bad.base import base

from pytest_zeno.errors import LoadError, ManifestError, ZenoError
from pytest_zeno.evidence.lookup import find_subject_of, find_subjects
from pytest_zeno.evidence.subject import Subject
from tests.conformance.conftest import FIXTURES


@pytest.fixture
def opened():
    """Return subjects that are closed afterwards."""
    found = []

    def open_subject(path):
        found.append(Subject(path))
        return found[-1]

    yield open_subject
    for subject in found:
        subject.close()


def test_folder_is_a_plugin(built):
    """A folder with a manifest is one plugin; its module is the file that stands for it."""
    (subject,) = find_subjects(built / "base")
    assert (subject.name, subject.bare) == ("base", False)
    assert (subject.path, subject.file) == (built / "base", built / "base" / "plugin.wasm")


def test_manifest_means_its_folder(built):
    """The manifest's path means the plugin it belongs to."""
    (subject,) = find_subjects(built / "base" / "manifest.yaml")
    assert subject.path == built / "base"


def test_named_module_is_bare(built):
    """A module that is named is judged alone, even with a manifest beside it."""
    (subject,) = find_subjects(built / "base" / "plugin.wasm")
    assert (subject.bare, subject.name) == (True, "plugin")
    assert subject.path == subject.file == built / "base" / "plugin.wasm"


def test_directory_of_plugins_is_in_name_order(tmp_path):
    """Folders with a manifest come in name order, others are passed over."""
    for name in ("zebra", "ant"):
        base().write(tmp_path / name)
    (tmp_path / "empty").mkdir()
    assert [subject.path.name for subject in find_subjects(tmp_path)] == ["ant", "zebra"]


@pytest.mark.parametrize(
    ("path", "code"), [("missing", "load.no_such_path"), ("", "load.no_manifest")]
)
def test_no_plugin_is_one_clear_line(tmp_path, path, code):
    """A missing path and a folder without manifests are told in one line."""
    with pytest.raises(LoadError) as caught:
        find_subjects(tmp_path / path)
    assert caught.value.code == code
    assert "\n" not in caught.value.message


def test_broken_manifest_stands_for_its_plugin(built):
    """Where the manifest cannot be read, it is the file, and the folder gives the name."""
    (subject,) = find_subjects(built / "man003-license-twice")
    assert subject.file == built / "man003-license-twice" / "manifest.yaml"
    assert subject.name == "man003-license-twice"


def test_missing_module_leaves_the_manifest(built):
    """A manifest that names a module that is not there stands for the plugin itself."""
    (subject,) = find_subjects(built / "man007-binary-missing")
    assert subject.file.name == "manifest.yaml"


def test_pasted_module_is_its_folders_plugin(built):
    """The module of a pasted test id stands for the plugin whose manifest names it."""
    file = built / "base" / "plugin.wasm"
    assert find_subject_of(file).path == built / "base"


def test_pasted_module_without_manifest_is_bare(tmp_path):
    """A module that no manifest names stands for itself; other files are no plugins."""
    file = tmp_path / "alone.wasm"
    file.write_bytes((FIXTURES / "hello-c" / "hello.wasm").read_bytes())
    (tmp_path / "other.yaml").write_text("a: b\n", "utf-8")
    assert find_subject_of(file).bare
    assert find_subject_of(tmp_path / "other.yaml") is None


def test_error_is_kept_and_raised_again(built, opened):
    """Each access to a stage that cannot be reached raises the same error, not grown by it."""
    subject = opened(built / "lif002-init-traps")
    depths = []
    for _ in range(3):
        with pytest.raises(ZenoError) as caught:
            _ = subject.exchanges
        depths.append((caught.value, len(caught.traceback)))
    assert depths[1] == depths[2]
    assert depths[0][0] is depths[1][0]


def test_broken_manifest_bars_every_later_stage(built, opened):
    """With a broken manifest nothing is loaded, and every stage says why."""
    subject = opened(built / "man003-license-twice")
    for stage in ("manifest", "module", "started", "metadata", "slots", "exchanges", "cleaned"):
        with pytest.raises(ManifestError):
            getattr(subject, stage)
    with pytest.raises(ManifestError):
        subject.failures("init")


def test_unreadable_metadata_bars_nothing_else(built, opened):
    """Metadata that are no JSON fail by themselves; slots and calls are judged all the same."""
    subject = opened(built / "msg001-text-behind")
    assert [error.code for error in subject.failures("init")] == ["protocol.json"]
    assert subject.failures("execute") == ()
    assert subject.slots.names == ("base.ping", "base.echo")


def test_failure_of_a_call_is_told_with_its_request(built, opened):
    """Who reads of a trap reads what was asked."""
    (first, *_) = opened(built / "lif005-missing-traps").failures("execute")
    assert '"slot_name":"base.echo"' in first.message


def test_slots_with_errors_are_left_out(built, opened):
    """A slot that the list describes wrongly is not asked."""
    assert opened(built / "slt005-no-dot").slots.names == ("base.ping", "base.echo")


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("hello-c", "c"),
        ("hello-zig", "zig"),
        ("hello-as", "assemblyscript"),
        ("hello-rust", "rust"),
    ],
)
def test_language_is_told(name, language):
    """The language comes from the module, or from the sources beside it."""
    assert Subject(FIXTURES / name).language == language


@pytest.mark.parametrize(
    ("field", "language"), [(b"\x04Rust", "rust"), (b"\x03C11", "c"), (b"\x0eC_plus_plus_14", "c")]
)
def test_language_of_producers(tmp_path, field, language):
    """A module's producers section names its language; the fixes for C are those for C++."""
    content = b"\x09producers\x01\x08language\x01" + field + b"\x00"
    module = (FIXTURES / "hello-c" / "hello.wasm").read_bytes()
    file = tmp_path / "made.wasm"
    file.write_bytes(module + b"\0" + bytes([len(content)]) + content)
    assert Subject(file).language == language


def test_language_unknown(built):
    """Without a mark there is no language."""
    assert Subject(built / "base").language == ""
