;; A guest that does as little as it can, so that what is measured is the host.
;; bench.echo answers with the request itself; bench.asks reads the scope 100 times, bench.none never.
(module
  (import "env" "host_scope_get" (func $host_scope_get (param i32 i32) (result i32)))
  (memory (export "memory") 2)
  (global $top (mut i32) (i32.const 4096))

  (func (export "alloc") (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (global.get $top))
    (global.set $top
      (i32.and (i32.add (i32.add (local.get $at) (local.get $size)) (i32.const 15)) (i32.const -8)))
    (block $fits (loop $grow
      (br_if $fits (i32.le_u (global.get $top) (i32.shl (memory.size) (i32.const 16))))
      (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then (return (i32.const 0))))
      (br $grow)))
    (local.get $at))

  (func (export "plugin_init") (result i32) (i32.const 16))
  (func (export "plugin_register_slots") (result i32) (i32.const 512))

  (func (export "plugin_execute") (param $name i32) (param $name_size i32)
    (param $request i32) (param $size i32) (result i32)
    (local $left i32) (local $kind i32)
    (local.set $kind (i32.load8_u offset=6 (local.get $name)))
    (if (i32.eq (local.get $kind) (i32.const 101)) (then  ;; e
      (i32.store8 (i32.add (local.get $request) (local.get $size)) (i32.const 0))
      (global.set $top (i32.const 4096))
      (return (local.get $request))))
    (if (i32.eq (local.get $kind) (i32.const 97)) (then  ;; a
      (local.set $left (i32.const 100))
      (loop $next
        (drop (call $host_scope_get (i32.const 2048) (i32.const 9)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br_if $next (local.get $left)))))
    (global.set $top (i32.const 4096))
    (i32.const 2064))

  (func (export "plugin_cleanup"))

  (data (i32.const 16) "{\22name\22:\22bench\22,\22version\22:\221.0.0\22}\00")
  (data (i32.const 512) "[{\22name\22:\22bench.echo\22},{\22name\22:\22bench.asks\22},{\22name\22:\22bench.none\22}]\00")
  (data (i32.const 2048) "bench.key\00")
  (data (i32.const 2064) "{\22success\22:true,\22data\22:{}}\00"))
