//! ICU's data: one file with a table of contents.

use anyhow::{Context, ensure};

/// The first bytes of a data file: the length of its header, magic numbers, and its format.
const FORMAT: &[u8] = b"CmnD";
const FORMAT_AT: usize = 12;

/// Data that `Intl` does not need: tables of character sets, transliteration, names of characters,
/// string preparation, confusable characters.
const UNUSED_ENDS: &[&str] = &[".cnv", ".spp", ".cfu"];
const UNUSED_FOLDERS: &[&str] = &["translit/"];
const UNUSED_FILES: &[&str] = &["unames.icu", "cnvalias.icu", "ulayout.icu"];

/// Finds the data in a program.
pub(super) fn in_program(program: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut at = 0;
    while let Some(found) = find(program, FORMAT, at) {
        at = found + 1;
        let Some(start) = found.checked_sub(FORMAT_AT) else {
            continue;
        };
        let data = &program[start..];
        if data[2..4] != [0xda, 0x27] {
            continue;
        }
        let items = items(data)?;
        let last = items.last().context("the data is empty")?;
        return Ok(data[..last.1 + bundle_length(&data[last.1..])?].to_owned());
    }
    anyhow::bail!("the program has no data of ICU")
}

/// The data without what is not used.
pub(super) fn trimmed(data: &[u8]) -> anyhow::Result<Vec<u8>> {
    let items = items(data)?;
    let ends = items.iter().skip(1).map(|item| item.1).chain([data.len()]);
    let kept: Vec<(&str, &[u8])> = items
        .iter()
        .zip(ends)
        .filter(|((name, _), _)| is_used(name))
        .map(|((name, start), end)| (name.as_str(), &data[*start..end]))
        .collect();
    let header = header_length(data);
    let names = 4 + 8 * kept.len();
    let names_length: usize = kept.iter().map(|(name, _)| name.len() + 1).sum();
    let mut out = data[..header].to_owned();
    out.extend(u32::try_from(kept.len())?.to_le_bytes());
    let (mut name_at, mut item_at) = (names, (names + names_length).next_multiple_of(16));
    for (name, item) in &kept {
        out.extend(u32::try_from(name_at)?.to_le_bytes());
        out.extend(u32::try_from(item_at)?.to_le_bytes());
        name_at += name.len() + 1;
        item_at += item.len().next_multiple_of(16);
    }
    for (name, _) in &kept {
        out.extend(name.as_bytes());
        out.push(0);
    }
    for (_, item) in &kept {
        out.resize(header + (out.len() - header).next_multiple_of(16), 0);
        out.extend(*item);
    }
    Ok(out)
}

fn is_used(name: &str) -> bool {
    let name = name.split_once('/').map_or(name, |(_, rest)| rest);
    !UNUSED_ENDS.iter().any(|end| name.ends_with(end))
        && !UNUSED_FOLDERS.iter().any(|folder| name.starts_with(folder))
        && !UNUSED_FILES.contains(&name)
}

/// Each item's name and where it starts.
fn items(data: &[u8]) -> anyhow::Result<Vec<(String, usize)>> {
    let header = header_length(data);
    let count = number(data, header)?;
    ensure!(count < 100_000, "the data has an unknown form");
    let mut items = Vec::new();
    for index in 0..count {
        let entry = header + 4 + 8 * index;
        let name = header + number(data, entry)?;
        let end = find(data, &[0], name).context("a name does not end")?;
        let name = std::str::from_utf8(&data[name..end])?.to_owned();
        items.push((name, header + number(data, entry + 4)?));
    }
    Ok(items)
}

/// The length of a resource bundle, which the index in it states in words.
fn bundle_length(bundle: &[u8]) -> anyhow::Result<usize> {
    const TOP: usize = 3;
    let header = header_length(bundle);
    Ok(header + 4 * number(bundle, header + 4 * (1 + TOP))?)
}

fn header_length(data: &[u8]) -> usize {
    usize::from(u16::from_le_bytes([data[0], data[1]]))
}

fn number(data: &[u8], at: usize) -> anyhow::Result<usize> {
    let bytes = data.get(at..at + 4).context("the data ends early")?;
    Ok(usize::try_from(u32::from_le_bytes(bytes.try_into()?))?)
}

fn find(data: &[u8], part: &[u8], from: usize) -> Option<usize> {
    let found = data
        .get(from..)?
        .windows(part.len())
        .position(|window| window == part)?;
    Some(from + found)
}
