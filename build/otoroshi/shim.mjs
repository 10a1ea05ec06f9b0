/**
 * The machine code between Otoroshi (Extism's ABI) and the bundle (QuickJS), as WebAssembly text.
 *
 * A body comes as a JSON array of signed numbers, `"response_body_bytes":[123,-61,…]`. It is read here and not by the
 * interpreter: ten times as fast, without 16 bytes of memory for each byte; one that is too long is skipped, not kept.
 */

/** Bytes of a body that are read; a longer one passes unread. With 1000 memory pages there is room for four of them. */
export const mostBody = 2 * 1024 * 1024;
/** Bytes of the context besides the body. */
const mostContext = 8 * 1024 * 1024;
/** Bytes fetched at once. */
const piece = 65536;
const bodyKey = '_body_bytes":[';

const escaped = (bytes) =>
  [...bytes]
    .map((byte) =>
      byte >= 32 && byte < 127 && byte !== 34 && byte !== 92
        ? String.fromCharCode(byte)
        : `\\${byte.toString(16).padStart(2, '0')}`,
    )
    .join('');

const imported = (module, functions) =>
  Object.entries(functions)
    .map(([name, signature]) => {
      const [takes, gives] = signature.split('->').map((types) => types.trim());
      const id = module === 'qjs' ? name : `e_${name}`;
      const from = module === 'qjs' ? 'qjs' : 'extism:host/env';
      return `(import "${from}" "${name}" (func $${id} ${takes && `(param ${takes})`} ${gives && `(result ${gives})`}))`;
    })
    .join('\n  ');

const engine = {
  wasm_malloc: 'i32 -> i32',
  wasm_free: 'i32 ->',
  qjs_init: '-> i32',
  qjs_eval: 'i32 i32 i32 i32 -> i32',
  qjs_new_string: 'i32 i32 -> i32',
  qjs_new_number: 'f64 -> i32',
  qjs_new_array_buffer: 'i32 i32 -> i32',
  qjs_new_host_function: 'i32 i32 i32 -> i32',
  qjs_get_global: '-> i32',
  qjs_get_prop_string: 'i32 i32 -> i32',
  qjs_set_prop_string: 'i32 i32 i32 -> i32',
  qjs_call: 'i32 i32 i32 i32 -> i32',
  qjs_get_string_len: 'i32 i32 -> i32',
  qjs_free_cstring: 'i32 ->',
  qjs_free_value: 'i32 ->',
  qjs_is_exception: 'i32 -> i32',
  qjs_get_exception: '-> i32',
  qjs_is_job_pending: '-> i32',
  qjs_execute_pending_job: '-> i32',
};

const kernel = {
  alloc: 'i64 -> i64',
  free: 'i64 ->',
  length: 'i64 -> i64',
  input_length: '-> i64',
  input_load_u8: 'i64 -> i32',
  input_load_u64: 'i64 -> i64',
  load_u8: 'i64 -> i32',
  store_u8: 'i64 i32 ->',
  store_u64: 'i64 i64 ->',
  output_set: 'i64 i64 ->',
  config_get: 'i64 -> i64',
  error_set: 'i64 ->',
};

/**
 * @param code the bundle, as text
 * @param packed the packed tables
 * @param entries names of the functions that Otoroshi calls
 * @param http whether `proxy_http_call` is imported: a plugin that imports it does not start without `httpAccess`
 */
