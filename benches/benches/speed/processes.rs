//! Whole processes, from their start to their end.

use std::{fs, path::Path, process::Command};

use postlogin_benches::computing_of;

use crate::{
    ACTION,
    numbers::{computing, line, median, run},
};

/// The number of processes that one measurement of computing starts: the kernel counts it in microseconds, bash prints milliseconds.
const BATCH: u32 = 8;

pub(crate) fn measure(postlogin: &Path, scratch: &Path, rounds: usize) -> anyhow::Result<()> {
    println!("whole processes, {rounds} rounds, alternating, milliseconds");
    let edited = scratch.join("edited.js");
    let text = fs::read_to_string(ACTION)?;
    let (mut node, mut unchanged, mut after_edit) = (Vec::new(), Vec::new(), Vec::new());
    let mut peak = 0;
    // Fills the caches.
    run(Command::new(postlogin).args(["run", ACTION]))?;
    for round in 0..rounds {
        node.push(run(Command::new("node").args(["-e", "0"]))?);
        unchanged.push(run(Command::new(postlogin).args(["run", ACTION]))?);
        fs::write(&edited, format!("{text}// edit {round}\n"))?;
        after_edit.push(run(Command::new(postlogin).arg("run").arg(&edited))?);
        peak = peak.max(peak_memory(postlogin)?);
    }
    let base = median(&node);
    line("node -e 0", &node, base, 1e3);
    line("postlogin run, unchanged Action", &unchanged, base, 1e3);
    line("postlogin run, after an edit", &after_edit, base, 1e3);
    let mut times = vec![Vec::new(), Vec::new()];
    for _ in 0..(rounds / 3).max(3) {
        times[0].push(computing_of("node", &["-e", "0"], &[], BATCH)?);
        let program = postlogin.to_string_lossy();
        times[1].push(computing_of(&program, &["run", ACTION], &[], BATCH)?);
    }
    computing(&["node -e 0", "postlogin run, goal 0.09"], &times);
    println!(
        "  peak memory of postlogin run: {:.1} MiB\n",
        peak as f64 / f64::from(1 << 10)
    );
    Ok(())
}

/// Kibibytes of resident memory at the highest, as the kernel counts them; 0 where it does not report them.
fn peak_memory(postlogin: &Path) -> anyhow::Result<u64> {
    let timed = Command::new("/usr/bin/time")
        .args(["-f", "%M"])
        .arg(postlogin)
        .args(["run", ACTION])
        .output();
    let Ok(output) = timed else { return Ok(0) };
    Ok(String::from_utf8_lossy(&output.stderr)
        .lines()
        .last()
        .unwrap_or_default()
        .trim()
        .parse()
        .unwrap_or(0))
}
