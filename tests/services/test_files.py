"""Files: nothing is followed, nothing but regular files is opened, and nothing stays behind."""

from __future__ import annotations

import gc
import os
import stat
import sys
import threading
from contextlib import suppress

import pytest

from pytest_zeno.errors import ClosedError
from pytest_zeno.limits import MIB
from pytest_zeno.permissions.filesystem import FileTarget, FileWrite
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.services.files import FileService
from pytest_zeno.services.files import service as module
from pytest_zeno.services.files.directory import LinkError, PathDirectory, open_directory

posix = pytest.mark.skipif(sys.platform == "win32", reason="a POSIX file system")

GRANT = "/srv/data"


@pytest.fixture(params=["handle", "path"])
def new_files(request, monkeypatch):
    """Make a service for both ways to walk directories; the portable one runs everywhere."""
    if request.param == "path":
        monkeypatch.setattr(module, "open_directory", lambda path: PathDirectory(path.resolve()))
    return FileService


@pytest.fixture
def real(tmp_path):
    """A directory with a file, a directory with a file, and a secret beside it."""
    real = tmp_path / "real"
    (real / "sub").mkdir(parents=True)
    (real / "a.txt").write_text("hello")
    (real / "sub/b.txt").write_text("deep")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret.txt").write_text("SECRET")
    return real


@pytest.fixture
def files(real, new_files):
    """The service, with the grant bound to the real directory."""
    files = new_files()
    files.admit("hello")
    files.bind(GRANT, real)
    yield files
    files.close()


def segments(path):
    """Return a path as the permission hands it on."""
    return tuple(path.split("/")[1:])


def read(files, path, grant=GRANT):
    """Read as a plugin does."""
    return files.read("hello", FileTarget(segments(grant), segments(path)))


def write(files, path, content="new", grant=GRANT, plugin="hello"):
    """Write as a plugin does."""
    files.write(plugin, FileWrite(segments(grant), segments(path), content))


def refused(call, *arguments):
    """Return code and rule of a refusal that names no host path."""
    with pytest.raises(Refused) as refusal:
        call(*arguments)
    assert refusal.value.code != "internal", refusal.value.detail
    return refusal.value.code, refusal.value.rule


def test_a_directory_swapped_after_the_look_is_noticed(real):
    """Where names are not resolved from a handle, the way is looked at again after opening."""
    directory = PathDirectory(real).enter("sub")
    (real / "sub").rename(real / "away")
    (real / "sub").mkdir()
    (real / "sub/b.txt").write_text("SECRET")
    for call in (directory.read, directory.create):
        with pytest.raises(LinkError):
            call("b.txt" if call == directory.read else "new.txt")
    assert [entry.name for entry in (real / "sub").iterdir()] == ["b.txt"]


# -- what is served --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "content"), [("/srv/data/a.txt", "hello"), ("/srv/data/sub/b.txt", "deep")]
)
def test_read(files, path, content):
    """A regular file below the grant is read."""
    assert read(files, path) == content


def test_a_byte_order_mark_and_line_ends_are_data(files):
    """Nothing is stripped or translated on the way in or out."""
    write(files, "/srv/data/x", "\ufeffa\r\nb\n")
    assert files.path("/srv/data/x").read_bytes() == b"\xef\xbb\xbfa\r\nb\n"
    assert read(files, "/srv/data/x") == files.text("/srv/data/x") == "\ufeffa\r\nb\n"


@pytest.mark.parametrize("path", ["/srv/data/new", "/srv/data/a.txt", "/srv/data/sub/..a"])
def test_write(files, path):
    """A file is made or replaced, and nothing else is left in its directory."""
    before = set(files.path(path).parent.iterdir())
    write(files, path, "grüß")
    assert files.text(path) == "grüß"
    assert set(files.path(path).parent.iterdir()) == before | {files.path(path)}


@posix
def test_a_written_file_is_private(files):
    """Mode 0600, whatever the file had before."""
    files.path("/srv/data/a.txt").chmod(0o666)
    write(files, "/srv/data/a.txt")
    assert stat.S_IMODE(files.path("/srv/data/a.txt").stat().st_mode) == 0o600


def test_a_grant_of_one_file(files):
    """A grant may be a file: it is read and written, and its neighbours are not."""
    grant = "/srv/data/a.txt"
    write(files, grant, "x", grant)
    assert read(files, grant, grant) == "x"
    assert refused(read, files, "/srv/data/sub/b.txt", grant)[1] == "filesystem.outside"
    assert refused(read, files, grant + "/x", grant) == ("not_found", "filesystem.absent")


