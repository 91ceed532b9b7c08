//! Memories that are written to, put back, captured and grown.

use std::{sync::Arc, thread};

use super::{Image, PAGE, Region, delta};

const PAGES: usize = 64;
const GUARD: usize = 16 * PAGE;

/// Every page begins with its number.
fn image() -> Image {
    let mut bytes = vec![0; PAGES * PAGE];
    for (page, content) in bytes.chunks_mut(PAGE).enumerate().skip(1) {
        content[0] = u8::try_from(page).expect("few pages");
    }
    Image::of_bytes(&bytes).expect("memory")
}

fn region(image: &Image) -> Region {
    Region::new(image.mapped(), 4 * PAGES * PAGE, GUARD).expect("addresses")
}

#[expect(unsafe_code, reason = "a test writes to its own memory")]
fn write(region: &Region, page: usize, byte: u8) {
    assert!((page + 1) * PAGE <= region.size());
    // SAFETY: within the memory, which is the test's own.
    unsafe { region.start().add(page * PAGE + 9).write(byte) };
}

#[expect(unsafe_code, reason = "a test reads its own memory")]
fn read(region: &Region, page: usize) -> (u8, u8) {
    assert!((page + 1) * PAGE <= region.size());
    let start = region.start().wrapping_add(page * PAGE);
    // SAFETY: within the memory, which is the test's own.
    unsafe { (start.read(), start.add(9).read()) }
}

#[expect(unsafe_code, reason = "a test has its memory to itself")]
fn put_back(region: &Region, image: &Image) {
    super::verify_images();
    // SAFETY: the memory is the test's own.
    unsafe { region.put_back(image) }.expect("Linux tells what was written");
}

#[expect(unsafe_code, reason = "a test has its memory to itself")]
fn capture(region: &Region, base: &Image) -> Image {
    // SAFETY: the memory is the test's own.
    let overlay = unsafe { region.capture() }.expect("Linux tells what was written");
    base.with_overlay(overlay, region.size())
}

fn number(page: usize) -> u8 {
    u8::try_from(page).expect("few pages")
}

#[test]
fn what_was_written_is_put_back() {
    let image = image();
    let region = region(&image);
    put_back(&region, &image);
    for round in 0..4 {
        // Some pages again and again, some for the first time.
        for page in [3, 4, 20, 30 + round, 63] {
            write(&region, page, 7);
        }
        assert_eq!(read(&region, 20), (20, 7));
        put_back(&region, &image);
        for page in 0..PAGES {
            assert_eq!(read(&region, page), (number(page), 0), "round {round}");
        }
    }
}

#[test]
fn images_alternate_in_one_region() {
    let base = image();
    let region = region(&base);
    put_back(&region, &base);
    let captured: Vec<Image> = [[5, 6, 40], [6, 7, 50]]
        .into_iter()
        .enumerate()
        .map(|(index, pages)| {
            put_back(&region, &base);
            for page in pages {
                write(&region, page, number(index + 1));
            }
            capture(&region, &base)
        })
        .collect();
    assert_eq!(captured[0].overlay_bytes(), 3 * PAGE);
    let bytes = |region: &Region| [5, 6, 7, 40, 50].map(|page| read(region, page).1);
    for _ in 0..3 {
        put_back(&region, &captured[0]);
        assert_eq!(bytes(&region), [1, 1, 0, 1, 0]);
        write(&region, 60, 9);
        put_back(&region, &captured[1]);
        assert_eq!(bytes(&region), [0, 2, 2, 0, 2]);
        assert_eq!(read(&region, 60), (60, 0));
        put_back(&region, &base);
        assert_eq!(bytes(&region), [0; 5]);
    }
}

#[test]
fn another_thread_puts_back_what_was_written_elsewhere() {
    let image = image();
    let region = region(&image);
    put_back(&region, &image);
    for round in 0..3 {
        write(&region, 10 + round, 1);
        region.rest();
        thread::scope(|scope| {
            scope.spawn(|| {
                put_back(&region, &image);
                write(&region, 20 + round, 1);
                region.rest();
            });
        });
        put_back(&region, &image);
        for page in 0..PAGES {
            assert_eq!(read(&region, page), (number(page), 0), "round {round}");
        }
    }
}

#[test]
fn growth_is_gone_afterwards() {
    let image = image();
    let region = region(&image);
    put_back(&region, &image);
    assert!(!region.has_grown());
    for _ in 0..2 {
        region.grow(2 * PAGES * PAGE).expect("there is room");
        assert!(region.has_grown());
        assert_eq!(read(&region, PAGES + 5), (0, 0));
        write(&region, PAGES + 5, 8);
        region.shrink();
        region.resize(&image).expect("it is smaller");
        put_back(&region, &image);
        assert_eq!(region.size(), PAGES * PAGE);
    }
    assert!(region.grow(PAGE).is_err(), "memories do not shrink");
    assert!(region.grow(5 * PAGES * PAGE).is_err(), "there is no room");
    // A captured memory may be larger than the files.
    region
        .grow(PAGES * PAGE + 16 * PAGE)
        .expect("there is room");
    write(&region, PAGES + 2, 3);
    let large = capture(&region, &image);
    region.resize(&image).expect("it is smaller");
    put_back(&region, &image);
    region.resize(&large).expect("it is larger");
    put_back(&region, &large);
    assert_eq!(read(&region, PAGES + 2), (0, 3));
    assert_eq!(read(&region, PAGES + 3), (0, 0));
}

#[test]
fn more_than_is_worth_copying_is_given_back() {
    const MANY: usize = 2048;
    let mut bytes = vec![0; MANY * PAGE];
    bytes[77 * PAGE] = 77;
    let image = Image::of_bytes(&bytes).expect("memory");
    let region = region(&image);
    put_back(&region, &image);
    for _ in 0..2 {
        for page in 0..MANY {
            write(&region, page, 1);
        }
        put_back(&region, &image);
        assert_eq!(read(&region, 77), (77, 0));
        assert_eq!(read(&region, MANY - 1), (0, 0));
    }
}

#[test]
fn a_delta_leads_to_the_same_memory() {
    let base = image();
    let first = region(&base);
    put_back(&first, &base);
    for page in [0, 1, 2, 33, 63] {
        write(&first, page, 5);
    }
    let captured = capture(&first, &base);
    let read_again = delta::read(&base, delta::bytes(&captured)).expect("it is whole");
    let mapped = Arc::new(read_again.with_mapped_overlay().expect("memory"));
    assert_eq!(mapped.overlay_bytes(), 0);
    let second = region(&mapped);
    assert!(second.fits(&mapped) && !second.fits(&base));
    put_back(&second, &mapped);
    for _ in 0..2 {
        for page in 0..PAGES {
            let expected = u8::from([0, 1, 2, 33, 63].contains(&page)) * 5;
            assert_eq!(read(&second, page), (number(page), expected));
        }
        write(&second, 33, 9);
        write(&second, 34, 9);
        put_back(&second, &mapped);
    }
}
