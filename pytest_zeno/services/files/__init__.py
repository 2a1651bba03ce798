"""Files for plugins, below directories that no path of a guest leads out of."""

from pytest_zeno.services.files.service import FileService

__all__ = ["FileService"]