def test_a_file_can_be_bound(files, real):
    """One real file stands for one guest path."""
    files.bind("/etc/app.conf", real / "a.txt")
    assert read(files, "/etc/app.conf", "/etc/app.conf") == "hello"
    write(files, "/etc/app.conf", "x", "/etc/app.conf")
    assert (real / "a.txt").read_text() == "x"


def test_the_longest_binding_counts(files, tmp_path):
    """Like mounts: what is bound further down hides what is bound above."""
    files.bind("/srv/data/sub", tmp_path / "outside")
    assert read(files, "/srv/data/sub/secret.txt") == "SECRET"
    assert read(files, "/srv/data/a.txt", "/srv") == "hello"


@posix
def test_the_bound_directory_may_lie_behind_a_link(files, real):
    """The host chose it, so it is followed; /tmp is a link on macOS."""
    link = real.parent / "link"
    link.symlink_to(real)
    files.bind("/mnt", link)
    assert read(files, "/mnt/sub/b.txt", "/mnt") == "deep"


# -- what is not -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/srv/data/nope", "/srv/data/nope/x", "/srv/data/a.txt/x"])
def test_what_is_absent_is_not_found(files, path):
    """Missing files and parents are not found, and a file is no parent."""
    assert refused(read, files, path) == ("not_found", "filesystem.absent")


@pytest.mark.parametrize("path", ["/srv/data/nope/x", "/srv/data/a.txt/x"])
def test_parents_are_not_created(files, path):
    """A write needs its directory to be there."""
    assert refused(write, files, path) == ("not_found", "filesystem.absent")
    assert not files.path("/srv/data/nope").exists()


@pytest.mark.parametrize("path", ["/srv/data", "/srv/data/sub"])
@pytest.mark.parametrize("call", [read, write])
def test_a_directory_is_no_file(files, call, path):
    """Neither the grant nor a directory below it is read or written."""
    assert refused(call, files, path) == ("permission_denied", "filesystem.not_regular")


@pytest.mark.parametrize("path", ["/srv/data-evil/x", "/srv", "/etc/passwd"])
def test_outside_the_grant_is_denied(files, path):
    """The service does not rely on the check before it."""
    assert refused(read, files, path) == ("permission_denied", "filesystem.outside")


@posix
@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("../outside/secret.txt", "l"),
        ("{}/outside/secret.txt", "l"),
        ("../outside", "l/secret.txt"),
        ("{}/outside", "l/secret.txt"),
        ("{}/outside/created.txt", "l"),
        ("a.txt", "l"),
        ("l", "l"),
        ("sub", "l/b.txt"),
    ],
)
@pytest.mark.parametrize("call", [read, write])
def test_no_link_is_followed(files, real, call, target, path):
    """To the outside or the inside, dangling or in a circle: a link ends the walk."""
    (real / "l").symlink_to(target.format(real.parent))
    assert refused(call, files, f"/srv/data/{path}") == ("permission_denied", "filesystem.link")
    assert (real.parent / "outside/secret.txt").read_text() == "SECRET"
    assert [entry.name for entry in (real.parent / "outside").iterdir()] == ["secret.txt"]


@posix
def test_a_hard_link_is_not_written(files, real):
    """A file with a second name may belong to somebody else; it can be read."""
    os.link(real.parent / "outside/secret.txt", real / "h")
    assert refused(write, files, "/srv/data/h") == ("permission_denied", "filesystem.hardlink")
    assert (real.parent / "outside/secret.txt").read_text() == "SECRET"


def test_a_write_protected_file_stays(files):
    """Replacing a file does not go around its protection."""
    files.path("/srv/data/a.txt").chmod(0o400)
    assert refused(write, files, "/srv/data/a.txt") == ("permission_denied", "filesystem.mode")
    files.path("/srv/data/a.txt").chmod(0o600)
    assert files.text("/srv/data/a.txt") == "hello"


if sys.platform != "win32":

    @pytest.mark.timeout(5)
    def test_opening_a_fifo_does_not_wait(real):
        """A FIFO that appears between the look and the opening holds nobody."""
        os.mkfifo(real / "p")
        directory = open_directory(real)
        os.close(directory.read("p"))
        directory.close()

    @pytest.mark.timeout(5)
    @pytest.mark.parametrize("call", [read, write])
    def test_a_fifo_blocks_nobody(files, real, call):
        """What is no regular file is refused, not waited for."""
        os.mkfifo(real / "p")
        outcome = refused(call, files, "/srv/data/p")
        assert outcome == ("permission_denied", "filesystem.not_regular")


