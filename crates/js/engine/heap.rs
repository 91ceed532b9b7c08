//! The engine's memory: one heap for what the engine starts with, another one for what a login allocates.
//! Compiled into the engine, see xtask.
//!
//! A login runs on a copy-on-write image of the started engine. Each page that it writes costs a fault and a copy, and
//! the first heap has free places all over. So when the image is taken, that heap is closed: whatever stands in
//! it stays, and all that comes later lies close together behind it.

use core::arch::wasm32::{memory_grow, memory_size};
use dlmalloc::{Allocator, Dlmalloc};
use rquickjs::qjs;
use std::ptr::{addr_of_mut, null_mut, write_bytes};

/// The room of the open heap, in bytes: most logins allocate less. Growing the memory is a call to the system, and what a pooled
/// sandbox grew by is given back after each login.
const RESERVE: usize = 512 << 10;

unsafe extern "C" {
    /// Makes room in the tables of the runtime, see freeze.c.
    fn JS_ReserveTables(runtime: *mut qjs::JSRuntime);
    /// Ends the counting of references to all that is alive, see freeze.c. `used` is what the heap holds from now on, in bytes.
    fn JS_FreezeHeap(runtime: *mut qjs::JSRuntime, end: *mut u8, used: *const usize);
}

static mut HEAP: Dlmalloc<Memory> = Dlmalloc::new_with_allocator(Memory);
/// Blocks below this address belong to closed heaps.
static mut CLOSED_BELOW: *mut u8 = null_mut();
/// The bytes of all blocks of the open heap. The collector of cycles has to know it: most bytes of a request or an answer are in
/// buffers that QuickJS does not count, and garbage may keep them.
static mut USED: usize = 0;

/// The unit in which memory grows, in bytes.
const PAGE: usize = 64 << 10;
/// The first heap does not reach beyond so many pages.
const MOST_PAGES: usize = 1024;
/// The number of blocks of the first heap on each page.
static mut LIVE: [u16; MOST_PAGES] = [0; MOST_PAGES];
/// The bytes of the first heap after its last block; the next heap gets them before the memory grows.
static mut REST: (usize, usize) = (0, 0);

/// Where heaps get their memory.
struct Memory;

unsafe impl Allocator for Memory {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        let (start, length) = unsafe { *addr_of_mut!(REST) };
        if size <= length {
            unsafe { *addr_of_mut!(REST) = (0, 0) };
            return (start as *mut u8, length, 0);
        }
        let pages = size.div_ceil(PAGE);
        match memory_grow(0, pages) {
            usize::MAX => (null_mut(), 0, 0),
            before => ((before * PAGE) as *mut u8, pages * PAGE, 0),
        }
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        null_mut()
    }

    fn free_part(&self, _: *mut u8, _: usize, _: usize) -> bool {
        false
    }

    fn free(&self, _: *mut u8, _: usize) -> bool {
        false
    }

    fn can_release_part(&self, _: u32) -> bool {
        false
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        PAGE
    }
}

/// Counts a block of the first heap, or one fewer.
unsafe fn count(allocation: *mut u8, size: usize, is_new: bool) {
    let pages = allocation as usize / PAGE..=(allocation as usize + size - 1) / PAGE;
    let live = unsafe { &mut *addr_of_mut!(LIVE) };
    for page in pages {
        live[page] = if is_new { live[page] + 1 } else { live[page] - 1 };
    }
}

/// Closes the heap, with all that is alive in it frozen, and opens another one.
pub fn close(ctx: &rquickjs::Ctx<'_>) {
    unsafe {
        let runtime = qjs::JS_GetRuntime(ctx.as_raw().as_ptr());
        JS_ReserveTables(runtime);
        clear_stack();
        let live = &*addr_of_mut!(LIVE);
        let end = memory_size(0) * PAGE;
        let rest = live.iter().rposition(|blocks| *blocks > 0).map_or(end, |last| (last + 1) * PAGE);
        write_bytes(rest as *mut u8, 0, end - rest);
        *addr_of_mut!(REST) = (rest, end - rest);
        *addr_of_mut!(LIVE) = [0; MOST_PAGES];
        let heap = addr_of_mut!(HEAP);
        *heap = Dlmalloc::new_with_allocator(Memory);
        CLOSED_BELOW = rest as *mut u8;
        USED = 0;
        let reserve = malloc(RESERVE);
        JS_FreezeHeap(runtime, reserve.sub(HEADER), &raw const USED);
        // Only now: it is the first block of the new heap.
        free(reserve);
    }
}

