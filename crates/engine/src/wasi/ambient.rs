//! Time and randomness as the case gives them.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use postlogin_host::Conditions;
use rand_chacha::{
    ChaCha12Rng,
    rand_core::{SeedableRng, TryRng},
};
use sha2::{Digest, Sha256};
use wasmtime_wasi::{
    HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxBuilder, p2::pipe::MemoryOutputPipe,
};

use crate::sandbox::Waits;

/// The WASI state of one sandbox. `stream` distinguishes the sandboxes of a login, so that each has its own randomness.
pub(crate) fn context(
    conditions: &Conditions,
    stream: u64,
    waits: Arc<Waits>,
    stderr: MemoryOutputPipe,
) -> WasiCtx {
    let random = |purpose| ChaCha12Rng::from_seed(seed(conditions.seed, stream, purpose));
    base(stderr)
        .wall_clock(CaseClock(Arc::clone(&waits)))
        .monotonic_clock(CaseClock(waits))
        .secure_random(random(b"secure"))
        .insecure_random(random(b"insecure"))
        .insecure_random_seed(insecure_seed(conditions.seed, stream))
        .build()
}

/// The WASI state of a sandbox that is frozen: `touched` says whether anything asked for the time or for chance.
pub(crate) fn frozen_context(touched: &Arc<AtomicBool>, stderr: MemoryOutputPipe) -> WasiCtx {
    let clock = || Witness(Arc::clone(touched));
    let random = || {
        let chance = ChaCha12Rng::from_seed(seed(0, 0, b"frozen"));
        WitnessedRandom(chance, Arc::clone(touched))
    };
    base(stderr)
        .wall_clock(clock())
        .monotonic_clock(clock())
        .secure_random(random())
        .insecure_random(random())
        .insecure_random_seed(insecure_seed(0, 0))
        .build()
}

fn base(stderr: MemoryOutputPipe) -> WasiCtxBuilder {
    let mut builder = WasiCtxBuilder::new();
    builder.stderr(stderr).allow_tcp(false).allow_udp(false);
    builder
}

fn insecure_seed(case: u64, stream: u64) -> u128 {
    let seed = seed(case, stream, b"insecure-seed");
    u128::from_le_bytes(std::array::from_fn(|index| seed[index]))
}

/// Time that stands still, and a note that it was asked for.
struct Witness(Arc<AtomicBool>);

impl HostWallClock for Witness {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        self.0.store(true, Ordering::Relaxed);
        Duration::ZERO
    }
}

impl HostMonotonicClock for Witness {
    fn resolution(&self) -> u64 {
        1_000
    }

    fn now(&self) -> u64 {
        self.0.store(true, Ordering::Relaxed);
        0
    }
}

/// Chance, and a note that it was asked for.
struct WitnessedRandom(ChaCha12Rng, Arc<AtomicBool>);

impl WitnessedRandom {
    fn noted(&mut self) -> &mut ChaCha12Rng {
        self.1.store(true, Ordering::Relaxed);
        &mut self.0
    }
}

impl TryRng for WitnessedRandom {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.noted().try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.noted().try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.noted().try_fill_bytes(bytes)
    }
}

fn seed(case: u64, stream: u64, purpose: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(case.to_le_bytes());
    hasher.update(stream.to_le_bytes());
    hasher.update(purpose);
    hasher.finalize().into()
}

struct CaseClock(Arc<Waits>);

impl HostWallClock for CaseClock {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        self.0.sync();
        self.0.clock.now()
    }
}

impl HostMonotonicClock for CaseClock {
    fn resolution(&self) -> u64 {
        1_000
    }

    fn now(&self) -> u64 {
        self.0.sync();
        u64::try_from(self.0.clock.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}
