"""Modules that are small and cost a compiler much: time or memory."""

from __future__ import annotations

from tests.runtime.guests import wasm


def many_values(blocks: int) -> bytes:
    """Return a module whose one function has `blocks` branches over as many live values."""
    locals_ = " ".join(f"(local $v{number} i32)" for number in range(blocks))
    body = "\n".join(
        f"""(if (local.get $x) (then
              (local.set $v{number} (i32.add (local.get $v{number - 1}) (local.get $x))))
            (else (local.set $v{number - 1} (i32.mul (local.get $v{number}) (local.get $x)))))"""
        for number in range(1, blocks)
    )
    total = "(local.get $x)"
    for number in range(blocks):
        total = f"(i32.xor {total} (local.get $v{number}))" if number < 200 else total
    return wasm(
        f"(module (func (param $x i32) (result i32) {locals_} (loop $l {body} "
        f"(br_if $l (local.get $x))) {total}))"
    )
