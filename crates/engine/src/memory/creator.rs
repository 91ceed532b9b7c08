//! The memories and stacks that wasmtime asks for.

use std::{
    cell::RefCell,
    io,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use wasmtime::{
    Config, LinearMemory, MemoryCreator, MemoryType, StackCreator, StackMemory,
    component::{Instance, InstancePre},
};

use super::{
    FEW_ADDRESSES, PAGE,
    image::Image,
    region::Region,
    scan,
    system::{Reservation, address_limit, page_size},
};

/// With fewer addresses than this, in bytes, sandboxes get few of them: four sandboxes of 4 GiB each, their guards, and
/// everything else must fit.
const PLENTY: u64 = 64 << 30;

/// The size to which a sandbox's memory can grow where addresses are few, in bytes. Its code then checks each access, which costs a sixth.
const SMALL_RESERVATION: u64 = 512 << 20;

/// The size that is never mapped around a memory where addresses are few, in bytes.
const SMALL_GUARD: u64 = 64 << 10;

/// The number of regions and stacks that wait for the next sandbox.
const IDLE: usize = 8;

/// The part of a stack that stays in memory between two sandboxes, in bytes.
const STACK_KEPT: usize = 256 << 10;

thread_local! {
    /// The image for the memories of the component that this thread instantiates.
    static WANTED: RefCell<Option<Arc<Image>>> = const { RefCell::new(None) };
    /// The regions that were made for it: one, unless the component instantiates its module several times.
    static MADE: RefCell<Vec<Arc<Region>>> = const { RefCell::new(Vec::new()) };
}

/// The memories and stacks of an engine. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    idle: Arc<Idle>,
}

/// The regions and stacks that wait for the next sandbox.
#[derive(Debug, Default)]
struct Idle {
    regions: Mutex<Vec<Arc<Region>>>,
    stacks: Mutex<Vec<Reservation>>,
}

impl Memory {
    /// Returns the memory for a new engine; `None` where the kernel does not do what is needed.
    pub(crate) fn for_this_machine() -> Option<Self> {
        let own = Reservation::new(PAGE).ok()?;
        let start = own.at(0).addr();
        let is_usable = page_size() == Some(PAGE) && scan::written(start..start + PAGE).is_ok();
        is_usable.then(Self::default)
    }

    /// Has an engine take its memories and stacks from here.
    pub(crate) fn configure(&self, config: &mut Config) {
        config.with_host_memory(Arc::new(Memories(Arc::clone(&self.idle))));
        config.with_host_stack(Arc::new(Stacks(Arc::clone(&self.idle))));
        // Memories have their content when they are made, and wasmtime could not map its own over them.
        config.memory_init_cow(false);
        restrict_addresses(config);
    }
}

/// Makes an engine get along with few addresses where the process may not have more (`ulimit -v`).
pub(crate) fn restrict_addresses(config: &mut Config) {
    if address_limit().is_some_and(|limit| limit < PLENTY) {
        config.memory_reservation(SMALL_RESERVATION);
        config.memory_guard_size(SMALL_GUARD);
        config.memory_reservation_for_growth(0);
        config.memory_may_move(false);
    }
}

/// Makes an instance whose memory is what the image says. Returns it with its memory, if that is one and has an image.
///
/// # Errors
/// When the instance cannot be made.
pub(crate) async fn instantiate_with<T: Send + 'static>(
    image: Option<&Arc<Image>>,
    pre: &InstancePre<T>,
    store: &mut wasmtime::Store<T>,
) -> wasmtime::Result<(Instance, Option<Arc<Region>>)> {
    /// Nothing that comes later on this thread must get the image.
    struct Cleared;
    impl Drop for Cleared {
        fn drop(&mut self) {
            WANTED.take();
            MADE.take();
        }
    }
    let cleared = Cleared;
    WANTED.set(image.cloned());
    let instance = pre.instantiate_async(store).await?;
    let made: Result<[_; 1], _> = MADE.take().try_into();
    drop(cleared);
    Ok((instance, made.ok().map(|[region]| region)))
}

#[derive(Debug)]
struct Memories(Arc<Idle>);

#[expect(unsafe_code, reason = "wasmtime trusts what it gets from here")]
// SAFETY: a memory that is made here has at least the size that is asked for, lies at the beginning of a reservation of as many
// bytes as are asked for with the guard behind it, and never moves. wasmtime's documentation asks for zeros; a memory with an
// image has that instead, which is what the segments would have written that were taken out of its module (see `strip`).
unsafe impl MemoryCreator for Memories {
    fn new_memory(
        &self,
        _: MemoryType,
        minimum: usize,
        _: Option<usize>,
        reserved: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        let capacity = reserved.unwrap_or_default().max(minimum);
        // An image is for the memory of the module that it was taken out of, and `strip` leaves only components with one.
        let wanted = WANTED.with_borrow(|wanted| wanted.clone());
        let made = match wanted {
            Some(image) => self.imaged(&image, minimum, capacity, guard),
            None => Plain::new(minimum, capacity, guard),
        };
        made.map_err(|error| {
            let size = capacity >> 20;
            format!("{FEW_ADDRESSES} of {size} MiB: {error}")
        })
    }
}

