//! Comma-separated values as the vendor's job and its old extension write them.
//!
//! A text begins with `'` against formulas in spreadsheets; numbers, booleans and dates do not
//! (<https://auth0.com/docs/manage-users/user-migration/bulk-user-exports>).

use std::io;

use csv_core::ReadRecordResult;
use serde_json::{Map, Value};

use super::records::{Records, UNCLOSED};
use super::{Entry, Source};
use crate::profile::{Columns, Place};

pub(super) struct Rows {
    records: Records,
    /// Where each column's values go; `None` for those that are no attribute.
    places: Vec<Option<Place>>,
    unknown: Vec<String>,
}

impl Rows {
    /// Reads the heading.
    pub(super) fn new(source: Source, columns: &Columns) -> io::Result<Self> {
        let mut records = Records::new(source);
        let invalid = |text| io::Error::new(io::ErrorKind::InvalidData, text);
        let Some(heading) = records.next_record()? else {
            return Err(invalid("the file is empty"));
        };
        let names = heading.content.and_then(|text| fields(&text));
        let names = names
            .map_err(|_| invalid("the first line is neither JSON nor the heading of a CSV file"))?;
        let names: Vec<&str> = names.iter().map(|name| unguarded(name)).collect();
        let places: Vec<Option<Place>> = names.iter().map(|name| columns.place(name)).collect();
        if places.iter().all(Option::is_none) {
            return Err(invalid(match names.as_slice() {
                [name] if name.contains([';', '\t']) => {
                    "the heading has one column: commas separate the columns of an export, not semicolons or tabs"
                }
                _ => {
                    "no column of the heading is an attribute of a user: is this an export of users?"
                }
            }));
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
            records,
            places,
            unknown,
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
            let Some(Entry { line, content }) = self.records.next_record()? else {
                return Ok(None);
            };
            if let Ok(text) = &content
                && text.trim_ascii().is_empty()
            {
                continue;
            }
            let content = content.and_then(|text| self.object(&text));
            return Ok(Some(Entry { line, content }));
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

/// The most fields of a line. The vendor's exports have 30.
const MOST_FIELDS: usize = 1000;

/// Why a line has no fields.
const TOO_MANY: &str = "the line has more than 1,000 fields";
const NOT_TEXT: &str = "the line is not UTF-8";

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
