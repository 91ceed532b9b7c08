//! Users of a batch.

use std::io;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Int32Type, Int64Type, UInt64Type};
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, DataType, Field, Schema};

use super::stream::invalid;
use crate::input::{Entry, LONGEST_ENTRY};

/// Names of the column of users, in the order in which they are looked for. `value` is what Spark's `read.text` makes.
const COLUMNS: &[&str] = &["user", "value"];

/// Returns the users of a batch, without blank texts.
///
/// # Errors
/// When no column has users, or the lines are no numbers.
pub fn entries(batch: &RecordBatch) -> io::Result<Vec<Entry>> {
    let column = column(batch)?;
    let text = texts(column)?;
    let line = lines(batch)?;
    let mut entries = Vec::with_capacity(batch.num_rows());
    for row in 0..batch.num_rows() {
        let content = match text(row) {
            None => Err("null"),
            Some(text) if text.len() > LONGEST_ENTRY => Err("longer than 4 MiB"),
            // Line ends of other systems, and blank lines, as in a file.
            Some(text) => match text.trim_ascii_end() {
                b"" => continue,
                text => Ok(text.to_vec()),
            },
        };
        let line = line(row);
        entries.push(Entry { line, content });
    }
    Ok(entries)
}

fn is_text(kind: &DataType) -> bool {
    matches!(
        kind,
        DataType::Utf8
            | DataType::LargeUtf8
            | DataType::Utf8View
            | DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
    )
}

fn column(batch: &RecordBatch) -> io::Result<&dyn Array> {
    for name in COLUMNS {
        if let Some(column) = batch.column_by_name(name) {
            return Ok(column);
        }
    }
    let mut columns = batch.columns().iter();
    let mut texts = columns
        .by_ref()
        .filter(|column| is_text(column.data_type()));
    match (texts.next(), texts.next()) {
        (Some(column), None) => Ok(column),
        _ => {
            let schema = batch.schema();
            let fields = schema.fields().iter();
            let fields: Vec<&str> = fields.map(|field| field.name().as_str()).collect();
            Err(invalid(format!(
                "no column `user` with the JSON of a user in each row; the columns are: {}",
                fields.join(", ")
            )))
        }
    }
}

type Texts<'a> = Box<dyn Fn(usize) -> Option<&'a [u8]> + 'a>;

fn texts(column: &dyn Array) -> io::Result<Texts<'_>> {
    macro_rules! of {
        ($array:expr) => {{
            let array = $array;
            Ok(Box::new(move |row| {
                array.is_valid(row).then(|| array.value(row).as_ref())
            }))
        }};
    }
    match column.data_type() {
        DataType::Utf8 => of!(column.as_string::<i32>()),
        DataType::LargeUtf8 => of!(column.as_string::<i64>()),
        DataType::Utf8View => of!(column.as_string_view()),
        DataType::Binary => of!(column.as_binary::<i32>()),
        DataType::LargeBinary => of!(column.as_binary::<i64>()),
        DataType::BinaryView => of!(column.as_binary_view()),
        other => Err(invalid(format!(
            "the column of users has the type {other}, not text: pass each user's JSON as it is in the export"
        ))),
    }
}

/// The line of a row, 0 when there is none.
fn lines(batch: &RecordBatch) -> io::Result<Box<dyn Fn(usize) -> u64 + '_>> {
    let Some(column) = batch.column_by_name("line") else {
        return Ok(Box::new(|_| 0));
    };
    macro_rules! of {
        ($kind:ty) => {{
            let array = column.as_primitive::<$kind>();
            Ok(Box::new(move |row| match array.is_valid(row) {
                true => u64::try_from(array.value(row)).unwrap_or_default(),
                false => 0,
            }))
        }};
    }
    match column.data_type() {
        DataType::Int32 => of!(Int32Type),
        DataType::Int64 => of!(Int64Type),
        DataType::UInt64 => of!(UInt64Type),
        other => Err(invalid(format!(
            "the column `line` has the type {other}, not whole numbers"
        ))),
    }
}

/// Writes a stream of users as engines do: batches of a column `value`. For benches, which have no engine.
///
/// # Errors
/// When it cannot be written.
pub fn write_users<'a>(
    out: impl io::Write,
    batches: impl Iterator<Item = &'a [&'a str]>,
) -> io::Result<()> {
    let schema = Arc::new(Schema::new(vec![Field::new("value", DataType::Utf8, true)]));
    let failed = |error: ArrowError| io::Error::other(error.to_string());
    let mut out = StreamWriter::try_new(out, &schema).map_err(failed)?;
    for users in batches {
        let column: ArrayRef = Arc::new(StringArray::from_iter_values(users));
        let batch = RecordBatch::try_new(Arc::clone(&schema), vec![column]).map_err(failed)?;
        out.write(&batch).map_err(failed)?;
    }
    out.finish().map_err(failed)
}
