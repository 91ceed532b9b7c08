//! The one place that decides how WebAssembly is compiled and run.

use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::memory::Memory;

/// The number of sandboxes. Where memory is our own (`memory`), it is the number that wait for their next login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allocation {
    /// One after the other. Cheapest for a handful of logins.
    OnDemand,
    /// Several at once, again and again. Cheapest for thousands of logins.
    Pooling {
        /// The most sandboxes that may be alive at once.
        sandboxes: u32,
    },
}

/// The part of a linear memory that a pooled slot keeps mapped between two logins, in bytes.
const KEEP_RESIDENT: usize = 16 << 20;

/// The native stack of WebAssembly, in bytes. The JavaScript engine throws its `RangeError` where V8 does, at
/// about 11,000 simple calls; this must be enough for them, or the sandbox traps before. Pages that are never touched
/// take no memory.
const WASM_STACK: usize = 24 << 20;

/// Host functions run on the same stack, above what WebAssembly may use.
const FIBER_STACK: usize = WASM_STACK + (1 << 20);

/// The settings for compiling and running Actions. Everything that changes the generated code is part of the hash
/// in the cache's file names, so a change here never meets old machine code. Without a `memory` of ours, sandboxes get
/// wasmtime's own.
pub(crate) fn configuration(allocation: Allocation, memory: Option<&Memory>) -> Config {
    let mut config = Config::new();
    // Actions are components.
    config.wasm_component_model(true);
    // The watchdog: a ticker raises the epoch, and guest code looks at it on every loop and call. Counting
    // instructions instead would cost about twice as much.
    config.epoch_interruption(true);
    // The bits of a NaN differ between processors; an outcome must not.
    config.cranelift_nan_canonicalization(true);
    // Nothing that depends on timing or on the processor.
    config.wasm_relaxed_simd(false);
    // A guest's trap is explained by its own stack in JavaScript; frames of the engine help nobody and cost time.
    config.wasm_backtrace_max_frames(None);
    config.generate_address_map(false);
    without_unwind_tables(&mut config);
    // Each login is one call at a time.
    config.concurrency_support(false);
    config.max_wasm_stack(WASM_STACK);
    config.async_stack_size(FIBER_STACK);
    if let Some(memory) = memory {
        memory.configure(&mut config);
        return config;
    }
    // A fresh sandbox maps the initialised memory of the engine copy-on-write.
    config.memory_init_cow(true);
    // The engine's image ends at 39 MiB, of which 29 MiB are mostly non-zero data.
    config.memory_guaranteed_dense_image_size(64 << 20);
    if let Allocation::Pooling { sandboxes } = allocation {
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(sandboxes)));
    }
    config
}

/// Leaves out the tables that only other programs' stack walkers read: wasmtime itself follows frame pointers. Static programs have LLVM's
/// unwinder, which is told of each of the engine's 10,000 functions and, when the process ends, searches all of them for each: 50 ms.
pub(crate) fn without_unwind_tables(config: &mut Config) {
    // Windows requires them.
    if !cfg!(windows) {
        config.native_unwind_info(false);
    }
}

fn pool(sandboxes: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    // A component holds the guest's module and the adapters that its toolchain adds.
    pool.total_component_instances(sandboxes)
        .total_core_instances(sandboxes.saturating_mul(8))
        .total_memories(sandboxes.saturating_mul(2))
        .total_tables(sandboxes.saturating_mul(8))
        .total_stacks(sandboxes)
        .max_component_instance_size(4 << 20)
        .max_core_instance_size(4 << 20)
        .table_elements(100_000)
        // The limiter of each login is stricter; this only reserves address space.
        .max_memory_size(4 << 30)
        // Pages that a login wrote are restored in place; the kernel reports which (Linux 6.7), else all are looked at.
        .pagemap_scan(Enabled::Auto)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(1 << 20)
        .async_stack_keep_resident(256 << 10);
    pool
}
