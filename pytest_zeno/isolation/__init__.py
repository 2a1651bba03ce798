"""Guests in a process of their own, which can be killed and has nothing to steal.

The worker starts with an empty environment and answers no host call itself: each one crosses to
the parent and its gate. What ends a worker ends the instances in it, never the run.
"""

from pytest_zeno.isolation.remote import RemoteInstance
from pytest_zeno.isolation.worker import Worker

__all__ = ["RemoteInstance", "Worker"]
