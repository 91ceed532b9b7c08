//! Packs the heap before a snapshot, so that a login touches few pages. Compiled into the engine, see xtask.
//!
//! Starting the engine leaves holes all over its memory. Every page that a login writes costs a fault and a copy, and
//! small objects that land in old holes touch a page each. So the holes are filled, once, and what a login allocates
//! lies close together behind them.

use rquickjs::qjs;
use std::alloc::{Layout, alloc, dealloc};

/// QuickJS's own arenas, in bytes of their blocks, without the eight bytes before each.
const BLOCKS: [usize; 31] = [
    8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120, 136, 152, 168, 184, 200, 216, 232, 248, 280, 312, 344,
    376, 408, 440, 472, 504,
];

unsafe extern "C" {
    /// Ends the counting of references to all that is alive, see freeze.c.
    fn JS_FreezeHeap(runtime: *mut qjs::JSRuntime);
}

/// Freezes what is alive and fills the holes of the allocator and of QuickJS's arenas.
pub fn pack(ctx: &rquickjs::Ctx<'_>) {
    unsafe { JS_FreezeHeap(qjs::JS_GetRuntime(ctx.as_raw().as_ptr())) };
    fill_allocator();
    for size in BLOCKS {
        fill_arenas(ctx, size);
    }
}

fn fill_allocator() {
    // What does not fit into any hole comes from new memory, behind them all.
    const PAGE: usize = 64 << 10;
    let end = (core::arch::wasm32::memory_size(0) * PAGE) as *mut u8;
    let mut size = 1 << 20;
    while size >= 16 {
        loop {
            let (block, layout) = allocate(size);
            if block >= end || block.is_null() {
                unsafe { dealloc(block, layout) };
                break;
            }
        }
        size -= (size / 8).max(8);
    }
}

fn allocate(size: usize) -> (*mut u8, Layout) {
    let layout = Layout::from_size_align(size, 8).expect("a small power of two");
    (unsafe { alloc(layout) }, layout)
}

/// Takes blocks until a fresh arena is begun, which shows by blocks that follow each other, and gives those back.
fn fill_arenas(ctx: &rquickjs::Ctx<'_>, size: usize) {
    const RUN: usize = 6;
    let raw = ctx.as_raw().as_ptr();
    let mut run: Vec<usize> = Vec::with_capacity(RUN);
    for _ in 0..100_000 {
        let block = unsafe { qjs::js_malloc(raw, size as _) } as usize;
        if run.last().is_some_and(|last| block != last + size + 8) {
            run.clear();
        }
        run.push(block);
        if run.len() == RUN {
            break;
        }
    }
    for block in run.into_iter().rev() {
        unsafe { qjs::js_free(raw, block as *mut _) };
    }
}
