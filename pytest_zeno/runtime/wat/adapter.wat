;; One crossing for each entry: the host writes a request into scratch and makes one call; all
;; that touches the guest's memory happens here, where every pointer is checked against its size.
;; What the guest returns wrongly is a status, not a trap: layout.py names statuses and offsets.
(module $pytest_zeno.adapter
  (type $log (func (param i32 i32 i32 i32)))
  (type $two (func (param i32 i32) (result i32)))
  (import "guest" "memory" (memory $g 0))
  (import "guest" "alloc" (func $alloc (param i32) (result i32)))
  (import "guest" "plugin_init" (func $plugin_init (result i32)))
  (import "guest" "plugin_register_slots" (func $plugin_register_slots (result i32)))
  (import "guest" "plugin_execute"
    (func $plugin_execute (param i32 i32 i32 i32) (result i32)))
  (import "guest" "plugin_cleanup" (func $plugin_cleanup))
  (import "guest" "free" (func $free (param i32)))
  (import "shim" "scratch" (memory $s 22))
  (import "shim" "host" (table 8 8 funcref))
  (import "host" "call" (func $host))

  ;; Is alloc answering a host call right now? Then the guest may not call the host again.
  (global $answering (mut i32) (i32.const 0))
  ;; The guest's copies of a request that is too large for scratch, between begin and finish.
  (global $name (mut i32) (i32.const 0))
  (global $request (mut i32) (i32.const 0))

  ;; The size of the guest's memory that the host knows of.
  (global $pages (mut i32) (i32.const -1))

  (elem (table 0) (i32.const 0) func
    $host_log $host_db_query $host_http_request $host_scope_get
    $host_scope_set $host_file_read $host_file_write $host_env_get)

  ;; ---- checks -------------------------------------------------------------------------------

  (func $outside (param $p i32) (param $size i32) (result i32)
    (i64.gt_u
      (i64.add (i64.extend_i32_u (local.get $p)) (i64.extend_i32_u (local.get $size)))
      (i64.shl (i64.extend_i32_u (memory.size $g)) (i64.const 16))))

  ;; The guest's alloc, checked: 4 = null, 5 = outside the memory; else the status stays 0.
  (func $room (param $size i32) (result i32)
    (local $p i32)
    (local.set $p (call $alloc (local.get $size)))
    (i32.store $s offset=8 (i32.const 0)
      (select
        (i32.const 4)
        (i32.mul (i32.const 5) (call $outside (local.get $p) (local.get $size)))
        (i32.and (i32.eqz (local.get $p)) (i32.ne (local.get $size) (i32.const 0)))))
    (i32.store $s offset=20 (i32.const 0) (local.get $p))
    (i32.store $s offset=24 (i32.const 0) (local.get $size))
    (local.get $p))

  ;; The length of the text at $p, which lies inside the memory; -1 when no NUL follows.
  (func $length (param $p i32) (result i32)
    (local $q i32) (local $last i32) (local $mask i32)
    (local.set $q (local.get $p))
    (local.set $last (i32.sub (i32.shl (memory.size $g) (i32.const 16)) (i32.const 1)))
    ;; 64 bytes a turn while none of them is 0: large answers are searched as fast as copied.
    (block $near (loop $sixty_four
      (br_if $near
        (i32.lt_u (i32.sub (local.get $last) (local.get $q)) (i32.const 64)))
      (br_if $near
        (i32.eqz (i8x16.all_true
          (i8x16.min_u
            (i8x16.min_u
              (v128.load $g align=1 (local.get $q))
              (v128.load $g offset=16 align=1 (local.get $q)))
            (i8x16.min_u
              (v128.load $g offset=32 align=1 (local.get $q))
              (v128.load $g offset=48 align=1 (local.get $q)))))))
      (local.set $q (i32.add (local.get $q) (i32.const 64)))
      (br $sixty_four)))
    (block $tail (loop $sixteen
      (br_if $tail
        (i32.lt_u (i32.sub (local.get $last) (local.get $q)) (i32.const 15)))
      (local.set $mask
        (i8x16.bitmask
          (i8x16.eq (v128.load $g align=1 (local.get $q)) (v128.const i64x2 0 0))))
      (if (local.get $mask) (then
        (return (i32.sub
          (i32.add (local.get $q) (i32.ctz (local.get $mask))) (local.get $p)))))
      (br_if $tail
        (i32.eq (i32.sub (local.get $last) (local.get $q)) (i32.const 15)))
      (local.set $q (i32.add (local.get $q) (i32.const 16)))
      (br $sixteen)))
    (loop $one
      (if (i32.eqz (i32.load8_u $g (local.get $q))) (then
        (return (i32.sub (local.get $q) (local.get $p)))))
      (if (i32.ne (local.get $q) (local.get $last)) (then
        (local.set $q (i32.add (local.get $q) (i32.const 1)))
        (br $one))))
    (i32.const -1))

  ;; ---- entries ------------------------------------------------------------------------------

  (func $enter
    (i64.store $s offset=8 (i32.const 0) (i64.const 0))    ;; status, attention
    (i64.store $s offset=40 (i32.const 0) (i64.const 0))   ;; ring, records
    (i64.store $s offset=48 (i32.const 0) (i64.const 0)))  ;; log bytes, dropped

  ;; Say where the text at $p ends, or why it cannot be read: 1 null, 2 outside, 3 no NUL.
  (func $answer (param $p i32)
    (local $n i32)
    (if (i32.ne (memory.size $g) (global.get $pages)) (then
      (global.set $pages (memory.size $g))
      (i32.store $s offset=60 (i32.const 0) (memory.size $g))
      (i32.store $s offset=12 (i32.const 0) (i32.const 1))))
    (i32.store $s offset=0 (i32.const 0) (local.get $p))
    (if (i32.eqz (local.get $p)) (then
      (i32.store $s offset=8 (i32.const 0) (i32.const 1)) (return)))
    (if (call $outside (local.get $p) (i32.const 1)) (then
      (i32.store $s offset=8 (i32.const 0) (i32.const 2)) (return)))
    (local.set $n (call $length (local.get $p)))
    (i32.store $s offset=4 (i32.const 0) (local.get $n))
    (if (i32.eq (local.get $n) (i32.const -1)) (then
      (i32.store $s offset=8 (i32.const 0) (i32.const 3)))))

  (func (export "init") (call $enter) (call $answer (call $plugin_init)))
  (func (export "register") (call $enter) (call $answer (call $plugin_register_slots)))
  (func (export "cleanup") (call $enter) (call $plugin_cleanup))

  ;; The request area: name length, request length, name, request.
  (func (export "execute")
    (local $name i32) (local $request i32) (local $nl i32) (local $rl i32)
    (call $enter)
    (local.set $nl (i32.load $s (i32.const 0x11000)))
    (local.set $rl (i32.load $s (i32.const 0x11004)))
    (local.set $name (call $room (local.get $nl)))
    (if (i32.load $s offset=8 (i32.const 0)) (then (return)))
    (memory.copy $g $s (local.get $name) (i32.const 0x11008) (local.get $nl))
    (local.set $request (call $room (local.get $rl)))
    (if (i32.load $s offset=8 (i32.const 0)) (then (return)))
    (memory.copy $g $s
      (local.get $request) (i32.add (i32.const 0x11008) (local.get $nl)) (local.get $rl))
    (call $answer
      (call $plugin_execute
        (local.get $name) (local.get $nl) (local.get $request) (local.get $rl))))

  ;; A request that is too large for scratch: the host writes it between begin and finish,
  ;; straight to the address that begin leaves in the mailbox.
  (func (export "begin")
    (local $nl i32)
    (call $enter)
    (local.set $nl (i32.load $s (i32.const 0x11000)))
    (global.set $name (call $room (local.get $nl)))
    (if (i32.load $s offset=8 (i32.const 0)) (then (return)))
    (memory.copy $g $s (global.get $name) (i32.const 0x11008) (local.get $nl))
    (global.set $request (call $room (i32.load $s (i32.const 0x11004)))))
  (func (export "finish")
    (call $answer
      (call $plugin_execute
        (global.get $name) (i32.load $s (i32.const 0x11000))
        (global.get $request) (i32.load $s (i32.const 0x11004)))))

  ;; ABI.md section 3: the host frees a response it has read, and nothing else.
  (func (export "release") (call $free (i32.load $s offset=0 (i32.const 0))))

  ;; ---- host functions -----------------------------------------------------------------------

  ;; Hand a host call to the host, with a 1 behind it when the request lies outside the memory.
  (func $ask (param $function i32) (param $p i32) (param $size i32)
    (i32.store $s offset=16 (i32.const 0) (local.get $function))
    (i32.store $s offset=20 (i32.const 0) (local.get $p))
    (i32.store $s offset=24 (i32.const 0) (local.get $size))
    (i32.store $s offset=32 (i32.const 0) (call $outside (local.get $p) (local.get $size)))
    (call $host))

  ;; A host call made while alloc answers another one is refused (PERMISSIONS.md, Limits).
  (func $nested (result i32)
    (if (global.get $answering) (then
      (i32.store $s offset=12 (i32.const 0) (i32.const 1))
      (i32.store $s offset=56 (i32.const 0)
        (i32.add (i32.load $s offset=56 (i32.const 0)) (i32.const 1)))))
    (global.get $answering))

  ;; Ask, and answer with a text in a buffer from the guest's alloc.
  (func $reply (param $function i32) (param $p i32) (param $size i32) (result i32)
    (local $n i32) (local $r i32)
    (if (call $nested) (then (return (i32.const 0))))
    (call $ask (local.get $function) (local.get $p) (local.get $size))
    (local.set $n (i32.load $s offset=28 (i32.const 0)))
    (global.set $answering (i32.const 1))
    (local.set $r (call $room (i32.add (local.get $n) (i32.const 1))))
    (global.set $answering (i32.const 0))
    (if (i32.load $s offset=8 (i32.const 0)) (then  ;; the host keeps the breach in its ledger
      (i32.store $s offset=16 (i32.const 0) (i32.const 33)) (call $host)
      (i32.store $s offset=8 (i32.const 0) (i32.const 0))
      (return (i32.const 0))))
    (if (i32.le_u (local.get $n) (i32.const 0x10000))
      (then (memory.copy $g $s (local.get $r) (i32.const 0x1000) (local.get $n)))
      (else (i32.store $s offset=16 (i32.const 0) (i32.const 32)) (call $host)))
    (i32.store8 $g (i32.add (local.get $r) (local.get $n)) (i32.const 0))
    (local.get $r))

  ;; Ask, and answer 1 for done and 0 for not.
  (func $done (param $function i32) (param $p i32) (param $size i32) (result i32)
    (if (call $nested) (then (return (i32.const 0))))
    (call $ask (local.get $function) (local.get $p) (local.get $size))
    (i32.load $s offset=28 (i32.const 0)))

  (func $host_db_query (type $two)
    (call $reply (i32.const 1) (local.get 0) (local.get 1)))
  (func $host_http_request (type $two)
    (call $reply (i32.const 2) (local.get 0) (local.get 1)))
  (func $host_scope_get (type $two)
    (call $reply (i32.const 3) (local.get 0) (local.get 1)))
  (func $host_scope_set (type $two)
    (call $done (i32.const 4) (local.get 0) (local.get 1)))
  (func $host_file_read (type $two)
    (call $reply (i32.const 5) (local.get 0) (local.get 1)))
  (func $host_file_write (type $two)
    (call $done (i32.const 6) (local.get 0) (local.get 1)))
  (func $host_env_get (type $two)
    (call $reply (i32.const 7) (local.get 0) (local.get 1)))

  ;; A log line goes to a ring in scratch that the host drains after the entry: level length,
  ;; kept length, real length, level, message. A level length of -1 marks a line whose pointers
  ;; lie outside the memory. Over the limits a line is only counted.
  (func $host_log (type $log)
    (local $level i32) (local $kept i32) (local $bad i32) (local $at i32) (local $size i32)
    (if (call $nested) (then (return)))
    (i32.store $s offset=12 (i32.const 0) (i32.const 1))
    (local.set $bad
      (i32.or
        (call $outside (local.get 0) (local.get 1))
        (call $outside (local.get 2) (local.get 3))))
    (if (i32.eqz (local.get $bad)) (then
      (local.set $level (call $least (local.get 1) (i32.const 256)))
      (local.set $kept
        (call $least (local.get 3) (i32.load $s offset=72 (i32.const 0))))))
    (local.set $size
      (i32.add (i32.const 12) (i32.add (local.get $level) (local.get $kept))))
    (if (i32.or
          (i32.ge_u (i32.load $s offset=44 (i32.const 0)) (i32.load $s offset=64 (i32.const 0)))
          (i32.gt_u
            (i32.add (i32.load $s offset=48 (i32.const 0)) (local.get $kept))
            (i32.load $s offset=68 (i32.const 0))))
      (then
        (i32.store $s offset=52 (i32.const 0)
          (i32.add (i32.load $s offset=52 (i32.const 0)) (i32.const 1)))
        (return)))
    (if (i32.gt_u
          (i32.add (i32.load $s offset=40 (i32.const 0)) (local.get $size))
          (i32.const 0x140000))
      (then (i32.store $s offset=16 (i32.const 0) (i32.const 34)) (call $host)))
    (local.set $at (i32.add (i32.const 0x20000) (i32.load $s offset=40 (i32.const 0))))
    (i32.store $s align=1 (local.get $at)
      (select (i32.const -1) (local.get $level) (local.get $bad)))
    (i32.store $s offset=4 align=1 (local.get $at) (local.get $kept))
    (i32.store $s offset=8 align=1 (local.get $at)
      (select (local.get 2) (local.get 3) (local.get $bad)))
    (memory.copy $s $g
      (i32.add (local.get $at) (i32.const 12))
      (select (i32.const 0) (local.get 0) (local.get $bad)) (local.get $level))
    (memory.copy $s $g
      (i32.add (local.get $at) (i32.add (i32.const 12) (local.get $level)))
      (select (i32.const 0) (local.get 2) (local.get $bad)) (local.get $kept))
    (i32.store $s offset=40 (i32.const 0)
      (i32.add (i32.load $s offset=40 (i32.const 0)) (local.get $size)))
    (i32.store $s offset=44 (i32.const 0)
      (i32.add (i32.load $s offset=44 (i32.const 0)) (i32.const 1)))
    (i32.store $s offset=48 (i32.const 0)
      (i32.add (i32.load $s offset=48 (i32.const 0)) (local.get $kept))))

  (func $least (param $a i32) (param $b i32) (result i32)
    (select (local.get $a) (local.get $b) (i32.lt_u (local.get $a) (local.get $b))))
)
