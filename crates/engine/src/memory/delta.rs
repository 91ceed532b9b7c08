//! The difference of an image from its files, as bytes that another process can read.
//!
//! A header of little-endian 64-bit numbers: the size of the memory, the number of ranges, and begin and end of each range in bytes;
//! then what the ranges hold. All of that may be damaged or made up, so everything is checked: wrong bytes can only make a guest
//! compute something else.

use std::ops::Range;

use anyhow::{Context, ensure};

use super::{Image, Overlay, PAGE};

/// No guest's memory is larger, in bytes.
const MOST: usize = 1 << 30;

/// Returns an image's overlay as bytes.
pub(crate) fn bytes(image: &Image) -> Vec<u8> {
    let overlay = image.overlay();
    let header = [image.len(), overlay.ranges.len()].into_iter();
    let ranges = overlay
        .ranges
        .iter()
        .flat_map(|range| [range.start, range.end]);
    let numbers = header
        .chain(ranges)
        .flat_map(|number| (number as u64).to_le_bytes());
    let numbers_bytes = (2 + 2 * overlay.ranges.len()) * size_of::<u64>();
    let mut bytes = Vec::with_capacity(numbers_bytes + overlay.bytes.len());
    bytes.extend(numbers);
    bytes.extend_from_slice(&overlay.bytes);
    bytes
}

/// Returns the image that bytes describe, over the files of `base`.
///
/// # Errors
/// When the bytes are no overlay for a memory like that.
pub(crate) fn read(base: &Image, bytes: Vec<u8>) -> anyhow::Result<Image> {
    let (overlay, len) = parse(bytes)?;
    ensure!(len >= base.len(), "the memory is smaller than its image");
    Ok(base.with_overlay(overlay, len))
}

/// The overlay, and the size of the memory.
fn parse(mut content: Vec<u8>) -> anyhow::Result<(Overlay, usize)> {
    let mut bytes = content.as_slice();
    let len = number(&mut bytes)?;
    ensure!(
        len <= MOST && len.is_multiple_of(64 << 10),
        "no memory has this size"
    );
    let count = number(&mut bytes)?;
    ensure!(count <= len / PAGE, "more ranges than pages");
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let (mut end, mut total) = (0, 0);
    for _ in 0..count {
        let range = number(&mut bytes)?..number(&mut bytes)?;
        let is_whole = range.start.is_multiple_of(PAGE) && range.end.is_multiple_of(PAGE);
        let is_next = end <= range.start && range.start < range.end && range.end <= len;
        ensure!(
            is_whole && is_next,
            "a range is not of pages behind the last ones"
        );
        (end, total) = (range.end, total + range.len());
        ranges.push(range);
    }
    ensure!(
        bytes.len() == total,
        "the ranges have another size than their content"
    );
    // In its place: a copy of megabytes would be as many new pages.
    let header = content.len() - total;
    content.drain(..header);
    let bytes = content;
    Ok((Overlay { ranges, bytes }, len))
}

fn number(bytes: &mut &[u8]) -> anyhow::Result<usize> {
    let (number, rest) = bytes.split_first_chunk().context("a number is cut off")?;
    *bytes = rest;
    Ok(usize::try_from(u64::from_le_bytes(*number))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u64 = 64 << 10;

    fn encoded(numbers: &[u64], content: usize) -> Vec<u8> {
        let mut bytes: Vec<u8> = numbers.iter().flat_map(|it| it.to_le_bytes()).collect();
        bytes.resize(bytes.len() + content, 7);
        bytes
    }

    #[test]
    fn an_overlay_is_read() {
        let bytes = encoded(&[SIZE, 2, 4096, 8192, 12_288, 20_480], 3 * PAGE);
        let (overlay, len) = parse(bytes).expect("it is whole");
        assert_eq!(len, 64 << 10);
        assert_eq!(overlay.ranges, [4096..8192, 12_288..20_480]);
        assert_eq!(overlay.bytes, vec![7; 3 * PAGE]);
        let (overlay, _) = parse(encoded(&[SIZE, 0], 0)).expect("nothing has changed");
        assert_eq!(overlay, Overlay::default());
    }

    #[test]
    fn what_is_damaged_is_refused() {
        for (numbers, content) in [
            (&[][..], 0),
            (&[SIZE], 0),
            (&[SIZE], 7),
            (&[SIZE + 1, 0], 0),
            (&[2 << 30, 0], 0),
            (&[u64::MAX, 0], 0),
            (&[SIZE, u64::MAX], 0),
            (&[SIZE, 17], 0),
            (&[SIZE, 1, 0], 0),
            (&[SIZE, 1, 0, 4096], 0),
            (&[SIZE, 1, 0, 4096], PAGE - 1),
            (&[SIZE, 1, 0, 4096], PAGE + 1),
            (&[SIZE, 1, 1, 4096], PAGE - 1),
            (&[SIZE, 1, 4096, 4096], 0),
            (&[SIZE, 1, 8192, 4096], 0),
            (&[SIZE, 1, SIZE, SIZE + 4096], PAGE),
            (&[SIZE, 2, 4096, 8192, 0, 4096], 2 * PAGE),
            (&[SIZE, 2, 0, 8192, 4096, 12_288], 4 * PAGE),
        ] {
            assert!(
                parse(encoded(numbers, content)).is_err(),
                "{numbers:?} {content}"
            );
        }
    }
}
