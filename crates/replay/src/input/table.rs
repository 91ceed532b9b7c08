//! Comma-separated values as the vendor's job and its old extension write them.
//!
//! A text begins with `'` against formulas in spreadsheets; numbers, booleans and dates do not
//! (<https://auth0.com/docs/manage-users/user-migration/bulk-user-exports>).

use std::io;

use csv_core::ReadRecordResult;
use serde_json::{Map, Value};

use super::{Entry, LONGEST_ENTRY, Source};
use crate::profile::{Columns, Place};

pub(super) struct Rows {
    source: Source,
    /// Where each column's values go; `None` for those that are no attribute.
    places: Vec<Option<Place>>,
    unknown: Vec<String>,
    line: u64,
}

impl Rows {
    /// Reads the heading.
    pub(super) fn new(mut source: Source, columns: &Columns) -> io::Result<Self> {
        let mut line = 0;
        let mut text = Vec::new();
        let invalid = |text| io::Error::new(io::ErrorKind::InvalidData, text);
        let Some(is_whole) = record(&mut source, &mut text, &mut line)? else {
            return Err(invalid("the file is empty"));
        };
        let names = is_whole.then(|| fields(&text).ok()).flatten();
        let names = names.ok_or_else(|| {
            invalid("the first line is neither JSON nor the heading of a CSV file")
        })?;
        let names: Vec<&str> = names.iter().map(|name| unguarded(name)).collect();
        let places: Vec<Option<Place>> = names.iter().map(|name| columns.place(name)).collect();
        if places.iter().all(Option::is_none) {
            return Err(invalid(
                "no column of the heading is an attribute of a user: is this an export of users?",
            ));
        }
        for (at, place) in places.iter().enumerate() {
            let is_twice = place.is_some() && places.iter().take(at).any(|other| other == place);
            if is_twice && let Some(name) = names.get(at) {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("two columns of the heading are the same attribute: {name}"),
                ));
            }
        }
        let unknown = names
            .iter()
            .zip(&places)
            .filter(|(_, place)| place.is_none());
        let unknown = unknown.map(|(name, _)| (*name).to_owned()).collect();
        Ok(Self {
            source,
            places,
            unknown,
            line,
        })
    }

    pub(super) fn unknown(&self) -> Vec<String> {
        self.unknown.clone()
    }

    /// The attributes of the columns, as paths below the user.
    pub(super) fn attributes(&self) -> Vec<Vec<String>> {
        let places = self.places.iter().flatten();
        places.map(|place| place.steps().to_vec()).collect()
    }

    pub(super) fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        loop {
            let mut text = Vec::new();
            let before = self.line;
            let Some(is_whole) = record(&mut self.source, &mut text, &mut self.line)? else {
                return Ok(None);
            };
            if is_whole && text.trim_ascii().is_empty() {
                continue;
            }
            let content = match is_whole {
                true => self.object(&text),
                false => Err("longer than 4 MiB: is a quote not closed?"),
            };
            return Ok(Some(Entry {
                line: before + 1,
                content,
            }));
        }
    }

    /// The user of a row.
    fn object(&self, text: &[u8]) -> Result<Vec<u8>, &'static str> {
        let fields = fields(text)?;
        if fields.len() != self.places.len() {
            return Err("the line has another number of fields than the heading");
        }
        let mut user = Value::Object(Map::new());
        for (field, place) in fields.iter().zip(&self.places) {
            if let Some(place) = place
                && !field.is_empty()
            {
                place.put(&mut user, value(field, place.may_be_boolean()));
            }
        }
        serde_json::to_vec(&user).map_err(|_| "the line cannot be written as JSON")
    }
}

/// Returns the value of a field: a string if it is quoted, else a number, a boolean, an object or a list if it is one. Spreadsheets
/// write booleans in capitals.
fn value(field: &str, may_be_boolean: bool) -> Value {
    if may_be_boolean {
        for word in [true, false] {
            if field.eq_ignore_ascii_case(if word { "true" } else { "false" }) {
                return word.into();
            }
        }
    }
    if let Some(text) = field.strip_prefix('\'') {
        // Objects and lists come guarded, too.
        return match text.starts_with(['{', '[']) {
            true => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)),
            false => Value::from(text),
        };
    }
    match serde_json::from_str(field) {
        Ok(Value::String(_)) | Err(_) => Value::from(field),
        Ok(value) => value,
    }
}

fn unguarded(name: &str) -> &str {
    name.strip_prefix('\'').unwrap_or(name).trim()
}

/// Takes one record: lines until the quotes are even. Returns `None` at the end, else whether it was short enough.
fn record(source: &mut Source, text: &mut Vec<u8>, line: &mut u64) -> io::Result<Option<bool>> {
    let mut is_quoted = false;
    loop {
        let before = text.len();
        let Some(is_whole) = super::take_until(source, b'\n', text)? else {
            return Ok((!text.is_empty()).then_some(true));
        };
        *line += 1;
        if !is_whole {
            return Ok(Some(false));
        }
        let quotes = text
            .iter()
            .skip(before)
            .filter(|byte| **byte == b'"')
            .count();
        is_quoted ^= quotes % 2 == 1;
        if !is_quoted || text.len() >= LONGEST_ENTRY {
            return Ok(Some(!is_quoted));
        }
    }
}

/// The most fields of a line. The vendor's exports have 30.
const MOST_FIELDS: usize = 1000;

/// Why a line has no fields.
const TOO_MANY: &str = "the line has more than 1,000 fields";
const NOT_TEXT: &str = "the line is not UTF-8";
const UNCLOSED: &str = "a quote is not closed";

/// The fields of one record.
///
/// # Errors
/// In words, when it is not UTF-8, has too many fields, or is more than one record.
fn fields(text: &[u8]) -> Result<Vec<String>, &'static str> {
    let mut reader = csv_core::Reader::new();
    let mut output = vec![0; text.len() + 1];
    let mut ends = vec![0; MOST_FIELDS];
    let mut line = text.to_vec();
    while line
        .last()
        .is_some_and(|byte| matches!(byte, b'\n' | b'\r'))
    {
        line.pop();
    }
    line.push(b'\n');
    let (result, read, _, count) = reader.read_record(&line, &mut output, &mut ends);
    match result {
        ReadRecordResult::Record => {}
        ReadRecordResult::InputEmpty | ReadRecordResult::End => return Err(UNCLOSED),
        ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => return Err(TOO_MANY),
    }
    // The reader ends a record there: users after it would be lost.
    if read != line.len() {
        return Err("a carriage return within the line: are line ends mixed?");
    }
    let mut begin = 0;
    let mut fields = Vec::new();
    for end in ends.into_iter().take(count) {
        let field = output.get(begin..end).ok_or(TOO_MANY)?;
        let field = std::str::from_utf8(field).map_err(|_| NOT_TEXT)?;
        fields.push(field.to_owned());
        begin = end;
    }
    Ok(fields)
}