@posix
def test_a_swapped_directory_never_leads_outside(real):
    """While somebody swaps a directory for a link, a reader gets its file or a refusal."""
    files = FileService()
    files.bind(GRANT, real)
    (real.parent / "outside/b.txt").write_text("SECRET")
    done = threading.Event()

    def swap():
        while not done.is_set():
            (real / "sub").rename(real / "away")
            (real / "sub").symlink_to(real.parent / "outside")
            (real / "sub").unlink()
            (real / "away").rename(real / "sub")

    thread = threading.Thread(target=swap)
    thread.start()
    seen = set()
    for _ in range(2_000):
        try:
            seen.add(read(files, "/srv/data/sub/b.txt"))
        except Refused as refusal:
            seen.add(refusal.code)
    done.set()
    thread.join()
    files.close()
    assert "SECRET" not in seen
    assert seen <= {"deep", "not_found", "permission_denied"}


@posix
@pytest.mark.timeout(5)
@pytest.mark.parametrize("call", ["enter", "read", "create"])
def test_a_handle_follows_no_link_that_was_not_seen(real, monkeypatch, call):
    """A link that appears between the look and the opening is refused by the system itself."""
    (real / "l").symlink_to(real / ("sub" if call == "enter" else "a.txt"))
    monkeypatch.setattr("pytest_zeno.services.files.directory._refuse_link", lambda *_: None)
    directory = open_directory(real)
    with pytest.raises(OSError, match=r"Too many|Not a directory|File exists"):
        getattr(directory, call)("l")
    directory.close()


def test_bytes_that_are_no_text_are_refused(files):
    """A file is text or an error, never repaired."""
    files.put("/srv/data/bin", b"\xff\xfe\x00")
    assert refused(read, files, "/srv/data/bin") == ("encoding", "filesystem.encoding")
    assert refused(write, files, "/srv/data/x", "\ud800") == ("encoding", "filesystem.encoding")


# -- limits ----------------------------------------------------------------------------------------


def test_eight_mebibytes_pass_and_no_byte_more(files):
    """The limit counts bytes, for reading and for writing."""
    write(files, "/srv/data/big", "é" * (4 * MIB))
    assert len(read(files, "/srv/data/big")) == 4 * MIB
    files.put("/srv/data/big", b"a" * (8 * MIB + 1))
    assert refused(read, files, "/srv/data/big") == ("limit_exceeded", "filesystem.size")
    outcome = refused(write, files, "/srv/data/more", "a" * (8 * MIB + 1))
    assert outcome == ("limit_exceeded", "filesystem.size")
    assert not files.path("/srv/data/more").exists()


def test_a_plugin_keeps_64_mebibytes(files):
    """What a plugin wrote and still has counts, not how often it wrote; plugins count apart."""
    full = "a" * (8 * MIB)
    for at in range(8):
        write(files, f"/srv/data/{at}", full)
    write(files, "/srv/data/0", full)
    assert refused(write, files, "/srv/data/8", "a") == ("limit_exceeded", "filesystem.quota")
    write(files, "/srv/data/0", "", plugin="other")
    write(files, "/srv/data/8", "a")


# -- the private directory -------------------------------------------------------------------------


def test_nothing_is_made_before_it_is_needed(monkeypatch):
    """A host whose plugins touch no file touches none either."""
    monkeypatch.setattr("tempfile.mkdtemp", lambda **_: pytest.fail("a directory was made"))
    FileService().close()


def test_a_private_directory_stands_for_the_root(new_files):
    """Files live in a temporary directory, the plugin's own, which goes with the service."""
    files = new_files()
    write(files, "/srv/data/x")
    root = files.root
    assert read(files, "/srv/data/x") == "new"
    assert files.path("/srv/data/x") == root / "1-hello" / "srv/data/x"
    files.close()
    files.close()
    assert not root.exists()


def test_a_forgotten_service_leaves_nothing():
    """The directory goes even when nobody closes the service."""
    files = FileService()
    root = files.root
    del files
    gc.collect()
    assert not root.exists()


