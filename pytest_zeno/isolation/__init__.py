"""Guests in a process of their own, which can be killed and has nothing to steal.

The worker starts with an empty environment and answers no host call itself: each one crosses to
the parent and its gate. What ends a worker ends the instances in it, never the run.

    worker, remote          what the host sees: where guests run, and instances there
    process, death          a worker process from outside, and what is said of its end
    spare, warden           the process that is started ahead, the clock that kills
    wire, failures          what is said between the two
    boot, child             a worker process from inside
"""