/// Clears what calls that have returned left on the stack, which begins at address zero and grows downwards.
#[inline(never)]
unsafe fn clear_stack() {
    /// The bytes that the calls from here on may take.
    const NEAR: usize = 4 << 10;
    /// The greatest depth of the start of the engine.
    const DEEP: usize = 1 << 20;
    let here = 0_u8;
    let end = std::hint::black_box(&raw const here) as usize - NEAR;
    let start = end.saturating_sub(DEEP).max(1);
    unsafe { write_bytes(start as *mut u8, 0, end - start) };
}

/// Stands before each block: its size, and how far before it the allocation begins.
#[repr(C)]
struct Header {
    size: usize,
    offset: usize,
}

const HEADER: usize = size_of::<Header>();

unsafe fn header(block: *mut u8) -> *mut Header {
    unsafe { block.cast::<Header>().sub(1) }
}

unsafe fn allocate(align: usize, size: usize) -> *mut u8 {
    let offset = align.max(HEADER);
    let Some(whole) = size.checked_add(offset) else { return null_mut() };
    unsafe {
        let allocation = (*addr_of_mut!(HEAP)).malloc(whole, offset);
        if allocation.is_null() {
            return null_mut();
        }
        if CLOSED_BELOW.is_null() {
            count(allocation, whole, true);
        }
        USED += whole;
        let block = allocation.add(offset);
        *header(block) = Header { size, offset };
        block
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn malloc(size: usize) -> *mut u8 {
    unsafe { allocate(HEADER, size) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn calloc(count: usize, size: usize) -> *mut u8 {
    let Some(size) = count.checked_mul(size) else { return null_mut() };
    unsafe {
        let block = malloc(size);
        if !block.is_null() {
            write_bytes(block, 0, size);
        }
        block
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn free(block: *mut u8) {
    unsafe {
        if block.is_null() || block < CLOSED_BELOW {
            return;
        }
        let Header { size, offset } = *header(block);
        if CLOSED_BELOW.is_null() {
            // What is free when the image is taken is no part of it.
            write_bytes(block, 0, size);
            count(block.sub(offset), size + offset, false);
        }
        USED -= size + offset;
        (*addr_of_mut!(HEAP)).free(block.sub(offset), size + offset, offset);
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn realloc(block: *mut u8, size: usize) -> *mut u8 {
    unsafe {
        if block.is_null() {
            return malloc(size);
        }
        let Header { size: old, offset } = *header(block);
        if block < CLOSED_BELOW || offset != HEADER || CLOSED_BELOW.is_null() {
            if size <= old {
                return block;
            }
            let moved = malloc(size);
            if !moved.is_null() {
                moved.copy_from_nonoverlapping(block, old);
                free(block);
            }
            return moved;
        }
        let Some(whole) = size.checked_add(HEADER) else { return null_mut() };
        let heap = addr_of_mut!(HEAP);
        let allocation = (*heap).realloc(block.sub(HEADER), old + HEADER, HEADER, whole);
        if allocation.is_null() {
            return null_mut();
        }
        USED = USED - old + size;
        let block = allocation.add(HEADER);
        (*header(block)).size = size;
        block
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn aligned_alloc(align: usize, size: usize) -> *mut u8 {
    unsafe { allocate(align, size) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn posix_memalign(block: *mut *mut u8, align: usize, size: usize) -> i32 {
    const ENOMEM: i32 = 48;
    unsafe {
        *block = allocate(align, size);
        if (*block).is_null() { ENOMEM } else { 0 }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn malloc_usable_size(block: *mut u8) -> usize {
    if block.is_null() { 0 } else { unsafe { (*header(block)).size } }
}

/// What the C library itself calls, lest it bring a heap of its own.
#[unsafe(no_mangle)]
unsafe extern "C" fn __libc_malloc(size: usize) -> *mut u8 {
    unsafe { malloc(size) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn __libc_calloc(count: usize, size: usize) -> *mut u8 {
    unsafe { calloc(count, size) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn __libc_free(block: *mut u8) {
    unsafe { free(block) }
}
