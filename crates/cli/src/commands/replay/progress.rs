//! The progress and the speed of a replay.

use std::{
    io::{IsTerminal as _, stderr},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use postlogin_runner::replay::{Done, Progress};

use crate::printer::{Printer, raw};

/// Progress on a terminal: one line that is written again and again.
pub(super) struct Teller<'a> {
    position: &'a AtomicU64,
    size: Option<u64>,
    began: Instant,
    printed: Option<Instant>,
    last: Progress,
    is_terminal: bool,
}

impl<'a> Teller<'a> {
    pub(super) fn new(position: &'a AtomicU64, size: Option<u64>) -> Self {
        Self {
            position,
            size,
            began: Instant::now(),
            printed: None,
            last: Progress::default(),
            is_terminal: stderr().is_terminal(),
        }
    }

    pub(super) fn tell(&mut self, progress: Progress) {
        self.last = progress;
        let is_due = self
            .printed
            .is_none_or(|printed| printed.elapsed() >= Duration::from_millis(500));
        if !self.is_terminal || !is_due {
            return;
        }
        self.printed = Some(Instant::now());
        let rate = self.rate();
        let position = self.position.load(Ordering::Relaxed);
        let share = self
            .size
            .filter(|size| *size > 0)
            .map(|size| position.min(size) * 100 / size);
        let left = share.filter(|share| (1..100).contains(share)).map(|share| {
            let elapsed = self.began.elapsed().as_secs();
            format!(", about {} s left", elapsed * (100 - share) / share)
        });
        let share = share
            .map(|share| format!("{share} %, "))
            .unwrap_or_default();
        let line = format!(
            "\r\x1b[K{share}{} users, {rate} a second{}",
            progress.users,
            left.unwrap_or_default()
        );
        raw(&line);
    }

    fn rate(&self) -> u64 {
        self.rate_of(self.last.users - self.last.done_before)
    }

    fn rate_of(&self, ran: u64) -> u64 {
        ran.saturating_mul(1000)
            / u64::try_from(self.began.elapsed().as_millis())
                .unwrap_or(u64::MAX)
                .max(1)
    }

    pub(super) fn end(&self) {
        if self.is_terminal && self.printed.is_some() {
            raw("\r\x1b[K");
        }
    }
}

/// Says how fast it was. This is no part of the report, which is the same for each run.
pub(super) fn tell_speed(done: &Done, progress: &Teller<'_>, printer: &Printer) {
    // Lines that are not users do not log in.
    let ran = done.micros.count();
    if ran == 0 {
        return;
    }
    printer.note(&format!(
        "{ran} {}, {} a second; a user takes {} µs (p50), {} µs (p99)",
        if ran == 1 { "user" } else { "users" },
        progress.rate_of(ran),
        done.micros.percentile(50),
        done.micros.percentile(99)
    ));
}
