"""What one plugin may use of the host: `Limits`, and the units that it is written in.

Who sets a limit, the later before the earlier (docs/limits.md): the contract (the defaults), the
ini file, the command line, the host, the plugin (`ZenoHost.load`), the test's marker.
"""

from pytest_zeno.limits.exceeded import exceeded, wider
from pytest_zeno.limits.model import Given, Limits
from pytest_zeno.limits.units import GIB, KIB, MIB, PAGE, parse_seconds, parse_size

__all__ = [
    "GIB",
    "KIB",
    "MIB",
    "PAGE",
    "Given",
    "Limits",
    "exceeded",
    "parse_seconds",
    "parse_size",
    "wider",
]
