;; The part of WASI preview 1 that needs the guest's memory (PERMISSIONS.md, Limits): output goes
;; to the host's capture, reads find the end of the file, clocks and random bytes come from the
;; host, poll_oneoff reports every subscription at once instead of sleeping.
;; 0 success, 8 EBADF, 21 EFAULT, 28 EINVAL, 70 ESPIPE.
(module $pytest_zeno.wasi
  (import "guest" "memory" (memory $g 0))
  (import "shim" "scratch" (memory $s 22))
  (import "shim" "wasi" (table 10 10 funcref))
  (import "host" "call" (func $host))

  (elem (table 0) (i32.const 0) func
    $sizes $sizes $clock_res $clock_time $fdstat $fd_read $fd_write $poll $exit $random)

  ;; Is [pointer, pointer + size) outside the guest's memory?
  (func $outside (param $p i32) (param $size i64) (result i32)
    (i64.gt_u
      (i64.add (i64.extend_i32_u (local.get $p)) (local.get $size))
      (i64.shl (i64.extend_i32_u (memory.size $g)) (i64.const 16))))

  ;; Ask the host: function, then up to two arguments, in the mailbox (layout.py).
  (func $ask (param $function i32) (param $a i32) (param $b i32)
    (i32.store $s offset=16 (i32.const 0) (local.get $function))
    (i32.store $s offset=20 (i32.const 0) (local.get $a))
    (i32.store $s offset=24 (i32.const 0) (local.get $b))
    (call $host))

  ;; No arguments, no environment: two zeros.
  (func $sizes (param $count i32) (param $bytes i32) (result i32)
    (if (i32.or (call $outside (local.get $count) (i64.const 4))
                (call $outside (local.get $bytes) (i64.const 4)))
      (then (return (i32.const 21))))
    (i32.store $g align=1 (local.get $count) (i32.const 0))
    (i32.store $g align=1 (local.get $bytes) (i32.const 0))
    (i32.const 0))

  (func $clock_res (param $id i32) (param $p i32) (result i32)
    (if (i32.gt_u (local.get $id) (i32.const 3)) (then (return (i32.const 28))))
    (if (call $outside (local.get $p) (i64.const 8)) (then (return (i32.const 21))))
    (i64.store $g align=1 (local.get $p) (i64.const 1))
    (i32.const 0))

  (func $clock_time (param $id i32) (param $precision i64) (param $p i32) (result i32)
    (if (i32.gt_u (local.get $id) (i32.const 3)) (then (return (i32.const 28))))
    (if (call $outside (local.get $p) (i64.const 8)) (then (return (i32.const 21))))
    (call $ask (i32.const 16) (local.get $id) (i32.const 0))
    (i64.store $g align=1 (local.get $p) (i64.load $s offset=32 (i32.const 0)))
    (i32.const 0))

  ;; The three standard streams are character devices that may be written or read, no more.
  (func $fdstat (param $fd i32) (param $p i32) (result i32)
    (if (i32.ge_u (local.get $fd) (i32.const 3)) (then (return (i32.const 8))))
    (if (call $outside (local.get $p) (i64.const 24)) (then (return (i32.const 21))))
    (memory.fill $g (local.get $p) (i32.const 0) (i32.const 24))
    (i32.store8 $g (local.get $p) (i32.const 2))
    (i64.store $g offset=8 align=1 (local.get $p)
      (select (i64.const 64) (i64.const 2) (local.get $fd)))
    (i32.const 0))

  (func $fd_read (param $fd i32) (param $vectors i32) (param $count i32) (param $p i32)
    (result i32)
    (if (local.get $fd) (then (return (i32.const 8))))
    (if (call $outside (local.get $p) (i64.const 4)) (then (return (i32.const 21))))
    (i32.store $g align=1 (local.get $p) (i32.const 0))
    (i32.const 0))

  (func $fd_write (param $fd i32) (param $vectors i32) (param $count i32) (param $p i32)
    (result i32)
    (local $start i32) (local $size i32) (local $total i32)
    (if (i32.and (i32.ne (local.get $fd) (i32.const 1)) (i32.ne (local.get $fd) (i32.const 2)))
      (then (return (i32.const 8))))
    (if (i32.or
          (call $outside (local.get $p) (i64.const 4))
          (call $outside (local.get $vectors)
            (i64.mul (i64.extend_i32_u (local.get $count)) (i64.const 8))))
      (then (return (i32.const 21))))
    (block $done (loop $next
      (br_if $done (i32.eqz (local.get $count)))
      (local.set $start (i32.load $g align=1 (local.get $vectors)))
      (local.set $size (i32.load $g offset=4 align=1 (local.get $vectors)))
      (if (call $outside (local.get $start) (i64.extend_i32_u (local.get $size)))
        (then (return (i32.const 21))))
      (call $ask
        (i32.add (i32.const 18) (local.get $fd)) (local.get $start) (local.get $size))
      (local.set $total (i32.add (local.get $total) (local.get $size)))
      (local.set $vectors (i32.add (local.get $vectors) (i32.const 8)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br $next)))
    (i32.store $g align=1 (local.get $p) (local.get $total))
    (i32.const 0))

  ;; An event is 32 bytes: user data, errno, type; a subscription is 48: user data, type.
  (func $poll (param $in i32) (param $out i32) (param $count i32) (param $p i32) (result i32)
    (local $left i32)
    (if (i32.eqz (local.get $count)) (then (return (i32.const 28))))
    (if (i32.or
          (call $outside (local.get $p) (i64.const 4))
          (i32.or
            (call $outside (local.get $in)
              (i64.mul (i64.extend_i32_u (local.get $count)) (i64.const 48)))
            (call $outside (local.get $out)
              (i64.mul (i64.extend_i32_u (local.get $count)) (i64.const 32)))))
      (then (return (i32.const 21))))
    (local.set $left (local.get $count))
    (loop $next
      (memory.fill $g (local.get $out) (i32.const 0) (i32.const 32))
      (i64.store $g align=1 (local.get $out) (i64.load $g align=1 (local.get $in)))
      (i32.store8 $g offset=10 (local.get $out) (i32.load8_u $g offset=8 (local.get $in)))
      (local.set $in (i32.add (local.get $in) (i32.const 48)))
      (local.set $out (i32.add (local.get $out) (i32.const 32)))
      (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (i32.store $g align=1 (local.get $p) (local.get $count))
    (i32.const 0))

  (func $exit (param $status i32)
    (call $ask (i32.const 18) (local.get $status) (i32.const 0))
    (unreachable))

  (func $random (param $p i32) (param $size i32) (result i32)
    (if (call $outside (local.get $p) (i64.extend_i32_u (local.get $size)))
      (then (return (i32.const 21))))
    (call $ask (i32.const 17) (local.get $p) (local.get $size))
    (i32.const 0))
)
