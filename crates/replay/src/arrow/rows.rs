//! Rows of results.

use std::io::{self, Write};
use std::sync::{Arc, LazyLock};

use arrow_array::cast::AsArray as _;
use arrow_array::{Array, ArrayRef, BinaryArray, RecordBatch, StringArray};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use serde_json::{Value, json};

use super::stream::invalid;

/// So many rows are written at once.
const BATCH: usize = 4096;

/// Names of the columns of texts, after `kind`.
const TEXTS: [&str; 5] = ["user", "what", "name", "before", "after"];

/// The columns of results.
static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let mut fields = vec![Field::new("kind", DataType::Utf8, false)];
    fields.extend(TEXTS.map(|name| Field::new(name, DataType::Utf8, true)));
    fields.push(Field::new("part", DataType::Binary, true));
    Arc::new(Schema::new(fields))
});

/// Writes a stream of results.
pub struct RowsWriter<W: Write> {
    out: StreamWriter<W>,
}

impl<W: Write> RowsWriter<W> {
    /// Begins a stream.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(out: W) -> io::Result<Self> {
        let out = StreamWriter::try_new(out, &SCHEMA).map_err(unwritable)?;
        Ok(Self { out })
    }

    /// Writes rows of differences, as [`crate::rows`] makes them.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn differences(&mut self, rows: &[Value]) -> io::Result<()> {
        for rows in rows.chunks(BATCH) {
            let text = |name: &str| -> ArrayRef {
                let values = rows.iter().map(|row| row.get(name));
                Arc::new(match name {
                    "before" | "after" => values
                        .map(|value| value.map(Value::to_string))
                        .collect::<StringArray>(),
                    _ => values
                        .map(|value| value.and_then(Value::as_str))
                        .collect::<StringArray>(),
                })
            };
            let mut columns = vec![kind("difference", rows.len())];
            columns.extend(TEXTS.iter().map(|name| text(name)));
            columns.push(Arc::new(BinaryArray::from_opt_vec(vec![None; rows.len()])));
            self.write(columns)?;
        }
        Ok(())
    }

    /// Writes hashes of ids.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn ids(&mut self, ids: &[u64]) -> io::Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let bytes: Vec<u8> = ids.iter().flat_map(|id| id.to_le_bytes()).collect();
        self.bytes("ids", &bytes)
    }

    /// Writes the fold of all users of the stream, and ends the stream.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self, part: &str) -> io::Result<()> {
        self.bytes("part", part.as_bytes())?;
        self.out.finish().map_err(unwritable)?;
        self.out.get_mut().flush()
    }

    fn bytes(&mut self, of_kind: &str, bytes: &[u8]) -> io::Result<()> {
        let none: ArrayRef = Arc::new(StringArray::from(vec![None::<&str>]));
        let mut columns = vec![kind(of_kind, 1)];
        columns.extend(TEXTS.iter().map(|_| Arc::clone(&none)));
        columns.push(Arc::new(BinaryArray::from_vec(vec![bytes])));
        self.write(columns)
    }

    fn write(&mut self, columns: Vec<ArrayRef>) -> io::Result<()> {
        let batch = RecordBatch::try_new(Arc::clone(&SCHEMA), columns).map_err(unwritable)?;
        self.out.write(&batch).map_err(unwritable)
    }
}

fn kind(kind: &str, count: usize) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(std::iter::repeat_n(
        kind, count,
    )))
}

fn unwritable(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, error) => error,
        other => io::Error::other(other.to_string()),
    }
}

/// A row of results.
#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    /// A row of differences.ndjson.
    Difference(Value),
    /// Hashes of ids of users.
    Ids(Vec<u8>),
    /// The fold of a stream, as JSON.
    Part(Vec<u8>),
}

/// The rows of a batch.
pub type Rows = Vec<Row>;

/// Reads a batch of results. Columns may be in any order, and of the types that engines make of texts and bytes.
///
/// # Errors
/// When a column is missing or a row is none of results.
pub fn read_rows(batch: &RecordBatch) -> io::Result<Rows> {
    let kind = texts(batch, "kind")?;
    let mut columns = Vec::new();
    for name in TEXTS {
        columns.push((name, texts(batch, name)?));
    }
    let part = bytes(batch, "part")?;
    let mut rows = Vec::with_capacity(batch.num_rows());
    for row in 0..batch.num_rows() {
        let bytes = || part(row).ok_or_else(|| invalid("a row of results lacks its `part`"));
        rows.push(match kind(row) {
            Some("difference") => Row::Difference(difference(&columns, row)?),
            Some("ids") => Row::Ids(bytes()?.to_vec()),
            Some("part") => Row::Part(bytes()?.to_vec()),
            _ => return Err(invalid("a row of results has an unknown `kind`")),
        });
    }
    Ok(rows)
}

fn difference(columns: &[(&str, Texts<'_>)], row: usize) -> io::Result<Value> {
    let mut found = json!({ "user": null, "what": null, "name": null });
    for (name, text) in columns {
        let value = match (*name, text(row)) {
            ("before" | "after", Some(text)) => serde_json::from_str(text)
                .map_err(|_| invalid(format!("the `{name}` of a difference is not JSON")))?,
            (_, text) => text.map_or(Value::Null, Value::from),
        };
        if let Value::Object(found) = &mut found {
            found.insert((*name).to_owned(), value);
        }
    }
    Ok(found)
}

type Texts<'a> = Box<dyn Fn(usize) -> Option<&'a str> + 'a>;
type Bytes<'a> = Box<dyn Fn(usize) -> Option<&'a [u8]> + 'a>;

macro_rules! values {
    ($array:expr) => {{
        let array = $array;
        Ok(Box::new(move |row| {
            array.is_valid(row).then(|| array.value(row).as_ref())
        }))
    }};
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> io::Result<&'a ArrayRef> {
    batch.column_by_name(name).ok_or_else(|| {
        invalid(format!(
            "the stream has no column `{name}`: these are not rows of `postlogin replay --worker`"
        ))
    })
}

fn texts<'a>(batch: &'a RecordBatch, name: &str) -> io::Result<Texts<'a>> {
    let column = column(batch, name)?;
    match column.data_type() {
        DataType::Utf8 => values!(column.as_string::<i32>()),
        DataType::LargeUtf8 => values!(column.as_string::<i64>()),
        DataType::Utf8View => values!(column.as_string_view()),
        other => Err(invalid(format!(
            "the column `{name}` has the type {other}, not text"
        ))),
    }
}

fn bytes<'a>(batch: &'a RecordBatch, name: &str) -> io::Result<Bytes<'a>> {
    let column = column(batch, name)?;
    match column.data_type() {
        DataType::Binary => values!(column.as_binary::<i32>()),
        DataType::LargeBinary => values!(column.as_binary::<i64>()),
        DataType::BinaryView => values!(column.as_binary_view()),
        other => Err(invalid(format!(
            "the column `{name}` has the type {other}, not bytes"
        ))),
    }
}
