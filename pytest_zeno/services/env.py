"""The environment that plugins may be granted to read (PERMISSIONS.md, env).

It is the map that was given to the host, never the process's own environment. Names are
byte-exact on every system.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from pytest_zeno.limits import KIB
from pytest_zeno.permissions.refusal import Refused
from pytest_zeno.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_BYTES: Final = 64 * KIB
"""How long a value may be."""


class EnvService:
    """The values behind `host_env_get`.

    Args:
        values: names and values; copied. TypeError names a value that is no text.
    """

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values: dict[str, str] = {}
        for name, value in (values or {}).items():
            self[name] = value

    def __repr__(self) -> str:
        # Values may be secrets.
        return f"<EnvService {', '.join(self._values) or 'empty'}>"

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._values))

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __setitem__(self, name: str, value: str) -> None:
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError(
                f"an environment maps text to text, not {name!r} to a {type(value).__name__}; "
                "write str(value)"
            )
        self._values[name] = value

    def __delitem__(self, name: str) -> None:
        del self._values[name]

    def get(self, name: str) -> str:
        """Return what a guest gets: "" when the value is unset or cannot be sent as text.

        Raises Refused (``limit_exceeded``) for a value above 64 KiB.
        """
        value = self._values.get(name, "")
        if "\0" in value:
            # The guest would read it only up to there.
            return ""
        try:
            size = len(value.encode())
        except UnicodeEncodeError:
            return ""
        if size > MOST_BYTES:
            detail = f"the value of {name} has {size} bytes, the limit is {MOST_BYTES}"
            raise Refused("limit_exceeded", "env.size", detail)
        return value

    def read_file(self, path: str | os.PathLike[str]) -> None:
        """Add the values of a ``.env`` file; names that are there already keep their value.

        ``${NAME}`` stands for itself: nothing is put in from the process's environment, which
        stays as it is. Raises OSError, and ValueError with the number of a line that is neither
        ``NAME=value`` nor a comment.
        """
        from dotenv.parser import parse_stream

        with open(path, encoding="utf-8") as file:  # noqa: PTH123 (of any kind of path)
            bindings = list(parse_stream(file))
        for binding in bindings:
            if binding.error or (binding.key is not None and binding.value is None):
                text = binding.original.string
                blank = text[: len(text) - len(text.lstrip())].count("\n")
                where = f"{os.fspath(path)}:{binding.original.line + blank}"
                raise ValueError(f"{where}: {quoted(text.strip())} is not NAME=value")
        for binding in bindings:
            if binding.key is not None and binding.value is not None:
                self._values.setdefault(binding.key, binding.value)

    def close(self) -> None:
        """Forget the values; nothing else is held."""
        self._values.clear()
