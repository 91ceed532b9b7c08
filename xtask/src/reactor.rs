//! The changes in wstd, the executor inside of the engine.

use std::{fs, path::Path};

use anyhow::Context;

use crate::quickjs::replace;

/// The crate of the executor.
pub(crate) const CRATE: &str = "wstd";

/// Changes the copy of the crate in `work`.
///
/// An export of the engine ends when its own task has ended; requests and timers that are still pending do not keep it.
/// They stay with the executor, which the next call of an export continues: Rules share a sandbox.
pub(crate) fn patch(work: &Path) -> anyhow::Result<()> {
    let file = work.join(CRATE).join("src/runtime/block_on.rs");
    let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let text = replace(
        &text,
        "    // Construct the reactor
    let reactor = Reactor::new();
",
        1,
        |_| {
            "    // Continue the reactor of the call before, if something is pending in it
    let reactor = PENDING.take().unwrap_or_else(Reactor::new);
"
            .to_owned()
        },
    )?;
    let text = replace(
        &text,
        "    loop {
        match reactor.pop_ready_list() {
",
        1,
        |_| {
            "    loop {
        if root_task.is_finished() {
            break;
        }
        match reactor.pop_ready_list() {
"
            .to_owned()
        },
    )?;
    let text = replace(
        &text,
        "    // Clear the singleton
    REACTOR.replace(None);
",
        1,
        |found| {
            format!(
                "    if !(reactor.pending_pollables_is_empty() && reactor.ready_list_is_empty()) {{
        PENDING.replace(Some(reactor.clone()));
    }}
{found}"
            )
        },
    )?;
    let text = replace(&text, "use std::future::Future;\n", 1, |found| {
        format!("use std::cell::RefCell;\n{found}")
    })?;
    let text = format!(
        "{text}
thread_local! {{
    static PENDING: RefCell<Option<Reactor>> = const {{ RefCell::new(None) }};
}}
"
    );
    fs::write(&file, text)?;
    Ok(())
}