impl Memories {
    fn imaged(
        &self,
        image: &Arc<Image>,
        minimum: usize,
        capacity: usize,
        guard: usize,
    ) -> io::Result<Box<dyn LinearMemory>> {
        if image.len() < minimum {
            return Err(io::Error::other("the image is of another component"));
        }
        let region = match self.0.take_region(image) {
            Some(region) => region,
            None => Arc::new(Region::new(image.mapped(), capacity, guard)?),
        };
        region.resize(image)?;
        #[expect(unsafe_code, reason = "the region is in nobody's use")]
        // SAFETY: a region that waits is no instance's, and wasmtime gets this one only afterwards.
        unsafe {
            region.put_back(image)?;
        }
        MADE.with_borrow_mut(|made| made.push(Arc::clone(&region)));
        Ok(Box::new(Imaged {
            region,
            idle: Arc::clone(&self.0),
        }))
    }
}

impl Idle {
    /// Returns a region that is mapped to the files of this image.
    fn take_region(&self, image: &Image) -> Option<Arc<Region>> {
        let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        // The last one was used last: this thread likely knows what is written there.
        let at = regions.iter().rposition(|region| region.fits(image))?;
        Some(regions.remove(at))
    }

    fn give_region(&self, region: Arc<Region>) {
        let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        regions.push(region);
        if regions.len() > IDLE {
            regions.remove(0);
        }
    }
}

/// A memory with an image.
struct Imaged {
    region: Arc<Region>,
    idle: Arc<Idle>,
}

#[expect(unsafe_code, reason = "wasmtime trusts what it gets from here")]
// SAFETY: the address is that of a region which this value holds and which never moves; `byte_size` bytes of it are readable
// and writable.
unsafe impl LinearMemory for Imaged {
    fn byte_size(&self) -> usize {
        self.region.size()
    }

    fn byte_capacity(&self) -> usize {
        self.region.capacity()
    }

    fn grow_to(&mut self, size: usize) -> wasmtime::Result<()> {
        Ok(self.region.grow(size)?)
    }

    fn as_ptr(&self) -> *mut u8 {
        self.region.start()
    }
}

impl Drop for Imaged {
    fn drop(&mut self) {
        self.region.rest();
        self.region.shrink();
        self.idle.give_region(Arc::clone(&self.region));
    }
}

/// A memory of zeros, for components whose data wasmtime writes.
struct Plain {
    reservation: Reservation,
    guard: usize,
    size: usize,
    capacity: usize,
}

impl Plain {
    #[expect(clippy::new_ret_no_self, reason = "wasmtime wants a trait object")]
    fn new(size: usize, capacity: usize, guard: usize) -> io::Result<Box<dyn LinearMemory>> {
        let reservation = Reservation::new(guard + capacity + guard)?;
        // Sizes of memories with pages of one byte are no multiples of the kernel's.
        reservation.open(guard..guard + size.next_multiple_of(PAGE))?;
        Ok(Box::new(Self {
            reservation,
            guard,
            size,
            capacity,
        }))
    }
}

#[expect(unsafe_code, reason = "wasmtime trusts what it gets from here")]
// SAFETY: as for `Imaged`.
unsafe impl LinearMemory for Plain {
    fn byte_size(&self) -> usize {
        self.size
    }

    fn byte_capacity(&self) -> usize {
        self.capacity
    }

    fn grow_to(&mut self, size: usize) -> wasmtime::Result<()> {
        if size > self.capacity {
            wasmtime::bail!("the memory cannot have this size");
        }
        let end = size.next_multiple_of(PAGE);
        self.reservation.open(self.guard..self.guard + end)?;
        self.size = size;
        Ok(())
    }

    fn as_ptr(&self) -> *mut u8 {
        self.reservation.at(self.guard)
    }
}

#[derive(Debug)]
struct Stacks(Arc<Idle>);

#[expect(unsafe_code, reason = "wasmtime trusts what it gets from here")]
// SAFETY: a stack is memory of its own with a page below it that faults.
unsafe impl StackCreator for Stacks {
    fn new_stack(&self, size: usize, _: bool) -> wasmtime::Result<Box<dyn StackMemory>> {
        let size = size.next_multiple_of(PAGE);
        let waiting = self
            .0
            .stacks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let memory = match waiting {
            // All stacks of an engine have the same size.
            Some(memory) => memory,
            None => {
                let memory = Reservation::new(PAGE + size)?;
                memory.open(PAGE..PAGE + size)?;
                memory
            }
        };
        Ok(Box::new(Stack {
            memory: Some(memory),
            size,
            idle: Arc::clone(&self.0),
        }))
    }
}

/// A stack: a page that faults, and what is used above it.
struct Stack {
    /// There until it is dropped.
    memory: Option<Reservation>,
    size: usize,
    idle: Arc<Idle>,
}

impl Stack {
    fn at(&self, offset: usize) -> *mut u8 {
        let memory = self.memory.as_ref();
        memory.map_or(std::ptr::null_mut(), |memory| memory.at(offset))
    }
}

#[expect(unsafe_code, reason = "wasmtime trusts what it gets from here")]
// SAFETY: the ranges are those of the reservation that this value holds until it is dropped.
unsafe impl StackMemory for Stack {
    fn top(&self) -> *mut u8 {
        self.at(PAGE + self.size)
    }

    fn range(&self) -> Range<usize> {
        self.at(PAGE).addr()..self.top().addr()
    }

    fn guard_range(&self) -> Range<*mut u8> {
        self.at(0)..self.at(PAGE)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        let Some(memory) = self.memory.take() else {
            return;
        };
        // What a deep recursion wrote is given back.
        let kept = self.size.min(STACK_KEPT);
        if memory.forget(PAGE..PAGE + self.size - kept).is_err() {
            return;
        }
        let mut stacks = self
            .idle
            .stacks
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if stacks.len() < IDLE {
            stacks.push(memory);
        }
    }
}
