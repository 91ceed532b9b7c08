//! Components that are compiled once and kept.

use std::{
    fs,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use super::*;

#[test]
fn of_many_that_need_a_component_one_compiles_it() {
    let folder = std::env::temp_dir().join(format!("postlogin-find-{}", std::process::id()));
    let bytes = wasm_encoder::Component::new().finish();
    let (compiled, waited) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let engine =
                    wasmtime::Engine::new(&configuration(Allocation::OnDemand, None)).unwrap();
                let file = folder.join(cache::file_name(&engine, &bytes));
                let waiting = &mut |told: CompileNotice| {
                    // On a busy machine it lasts.
                    if matches!(told, CompileNotice::Continues { .. }) {
                        return;
                    }
                    let folder = folder.clone();
                    assert_eq!(told, CompileNotice::Waiting { folder });
                    waited.fetch_add(1, Ordering::SeqCst);
                };
                let (found, _lock) = find(&engine, Some(&file), waiting);
                if let Found::Nothing(reason) = found {
                    assert_eq!(reason, None);
                    compiled.fetch_add(1, Ordering::SeqCst);
                    let component = cache::compile(&engine, &bytes).unwrap();
                    // Long enough for the others to come.
                    thread::sleep(std::time::Duration::from_millis(300));
                    cache::store(&component, &file).unwrap();
                }
            });
        }
    });
    assert_eq!(compiled.load(Ordering::SeqCst), 1);
    assert!(waited.load(Ordering::SeqCst) <= 5);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
#[cfg(unix)]
fn a_folder_that_others_may_write_to_is_neither_read_nor_written() {
    use std::os::unix::fs::PermissionsExt;
    let folder = std::env::temp_dir().join(format!("postlogin-open-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let bytes = wasm_encoder::Component::new().finish();
    let engine = wasmtime::Engine::new(&configuration(Allocation::OnDemand, None)).unwrap();
    let component = cache::compile(&engine, &bytes).unwrap();
    let file = folder.join(cache::file_name(&engine, &bytes));
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    cache::store(&component, &file).unwrap();
    let load = || find(&engine, Some(&file), &mut |_| {}).0;
    assert!(matches!(load(), Found::Component(_)));
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    let Found::Nothing(Some(reason)) = load() else {
        panic!("machine code of others was loaded")
    };
    assert!(reason.contains("other users may write to it"), "{reason}");
    assert_eq!(
        cache::store(&component, &folder.join("new.cwasm")),
        Err(reason)
    );
    assert!(!folder.join("new.cwasm").exists());
    fs::remove_dir_all(folder).unwrap();
}
