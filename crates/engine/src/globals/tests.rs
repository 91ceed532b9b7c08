//! A language engine that keeps something outside of its memory, and one that does not.

use std::{sync::Arc, time::Duration};

use postlogin_abi::import_name;
use postlogin_core::{Fault, HandlerInfo, HandlerKind, Location, Login, LoginInput};
use postlogin_host::{Budget, Clock, Conditions, Flow, network::Closed};
use serde_json::json;

use super::*;
use crate::{
    ActionPre, Allocation, BoundAction, Engine, Script, StackMapper, cache, infos,
    memory::verified, modules::NoModules, verify_images, witness,
};

/// An engine whose only global is 42 at the beginning. The length of a source decides what it does.
fn engine() -> String {
    let loader = import_name("loader");
    format!(
        r#"(component
  (core module $m
    (memory (export "memory") 1)
    (data (i32.const 64) "thrown")
    (global $kept (mut i32) (i32.const 42))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func (export "load") (param i32 i32 i32 i32 i32) (result i32)
      (i32.store (i32.const 32) (local.get 4))
      (if (i32.eq (local.get 4) (i32.const {LOADS}))
        (then (global.set $kept (i32.const 9))))
      (i32.const 16))
    (func (export "run") (param i32 i32 i32 i32 i32 i32) (result i32) (local $mode i32)
      (local.set $mode (i32.load (i32.const 32)))
      ;; What a login finds in the memory and the global.
      (if (i32.or (i32.ne (i32.load (i32.const 4096)) (i32.const 0)) (i32.ne (global.get $kept) (i32.const 42)))
        (then (if (i32.ne (local.get $mode) (i32.const {LOADS})) (then (unreachable)))))
      (i32.store (i32.const 4096) (i32.const 7))
      (global.set $kept (i32.const 43))
      (if (i32.eq (local.get $mode) (i32.const {TRAPS})) (then (i32.div_u (i32.const 1) (i32.const 0)) (drop)))
      (if (i32.eq (local.get $mode) (i32.const {LOOPS})) (then (loop $again (br $again))))
      (if (i32.eq (local.get $mode) (i32.const {GROWS})) (then (drop (memory.grow (i32.const 1)))))
      (if (i32.eq (local.get $mode) (i32.const {GROWS_TOO_FAR})) (then (drop (memory.grow (i32.const 4096)))))
      (if (i32.eq (local.get $mode) (i32.const {THROWS})) (then (i32.store (i32.const 16) (i32.const 1))
        (i32.store (i32.const 20) (i32.const 64)) (i32.store (i32.const 24) (i32.const 6))))
      (if (i32.eq (local.get $mode) (i32.const {THROWS_AND_KEEPS}))
        (then (i32.store (i32.const 16) (i32.const 1)) (return (i32.const 16))))
      (if (i32.eq (local.get $mode) (i32.const {KEEPS})) (then (return (i32.const 16))))
      (if (i32.ne (local.get $mode) (i32.const {GROWS})) (then (global.set $kept (i32.const 42))))
      (i32.const 16)))
  (core instance $i (instantiate $m))
  (type $kind' (enum "action" "rule" "connection"))
  (export $kind "kind" (type $kind'))
  (type $fault' (record (field "name" string) (field "message" string) (field "stack" string)))
  (export $fault "fault" (type $fault'))
  (func $load (param "kind" $kind) (param "name" string) (param "source" string) (result (result (error $fault)))
    (canon lift (core func $i "load") (memory $i "memory") (realloc (func $i "realloc"))))
  (func $run (param "trigger" string) (param "handler" string) (param "input" string)
      (result (result (error $fault)))
    (canon lift (core func $i "run") (memory $i "memory") (realloc (func $i "realloc"))))
  (instance $loader (export "load" (func $load)) (export "run" (func $run)))
  (export "{loader}" (instance $loader)))"#
    )
}

const CLEAN: usize = 1;
const KEEPS: usize = 2;
const TRAPS: usize = 3;
const LOOPS: usize = 4;
const GROWS: usize = 5;
const THROWS: usize = 6;
const THROWS_AND_KEEPS: usize = 7;
const LOADS: usize = 8;
const GROWS_TOO_FAR: usize = 9;

struct Unmapped;

impl StackMapper for Unmapped {
    fn place(&self, _: &str) -> Option<Location> {
        None
    }

    fn fault(&self, fault: Fault) -> Fault {
        fault
    }
}

fn program(engine: &Engine) -> Program {
    let bytes = wat::parse_str(self::engine()).unwrap_or_else(|error| panic!("{error}"));
    engine
        .packed_program("globals", || Ok(bytes), |_| {})
        .unwrap_or_else(|error| panic!("{error}"))
}

/// An Action of a program that does what `mode` says.
fn action(program: &Program, mode: usize) -> ActionPre {
    let script = Script {
        kind: HandlerKind::Action,
        name: "code.js".to_owned(),
        source: "x".repeat(mode).into(),
    };
    program.clone().script(script, Arc::new(Unmapped))
}

/// Runs a login, and returns the name of its fault.
fn login(action: &ActionPre) -> anyhow::Result<Option<String>> {
    let bound = [BoundAction {
        info: HandlerInfo::default(),
        action: Some(action.clone()),
        notices: Vec::new(),
    }];
    let input = LoginInput {
        event: json!({"user": {"user_id": "auth0|1"}}),
        ..LoginInput::default()
    };
    let conditions = Conditions {
        clock: Arc::new(Clock::new(0, Flow::Virtual)),
        seed: 1,
        door: Arc::new(Closed),
        budget: Budget {
            time: Duration::from_millis(100),
            ..Budget::default()
        },
    };
    let login = Login::new(input, infos(&bound));
    let ended = crate::run(&bound, login, &conditions, &mut Vec::new())?;
    Ok(ended.outcome.error.map(|error| error.name))
}

/// A login of another Action of the same engine, after each way to end.
#[test]
fn whatever_ends_a_login_leaves_nothing_in_globals() {
    verify_images();
    let engine = Engine::new(Allocation::OnDemand, None).expect("this machine runs sandboxes");
    let program = program(&engine);
    assert!(program.can_rest);
    let clean = action(&program, CLEAN);
    for (mode, fault) in [
        (CLEAN, None),
        (THROWS, Some("thrown")),
        (TRAPS, Some("Trap")),
        (LOOPS, Some("Timeout")),
        (GROWS, None),
        (GROWS_TOO_FAR, Some("OutOfMemory")),
    ] {
        let before = verified();
        let ending = action(&program, mode);
        for _ in 0..3 {
            let ended = login(&ending).expect("it runs");
            assert_eq!(ended.as_deref(), fault, "{mode}");
            assert_eq!(login(&clean).expect("it runs"), None, "after {mode}");
        }
        let after = verified();
        assert!(after.globals >= before.globals + 6, "{mode}");
        assert!(after.memories >= before.memories + 6, "{mode}");
    }
    let globals = program.globals.expect("it has one");
    assert_eq!(globals.initial.get(), Some(&vec![42]));
}

/// A value that would reach the next login is an error instead.
#[test]
fn what_is_left_in_a_global_is_found() {
    verify_images();
    let engine = Engine::new(Allocation::OnDemand, None).expect("this machine runs sandboxes");
    let program = program(&engine);
    for (mode, found) in [(KEEPS, "[2b]"), (THROWS_AND_KEEPS, "[2b]"), (LOADS, "[9]")] {
        let keeping = action(&program, mode);
        login(&keeping).expect("nothing was kept before");
        let error = login(&keeping).expect_err("something was kept").to_string();
        assert_eq!(
            error,
            format!("the globals of a sandbox were not put back: {found} instead of [2a]")
        );
        // That sandbox is gone.
        assert_eq!(login(&action(&program, CLEAN)).expect("it runs"), None);
    }
}

#[test]
fn globals_of_all_types_are_read() {
    let bytes = wat::parse_str(
        r#"(component
          (core module $m (memory (export "memory") 1)
            (global i32 (i32.const 5))
            (global (mut i64) (i64.const -2))
            (global (mut f32) (f32.const 1.5))
            (global (mut f64) (f64.const -0.0)))
          (core module $n (global (mut i32) (i32.const -1)) (func (export "f")))
          (core instance (instantiate $m))
          (core instance (instantiate $n)))"#,
    );
    let bytes = readable(&bytes.expect("it is WebAssembly")).expect("Wizer knows it");
    let engine = Engine::new(Allocation::OnDemand, None).expect("this machine runs sandboxes");
    let component = cache::compile(engine.wasmtime(), &bytes).expect("it compiles");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let found = runtime.block_on(async {
        let sandbox = witness::frozen(&witness::Witness::new(), Arc::new(NoModules));
        let mut store = Store::new(engine.wasmtime(), sandbox);
        store.set_epoch_deadline(u64::MAX / 2);
        let instance = engine
            .linker()
            .instantiate_async(&mut store, &component)
            .await
            .expect("it starts");
        read(&component, &mut store, &instance).await
    });
    let expected = [
        -2_i64 as u64,
        u64::from(1.5_f32.to_bits()),
        1 << 63,
        u64::from(u32::MAX),
    ];
    assert_eq!(found.expect("they can be read"), expected);
}