@posix
def test_others_cannot_look_into_it():
    """Every directory that the host makes is its own."""
    files = FileService()
    write(files, "/srv/data/x")
    for path in (files.root, files.path("/srv"), files.path("/srv/data")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    files.close()


def test_a_bound_directory_stays(tmp_path):
    """A directory of somebody else's is used and left alone."""
    files = FileService()
    files.bind("/srv/data", tmp_path)
    write(files, "/srv/data/x")
    files.close()
    assert (tmp_path / "x").read_text() == "new"


def test_the_grants_directory_is_the_hosts_to_make(new_files):
    """The first use of a grant makes what it needs, and no more."""
    files = new_files()
    assert refused(read, files, "/srv/data/x") == ("not_found", "filesystem.absent")
    assert files.path("/srv/data").is_dir()
    write(files, "/etc/app/one.conf", "x", "/etc/app/one.conf")
    assert files.text("/etc/app/one.conf") == "x"
    assert refused(write, files, "/srv/data/sub/x") == ("not_found", "filesystem.absent")
    files.close()


def test_after_close_it_says_so():
    """Use after the end is a mistake of the host."""
    files = FileService()
    files.close()
    for call in (
        lambda: files.root,
        lambda: files.put("/a", ""),
        lambda: read(files, "/srv/data/a"),
    ):
        with pytest.raises(ClosedError):
            call()


# -- helpers for tests -----------------------------------------------------------------------------


def test_put_and_text(files):
    """A test prepares a file, parents included, and looks at what a plugin wrote."""
    files.put("/srv/data/a/b/c.txt", "grüß\n")
    assert read(files, "/srv/data/a/b/c.txt") == "grüß\n"
    assert files.text("/srv/data/a/b/c.txt") == "grüß\n"


@pytest.mark.parametrize("other", ["other", "HELLO", "con", "../../x", "é" * 300])
def test_a_plugin_has_its_own_files(new_files, other):
    """The same path is another file for another plugin, whatever their names."""
    files = new_files()
    write(files, "/srv/data/x", "mine")
    write(files, "/srv/data/x", "its", plugin=other)
    assert read(files, "/srv/data/x") == "mine"
    assert files.text("/srv/data/x", plugin=other) == "its"
    assert files.path("/srv/data/x", plugin=other).is_relative_to(files.root)
    files.close()


def test_a_file_is_put_for_each_plugin_or_for_one(new_files):
    """Those that are there and those that come get a copy of their own."""
    files = new_files()
    files.admit("hello")
    files.put("/srv/data/each", "1")
    files.put("/srv/data/one", "2", plugin="hello")
    files.admit("other")
    write(files, "/srv/data/each", "changed")
    assert files.text("/srv/data/each", plugin="other") == "1"
    assert files.text("/srv/data/one", plugin="hello") == "2"
    assert not files.path("/srv/data/one", plugin="other").exists()
    files.close()


def test_whose_file_must_be_clear():
    """Where a host has no plugin, or several, a test names the one it means."""
    files = FileService()
    with pytest.raises(ValueError, match="none is loaded"):
        files.text("/srv/data/x")
    files.admit("hello")
    files.admit("other")
    with pytest.raises(ValueError, match=r"whose file.*hello.*other"):
        files.path("/srv/data/x")
    files.close()


@pytest.mark.parametrize("path", ["", "/", "a", "./a", "/a/../b", "/a//b", "//a", "C:\\a"])
def test_a_helper_takes_plain_absolute_paths(files, path):
    """A mistake of the test is named, not guessed at."""
    with pytest.raises(ValueError, match="is absolute and plain"):
        files.put(path, "")


def test_what_is_not_there_cannot_be_bound(files, tmp_path):
    """A misspelt directory shows at once."""
    with pytest.raises(FileNotFoundError, match="make this directory first"):
        files.bind("/mnt", tmp_path / "nope")


@posix
def test_no_descriptor_stays_open(real):
    """Walks, also refused ones, close what they opened."""
    files = FileService()
    files.bind(GRANT, real)
    probe = open_directory(real)
    gc.collect()  # what other tests have left open
    before = os.dup(0)
    for path in ("/srv/data/sub/b.txt", "/srv/data/nope/x", "/srv/data/sub", "/srv/data/a.txt/x"):
        for call in (read, write):
            with suppress(Refused):
                call(files, path)
    after = os.dup(0)
    for descriptor in (before, after):
        os.close(descriptor)
    probe.close()
    probe.close()
    files.close()
    assert after == before + 1