export const shim = ({ code, packed, entries, http }) => {
  const literals = new Map(
    Object.entries({
      code: Buffer.from(code),
      packed: Buffer.from(packed),
      body_key: Buffer.from(bodyKey),
      file: Buffer.from('llm-audit.js'),
      call: Buffer.from('__call'),
      result: Buffer.from('__result'),
      packed_name: Buffer.from('__packed'),
      log: Buffer.from('__log'),
      http: Buffer.from('__http'),
      config: Buffer.from('__config'),
      ...Object.fromEntries(entries.map((entry) => [`fn_${entry}`, Buffer.from(entry)])),
    }),
  );
  const size = (name) => literals.get(name).length;
  const hostFunctions = ['log', ...(http ? ['http'] : []), 'config'];
  return `(module
  (import "qjs" "memory" (memory 18))
  ${imported('qjs', engine)}
  ${imported('extism', kernel)}
  (import "OTO" "proxy_log_event" (func $proxy_log_event (param i64 i64) (result i64)))
  ${http ? '(import "OTO" "proxy_http_call" (func $proxy_http_call (param i64 i64) (result i64)))' : ''}
  (global $ready (mut i32) (i32.const 0))
  (global $length (mut i32) (i32.const 0))
  (global $key (mut i32) (i32.const 0))
  (global $chunk (mut i32) (i32.const 0))
  (global $broken (mut i32) (i32.const 0))
  (global $body (mut i32) (i32.const 0))
  (global $total (mut i32) (i32.const -1))
  ${[...literals]
    .map(
      ([name, bytes]) => `(data $d_${name} "${escaped(bytes)}")
  (func $lit_${name} (result i32) (local $p i32)
    (local.set $p (call $wasm_malloc (i32.const ${bytes.length + 1})))
    (memory.init $d_${name} (local.get $p) (i32.const 0) (i32.const ${bytes.length}))
    (i32.store8 (i32.add (local.get $p) (i32.const ${bytes.length})) (i32.const 0))
    (local.get $p))`,
    )
    .join('\n  ')}

  ;; A text of the engine as a block of Extism's memory.
  (func $to_extism (param $value i32) (result i64) (local $p i32) (local $n i32) (local $o i64) (local $i i32)
    (local.set $p (call $qjs_get_string_len (local.get $value) (global.get $length)))
    (local.set $n (i32.load (global.get $length)))
    (local.set $o (call $e_alloc (i64.extend_i32_u (local.get $n))))
    (block $words (loop $word
      (br_if $words (i32.gt_u (i32.add (local.get $i) (i32.const 8)) (local.get $n)))
      (call $e_store_u64 (i64.add (local.get $o) (i64.extend_i32_u (local.get $i))) (i64.load align=1 (i32.add (local.get $p) (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br $word)))
    (block $rest (loop $byte
      (br_if $rest (i32.ge_u (local.get $i) (local.get $n)))
      (call $e_store_u8 (i64.add (local.get $o) (i64.extend_i32_u (local.get $i))) (i32.load8_u (i32.add (local.get $p) (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $byte)))
    (call $qjs_free_cstring (local.get $p))
    (local.get $o))

  ;; A block of Extism's memory as a text of the engine; nothing at 0.
  (func $to_engine (param $o i64) (result i32) (local $n i32) (local $p i32) (local $i i32) (local $value i32)
    (if (i64.ne (local.get $o) (i64.const 0)) (then (local.set $n (i32.wrap_i64 (call $e_length (local.get $o))))))
    (local.set $p (call $wasm_malloc (i32.add (local.get $n) (i32.const 1))))
    (block $all (loop $byte
      (br_if $all (i32.ge_u (local.get $i) (local.get $n)))
      (i32.store8 (i32.add (local.get $p) (local.get $i)) (call $e_load_u8 (i64.add (local.get $o) (i64.extend_i32_u (local.get $i)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $byte)))
    (local.set $value (call $qjs_new_string (local.get $p) (local.get $n)))
    (call $wasm_free (local.get $p))
    (if (i64.ne (local.get $o) (i64.const 0)) (then (call $e_free (local.get $o))))
    (local.get $value))

  ;; Bytes from $from of the input into $chunk.
  (func $fetch (param $from i32) (param $n i32) (local $i i32) (local $at i64)
    (block $words (loop $word
      (br_if $words (i32.gt_u (i32.add (local.get $i) (i32.const 8)) (local.get $n)))
      (local.set $at (i64.extend_i32_u (i32.add (local.get $from) (local.get $i))))
      (i64.store align=1 (i32.add (global.get $chunk) (local.get $i)) (call $e_input_load_u64 (local.get $at)))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br $word)))
    (block $rest (loop $byte
      (br_if $rest (i32.ge_u (local.get $i) (local.get $n)))
      (local.set $at (i64.extend_i32_u (i32.add (local.get $from) (local.get $i))))
      (i32.store8 (i32.add (global.get $chunk) (local.get $i)) (call $e_input_load_u8 (local.get $at)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $byte))))

  ;; The input without its body, as a text of the engine; the body in $body, its length in $total (-1: none).
  (func $input (result i32)
    (local $n i32) (local $from i32) (local $here i32) (local $i i32) (local $c i32) (local $matched i32)
    (local $text i32) (local $room i32) (local $j i32) (local $space i32)
    (local $inside i32) (local $number i32) (local $negative i32) (local $digits i32) (local $value i32)
    (local.set $n (i32.wrap_i64 (call $e_input_length)))
    (local.set $room (select (local.get $n) (i32.const ${mostContext}) (i32.lt_u (local.get $n) (i32.const ${mostContext}))))
    (local.set $text (call $wasm_malloc (i32.add (local.get $room) (i32.const 1))))
    ;; Each byte of a body takes two characters at least.
    (local.set $space (i32.shr_u (local.get $n) (i32.const 1)))
    (if (i32.gt_u (local.get $space) (i32.const ${mostBody})) (then (local.set $space (i32.const ${mostBody}))))
    (global.set $body (call $wasm_malloc (i32.add (local.get $space) (i32.const 1))))
    (global.set $total (i32.const -1))
    (block $end (loop $pieces
      (br_if $end (i32.ge_u (local.get $from) (local.get $n)))
      (local.set $here (i32.sub (local.get $n) (local.get $from)))
      (if (i32.gt_u (local.get $here) (i32.const ${piece})) (then (local.set $here (i32.const ${piece}))))
      (call $fetch (local.get $from) (local.get $here))
      (local.set $i (i32.const 0))
      (block $piece_end (loop $bytes
        (br_if $piece_end (i32.ge_u (local.get $i) (local.get $here)))
        (local.set $c (i32.load8_u (i32.add (global.get $chunk) (local.get $i))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (if (local.get $inside)
          (then
            (if (i32.lt_u (i32.sub (local.get $c) (i32.const 48)) (i32.const 10))
              (then
                (local.set $number (i32.add (i32.mul (local.get $number) (i32.const 10)) (i32.sub (local.get $c) (i32.const 48))))
                (local.set $digits (i32.const 1))
                (br $bytes)))
            (if (i32.eq (local.get $c) (i32.const 45)) (then (local.set $negative (i32.const 1)) (br $bytes)))
            (if (local.get $digits)
              (then
                (if (i32.lt_u (global.get $total) (local.get $space))
                  (then
                    (i32.store8
                      (i32.add (global.get $body) (global.get $total))
                      (select (i32.sub (i32.const 0) (local.get $number)) (local.get $number) (local.get $negative)))))
                (global.set $total (i32.add (global.get $total) (i32.const 1)))
                (local.set $digits (i32.const 0)) (local.set $number (i32.const 0)) (local.set $negative (i32.const 0))))
            (br_if $bytes (i32.ne (local.get $c) (i32.const 93)))
            (local.set $inside (i32.const 0))))
        (if (i32.lt_u (local.get $j) (local.get $room))
          (then
            (i32.store8 (i32.add (local.get $text) (local.get $j)) (local.get $c))
            (local.set $j (i32.add (local.get $j) (i32.const 1)))))
        (if (i32.eq (local.get $c) (i32.load8_u (i32.add (global.get $key) (local.get $matched))))
          (then
            (local.set $matched (i32.add (local.get $matched) (i32.const 1)))
            (if (i32.eq (local.get $matched) (i32.const ${bodyKey.length}))
              (then
                (local.set $matched (i32.const 0))
                (local.set $inside (i32.const 1))
                (global.set $total (i32.const 0)))))
          (else (local.set $matched (i32.eq (local.get $c) (i32.const ${bodyKey.charCodeAt(0)})))))
        (br $bytes)))
      (local.set $from (i32.add (local.get $from) (local.get $here)))
      (br $pieces)))
    (local.set $value (call $qjs_new_string (local.get $text) (local.get $j)))
    (call $wasm_free (local.get $text))
    (local.get $value))

  (func $offer (param $global i32) (param $name i32) (param $n i32)
    (drop (call $qjs_set_prop_string (local.get $global) (local.get $name) (call $qjs_new_host_function (local.get $name) (local.get $n) (i32.const 1))))
    (call $wasm_free (local.get $name)))

  ;; At the first call in a VM: the engine, the tables, the bundle.
  (func $start (local $global i32) (local $p i32) (local $r i32)
    (if (global.get $ready) (then (return)))
    (global.set $ready (i32.const 1))
    (drop (call $qjs_init))
    (global.set $length (call $wasm_malloc (i32.const 8)))
    (global.set $key (call $lit_body_key))
    (global.set $chunk (call $wasm_malloc (i32.const ${piece})))
    (local.set $global (call $qjs_get_global))
    ${hostFunctions.map((name) => `(call $offer (local.get $global) (call $lit_${name}) (i32.const ${size(name)}))`).join('\n    ')}
    (local.set $p (call $lit_packed))
    (drop (call $qjs_set_prop_string (local.get $global) (call $lit_packed_name) (call $qjs_new_array_buffer (local.get $p) (i32.const ${size('packed')}))))
    (call $wasm_free (local.get $p))
    (local.set $p (call $lit_code))
    (local.set $r (call $qjs_eval (local.get $p) (i32.const ${size('code')}) (call $lit_file) (i32.const 0)))
    (call $wasm_free (local.get $p))
    (if (call $qjs_is_exception (local.get $r))
      (then (global.set $broken (call $qjs_get_exception)))))

  (func $named (param $global i32) (param $name i32) (result i32) (local $value i32)
    (local.set $value (call $qjs_get_prop_string (local.get $global) (local.get $name)))
    (call $wasm_free (local.get $name))
    (local.get $value))

  (func $run (param $fn i32) (param $n i32) (result i32)
    (local $global i32) (local $f i32) (local $argv i32) (local $r i32) (local $o i64) (local $read i32)
    (call $start)
    ;; A bundle that does not load says why.
    (if (global.get $broken)
      (then (call $e_error_set (call $to_extism (global.get $broken))) (return (i32.const 1))))
    (local.set $global (call $qjs_get_global))
    (local.set $argv (call $wasm_malloc (i32.const 16)))
    (i32.store (local.get $argv) (call $qjs_new_string (local.get $fn) (local.get $n)))
    (call $wasm_free (local.get $fn))
    (i32.store offset=4 (local.get $argv) (call $input))
    ;; Of a body that is too long nothing is given.
    (local.set $read (select (global.get $total) (i32.const 0) (i32.le_u (global.get $total) (i32.const ${mostBody}))))
    (i32.store offset=8 (local.get $argv) (call $qjs_new_array_buffer (global.get $body) (local.get $read)))
    (call $wasm_free (global.get $body))
    (i32.store offset=12 (local.get $argv) (call $qjs_new_number (f64.convert_i32_s (global.get $total))))
    (local.set $f (call $named (local.get $global) (call $lit_call)))
    (call $qjs_free_value (call $qjs_call (local.get $f) (local.get $global) (i32.const 4) (local.get $argv)))
    (call $qjs_free_value (local.get $f))
    (block $idle (loop $jobs
      (br_if $idle (i32.eqz (call $qjs_is_job_pending)))
      (br_if $idle (i32.lt_s (call $qjs_execute_pending_job) (i32.const 0)))
      (br $jobs)))
    (local.set $f (call $named (local.get $global) (call $lit_result)))
    (local.set $r (call $qjs_call (local.get $f) (local.get $global) (i32.const 0) (local.get $argv)))
    (local.set $o (call $to_extism (local.get $r)))
    (call $e_output_set (local.get $o) (call $e_length (local.get $o)))
    (call $qjs_free_value (i32.load (local.get $argv)))
    (call $qjs_free_value (i32.load offset=4 (local.get $argv)))
    (call $qjs_free_value (i32.load offset=8 (local.get $argv)))
    (call $qjs_free_value (i32.load offset=12 (local.get $argv)))
    (call $wasm_free (local.get $argv))
    (call $qjs_free_value (local.get $r))
    (call $qjs_free_value (local.get $f))
    (call $qjs_free_value (local.get $global))
    (i32.const 0))

  ${entries.map((entry) => `(func (export "${entry}") (result i32) (call $run (call $lit_fn_${entry}) (i32.const ${entry.length})))`).join('\n  ')}

  ;; The engine calls one of the functions offered; they are told apart by the lengths of their names.
  (func (export "host_call") (param $name i32) (param $n i32) (param $this i32) (param $argc i32) (param $argv i32) (result i32)
    (local $o i64) (local $r i64)
    (local.set $o (call $to_extism (i32.load (local.get $argv))))
    (if (i32.eq (local.get $n) (i32.const ${size('log')}))
      (then (drop (call $proxy_log_event (local.get $o) (call $e_length (local.get $o))))))
    ${
      http
        ? `(if (i32.eq (local.get $n) (i32.const ${size('http')}))
      (then (local.set $r (call $proxy_http_call (local.get $o) (call $e_length (local.get $o))))))`
        : ''
    }
    (if (i32.eq (local.get $n) (i32.const ${size('config')}))
      (then (local.set $r (call $e_config_get (local.get $o)))))
    (call $e_free (local.get $o))
    (call $to_engine (local.get $r)))
  (func (export "host_interrupt") (result i32) (i32.const 0))
  (func (export "host_promise_rejection") (param i32 i32 i32))
  (func (export "host_module_normalize") (param i32 i32) (result i32) (i32.const 0))
  (func (export "host_module_load") (param i32 i32) (result i32) (i32.const 0))
  (func (export "host_get_timezone_offset") (param i32 i32) (result i32) (i32.const 0))
)`;
};
