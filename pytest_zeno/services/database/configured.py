"""Connections from outside the tests: lines of an ini file, and variables of the environment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pytest_zeno.services.database.connections import check_name
from pytest_zeno.services.database.sources import check_url, masked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PREFIX: Final = "ZENO_DB_"

_ODD: Final = re.compile(r"[^A-Z0-9]")


def configured(lines: Iterable[str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return URLs by connection name; what the environment says wins.

    Args:
        lines: ``name = url`` each.
        environ: where ``ZENO_DB_SHOP_EU`` is the URL of the connection that `lines` call
            ``shop-eu`` or ``shop.eu``, or of one that is called ``shop_eu``.

    An empty variable says nothing. Raises ValueError for what is no name or no URL, and says
    where it stands.
    """
    urls: dict[str, str] = {}
    for line in lines:
        name, equals, url = (part.strip() for part in line.partition("="))
        if not (name and equals and url):
            raise ValueError(f"zeno_db: {masked(line)!r} is no connection; expected name = url")
        _check("zeno_db", name, url)
        urls[name] = url
    names = {_ODD.sub("_", name.upper()): name for name in urls}
    for variable, url in environ.items():
        key = variable.upper()
        if key.startswith(PREFIX) and url:
            name = key.removeprefix(PREFIX)
            _check(variable, names.get(name, name.lower()), url)
            urls[names.get(name, name.lower())] = url
    return urls


def _check(where: str, name: str, url: str) -> None:
    try:
        check_name(name)
        check_url(url)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
