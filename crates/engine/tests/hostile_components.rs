//! Components that make the host hold as much as they can: of `wasi:http`, of the names of methods, of memories, tables and instances.

use std::{fs, sync::Arc};

use postlogin_abi::import_name;
use postlogin_core::{HandlerInfo, Login, LoginInput};
use postlogin_engine::{Allocation, BoundAction, Engine, infos, run};
use postlogin_host::{Budget, Clock, Conditions, Flow, network::Closed};
use serde_json::json;

const NOW_MS: i64 = 1_790_000_000_000;

/// The most memory of the process, in kB.
const MOST_MEMORY: u64 = 400 << 10;

/// A component that repeats `body` for ever; `$f` is a collection of headers that is made before. Its memory has 100,000
/// letters at 65536.
fn component(body: &str) -> Vec<u8> {
    let text = format!(
        r#"(component
  (import "wasi:http/types@0.2.12" (instance $http
    (export "fields" (type $fields (sub resource)))
    (type $error' (variant (case "invalid-syntax") (case "forbidden") (case "immutable")))
    (export "header-error" (type $error (eq $error')))
    (type $method' (variant (case "get") (case "head") (case "post") (case "put") (case "delete") (case "connect")
      (case "options") (case "trace") (case "patch") (case "other" string)))
    (export "method" (type $method (eq $method')))
    (export "outgoing-request" (type $request (sub resource)))
    (export "outgoing-body" (type $body (sub resource)))
    (export "[constructor]fields" (func (result (own $fields))))
    (export "[method]fields.append" (func (param "self" (borrow $fields)) (param "name" string)
      (param "value" (list u8)) (result (result (error $error)))))
    (export "[method]fields.clone" (func (param "self" (borrow $fields)) (result (own $fields))))
    (export "[constructor]outgoing-request" (func (param "headers" (own $fields)) (result (own $request))))
    (export "[method]outgoing-request.set-method" (func (param "self" (borrow $request)) (param "method" $method)
      (result (result))))
    (export "[method]outgoing-request.body" (func (param "self" (borrow $request))
      (result (result (own $body)))))))
  (import "wasi:io/poll@0.2.12" (instance $poll (export "pollable" (type (sub resource)))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.12" (instance $clock
    (alias outer 1 $pollable (type $pollable))
    (export "subscribe-duration" (func (param "when" u64) (result (own $pollable))))))
  (core module $memory
    (memory (export "memory") 16)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 524288))
  (core instance $m (instantiate $memory))
  (alias core export $m "memory" (core memory $mem))
  (alias core export $m "realloc" (core func $realloc))
  (core func $new (canon lower (func $http "[constructor]fields")))
  (core func $append (canon lower (func $http "[method]fields.append") (memory $mem)))
  (core func $clone (canon lower (func $http "[method]fields.clone")))
  (core func $request (canon lower (func $http "[constructor]outgoing-request")))
  (core func $set-method (canon lower (func $http "[method]outgoing-request.set-method") (memory $mem)))
  (core func $body (canon lower (func $http "[method]outgoing-request.body") (memory $mem)))
  (core func $subscribe (canon lower (func $clock "subscribe-duration")))
  (core module $attack
    (import "m" "memory" (memory 16))
    (import "h" "new" (func $new (result i32)))
    (import "h" "append" (func $append' (param i32 i32 i32 i32 i32 i32)))
    (import "h" "clone" (func $clone (param i32) (result i32)))
    (import "h" "request" (func $request (param i32) (result i32)))
    (import "h" "set-method" (func $set-method (param i32 i32 i32 i32) (result i32)))
    (import "h" "body" (func $body (param i32 i32)))
    (import "h" "subscribe" (func $subscribe (param i64) (result i32)))
    (func $append (param $f i32) (param $length i32)
      (call $append' (local.get $f) (i32.const 65536) (i32.const 4) (i32.const 65536) (local.get $length) (i32.const 64))
      (if (i32.load8_u (i32.const 64)) (then unreachable)))
    (func (export "run") (param i32 i32) (result i32) (local $f i32) (local $r i32)
      (memory.fill (i32.const 65536) (i32.const 97) (i32.const 100000))
      (local.set $f (call $new))
      (loop $again {body} (br $again))
      unreachable))
  (core instance $a (instantiate $attack
    (with "m" (instance (export "memory" (memory $mem))))
    (with "h" (instance
      (export "new" (func $new)) (export "append" (func $append)) (export "clone" (func $clone))
      (export "request" (func $request)) (export "set-method" (func $set-method)) (export "body" (func $body))
      (export "subscribe" (func $subscribe))))))
  (type $fault' (record (field "name" string) (field "message" string) (field "stack" string)))
  (export $fault "fault" (type $fault'))
  (func (export "on-execute-post-login") (param "event" string) (result (result (error $fault)))
    (canon lift (core func $a "run") (memory $mem) (realloc $realloc))))"#
    );
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"))
}

/// The name and the message of the fault that a component ends with.
fn fault(engine: &Engine, component: &[u8]) -> (String, String) {
    let program = engine
        .program(component, |_| {})
        .unwrap_or_else(|error| panic!("{error}"));
    let conditions = Conditions {
        clock: Arc::new(Clock::new(NOW_MS, Flow::Virtual)),
        seed: 1,
        door: Arc::new(Closed),
        budget: Budget::default(),
    };
    let input = LoginInput {
        event: json!({"user": {"user_id": "auth0|1"}}),
        seed: 1,
        now_ms: NOW_MS,
        ..LoginInput::default()
    };
    let bound = [BoundAction {
        info: HandlerInfo::default(),
        action: Some(program.action(None)),
        notices: Vec::new(),
    }];
    let login = Login::new(input, infos(&bound));
    let finished = run(&bound, login, &conditions, &mut Vec::new())
        .unwrap_or_else(|error| panic!("the sandbox broke: {error:#}"));
    let error = finished.outcome.error.expect("it never returns");
    (error.name, error.message)
}

#[test]
fn no_component_makes_the_host_hold_without_bound() {
    let engine = Engine::new(Allocation::OnDemand, None).expect("this machine runs sandboxes");
    for (body, ceiling) in [
        // Many collections, each as large as it may be.
        (
            "(local.set $f (call $new)) (call $append (local.get $f) (i32.const 100000))",
            "32 MiB of headers",
        ),
        // A copy is shared until it is changed.
        (
            "(call $append (local.get $f) (i32.const 1)) (local.set $f (call $clone (local.get $f)))",
            "MiB of headers",
        ),
        (
            "(local.set $r (call $request (call $new)))
             (drop (call $set-method (local.get $r) (i32.const 9) (i32.const 65536) (i32.const 100000)))",
            "32 MiB of headers",
        ),
        (
            "(local.set $r (call $request (call $new))) (call $body (local.get $r) (i32.const 64))",
            "1000 bodies of requests",
        ),
        ("(drop (call $new))", "20000 requests and collections"),
        ("(drop (call $subscribe (i64.const 1)))", "100000 resources"),
    ] {
        let (name, message) = fault(&engine, &component(body));
        assert_eq!(name, "HostLimit", "{body}: {message}");
        assert!(message.contains(ceiling), "{body}: {message}");
    }
    if let Ok(status) = fs::read_to_string("/proc/self/status") {
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|peak| peak.trim().strip_suffix(" kB"));
        let peak: u64 = peak.expect("Linux tells it").parse().expect("a number");
        assert!(peak < MOST_MEMORY, "{peak} kB");
    }
}

/// A component that calls a method whose name is `length` times the byte 1, which JSON writes as six.
fn calling(length: u32) -> Vec<u8> {
    let interface = import_name("dynamic");
    let pages = length / 65_536 + 3;
    let text = format!(
        r#"(component
  (import "{interface}" (instance $dynamic
    (export "call" (func (param "method" string) (param "arguments" string) (param "stack" string) (result string)))))
  (core module $memory
    (memory (export "memory") {pages})
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024))
  (core instance $m (instantiate $memory))
  (alias core export $m "memory" (core memory $mem))
  (alias core export $m "realloc" (core func $realloc))
  (core func $call (canon lower (func $dynamic "call") (memory $mem) (realloc $realloc)))
  (core module $attack
    (import "m" "memory" (memory {pages}))
    (import "h" "call" (func $call (param i32 i32 i32 i32 i32 i32 i32)))
    (data (i32.const 16) "[]")
    (func (export "run") (param i32 i32) (result i32)
      (memory.fill (i32.const 131072) (i32.const 1) (i32.const {length}))
      (call $call (i32.const 131072) (i32.const {length}) (i32.const 16) (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 32))
      unreachable))
  (core instance $a (instantiate $attack
    (with "m" (instance (export "memory" (memory $mem))))
    (with "h" (instance (export "call" (func $call))))))
  (type $fault' (record (field "name" string) (field "message" string) (field "stack" string)))
  (export $fault "fault" (type $fault'))
  (func (export "on-execute-post-login") (param "event" string) (result (result (error $fault)))
    (canon lift (core func $a "run") (memory $mem) (realloc $realloc))))"#
    );
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_name_of_a_method_is_short() {
    let engine = Engine::new(Allocation::OnDemand, None).expect("this machine runs sandboxes");
    for (length, expected) in [
        // It returns, and the component traps.
        (1_000, "a trap"),
        (1_025, "HostLimit"),
        (60_000_000, "HostLimit"),
    ] {
        let (name, message) = fault(&engine, &calling(length));
        if expected == "HostLimit" {
            assert_eq!(name, expected, "{length}: {message}");
            assert!(message.contains("more than 1024 bytes"), "{message}");
        } else {
            assert_ne!(name, "HostLimit", "{length}: {message}");
        }
    }
}

/// A component of `count` instances of a module with such parts, beside a handler that returns.
fn many(count: usize, parts: &str) -> Vec<u8> {
    let instances = "(core instance (instantiate $part))".repeat(count);
    let text = format!(
        r#"(component
  (core module $part {parts})
  {instances}
  (core module $main
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
    (func (export "run") (param i32 i32) (result i32) unreachable))
  (core instance $m (instantiate $main))
  (alias core export $m "memory" (core memory $mem))
  (alias core export $m "realloc" (core func $realloc))
  (type $fault' (record (field "name" string) (field "message" string) (field "stack" string)))
  (export $fault "fault" (type $fault'))
  (func (export "on-execute-post-login") (param "event" string) (result (result (error $fault)))
    (canon lift (core func $m "run") (memory $mem) (realloc $realloc))))"#
    );
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn memories_tables_and_instances_of_a_component_are_limited_together() {
    let engine = Engine::new(Allocation::OnDemand, None).expect("this machine runs sandboxes");
    // 2,000 pages are 125 MiB, of 128.
    let touches = "(func $touch (memory.fill (i32.const 0) (i32.const 1) (i32.const 131000000))) (start $touch)";
    let grows = "(elem declare func $grow) (func $grow
        (if (i32.eq (table.grow 0 (ref.func $grow) (i32.const 99990)) (i32.const -1)) (then unreachable))) (start $grow)";
    for (count, parts, name) in [
        (10, format!("(memory 2000) {touches}"), "OutOfMemory"),
        (
            1,
            format!("(memory 2000) (memory 2000) {touches}"),
            "OutOfMemory",
        ),
        (900, String::new(), "HostLimit"),
        (200, "(memory 0)".to_owned(), "HostLimit"),
        (200, "(table 0 funcref)".to_owned(), "HostLimit"),
        // The second table is refused, as by an engine that has no memory.
        (2, format!("(table 1 funcref) {grows}"), "Trap"),
    ] {
        let (found, message) = fault(&engine, &many(count, &parts));
        assert_eq!(found, name, "{count} {parts}: {message}");
    }
}

#[test]
fn what_a_start_function_does_is_the_actions_fault() {
    let text = r#"(component
  (type $r (resource (rep i32)))
  (core func $new (canon resource.new $r))
  (core module $m
    (import "a" "n" (func $n (param i32) (result i32)))
    (func $s (loop $l (drop (call $n (i32.const 1))) (br $l)))
    (start $s))
  (core instance (instantiate $m (with "a" (instance (export "n" (func $new))))))
  (core module $main (func (export "h")))
  (core instance $i (instantiate $main))
  (func (export "on-execute-post-login") (canon lift (core func $i "h"))))"#;
    let component = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"));
    let engine = Engine::new(Allocation::OnDemand, None).expect("this machine runs sandboxes");
    let (name, message) = fault(&engine, &component);
    assert_eq!(name, "Trap");
    assert!(
        message.starts_with("the Action's component cannot be started: ")
            && message.contains("handle"),
        "{message}"
    );
}
