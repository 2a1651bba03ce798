;; Calls a guest in a loop without leaving WebAssembly: what the guest itself takes of the time.
;; The request and the name lie in memory of the guest's; each round has copies of its own, as a host gives them.
(module
  (import "guest" "memory" (memory 1))
  (import "guest" "alloc" (func $alloc (param i32) (result i32)))
  (import "guest" "plugin_execute" (func $execute (param i32 i32 i32 i32) (result i32)))

  (func $copied (param $from i32) (param $size i32) (result i32)
    (local $to i32)
    (local.set $to (call $alloc (local.get $size)))
    (memory.copy (local.get $to) (local.get $from) (local.get $size))
    (local.get $to))

  (func (export "run")
    (param $name i32) (param $name_size i32) (param $request i32) (param $size i32)
    (param $times i32)
    (loop $next
      (drop (call $execute
        (call $copied (local.get $name) (local.get $name_size)) (local.get $name_size)
        (call $copied (local.get $request) (local.get $size)) (local.get $size)))
      (local.set $times (i32.sub (local.get $times) (i32.const 1)))
      (br_if $next (local.get $times)))))
