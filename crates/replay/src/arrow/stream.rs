//! Arrow IPC streams, one after the other.

use std::io::{self, BufRead, Read as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, RecordBatch};
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_ipc::{self as ipc, root_as_message};
use arrow_schema::DataType;

/// The longest description of a message, in bytes: it names columns and buffers.
const LONGEST_HEAD: u32 = 16 << 20;

/// The longest message, in bytes. Engines make batches of megabytes.
const LONGEST_BODY: u64 = 1 << 30;

/// The first bytes of each message.
const CONTINUATION: [u8; 4] = [0xff; 4];

/// The next thing in a pipe of streams.
#[derive(Debug)]
pub enum Message {
    /// Rows.
    Batch(RecordBatch),
    /// The end of a stream; another one may follow.
    End,
}

/// Reads streams. No more memory is used than bytes were read, whatever the stream claims, and the texts of a batch are not longer in
/// sum than what was read for it, but for 16 MiB.
pub struct Streams<R> {
    reader: R,
    decoder: Option<StreamDecoder>,
    /// The bytes that are not decoded yet: the decoder gives one batch at a time, and a batch without a body only when it sees what
    /// follows.
    rest: Buffer,
    /// The length of the last body.
    body: u64,
    /// Whether the end of the stream was read.
    ended: bool,
}

/// By so many bytes the texts of a batch may be longer than its body: views may share a text.
const SHARED: u64 = 16 << 20;

impl<R: BufRead> Streams<R> {
    /// Reads from here on.
    pub fn new(reader: R) -> Self {
        Self {
            reader,
            decoder: None,
            rest: Buffer::default(),
            body: 0,
            ended: false,
        }
    }

    /// Returns what comes next; `None` at the end of the pipe.
    ///
    /// # Errors
    /// When the pipe cannot be read, ends within a stream, or has something else than Arrow streams.
    pub fn next_message(&mut self) -> io::Result<Option<Message>> {
        loop {
            let Some(decoder) = &mut self.decoder else {
                if at_end(&mut self.reader)? {
                    return Ok(None);
                }
                self.decoder = Some(StreamDecoder::new());
                continue;
            };
            if !self.rest.is_empty() {
                if let Some(batch) = decode(decoder, &mut self.rest)? {
                    is_not_repeated(&batch, self.body)?;
                    return Ok(Some(Message::Batch(batch)));
                }
                continue;
            }
            if self.ended {
                self.ended = false;
                self.decoder = None;
                return Ok(Some(Message::End));
            }
            self.read_message()?;
        }
    }

    /// Reads the bytes of a message, or those of the end of the stream.
    fn read_message(&mut self) -> io::Result<()> {
        let mut prefix = [0; 8];
        self.reader.read_exact(&mut prefix).map_err(cut_off)?;
        let [a, b, c, d, length @ ..] = prefix;
        if [a, b, c, d] != CONTINUATION {
            return Err(invalid(
                "this is not an Arrow IPC stream (nor one older than Arrow 0.15)",
            ));
        }
        let length = u32::from_le_bytes(length);
        if length > LONGEST_HEAD {
            return Err(invalid(
                "a message of the Arrow stream has an invalid length",
            ));
        }
        let mut text = prefix.to_vec();
        if length == 0 {
            self.ended = true;
        } else {
            take(&mut self.reader, u64::from(length), &mut text)?;
            let head = text.get(8..).unwrap_or_default();
            self.body = body_of(head)?;
            take(&mut self.reader, self.body, &mut text)?;
        }
        self.rest = Buffer::from_vec(text);
        Ok(())
    }
}

/// Returns the length of the body that follows a description.
fn body_of(head: &[u8]) -> io::Result<u64> {
    let message = root_as_message(head);
    let message = message.map_err(|error| invalid(format!("damaged Arrow stream: {error}")))?;
    if !is_within(&message) {
        return Err(invalid(
            "damaged Arrow stream: a column is outside of its batch",
        ));
    }
    let length = u64::try_from(message.bodyLength()).ok();
    length
        .filter(|length| *length <= LONGEST_BODY)
        .ok_or_else(|| {
            invalid("a batch of the Arrow stream has more than 1 GiB: make smaller batches")
        })
}

fn decode(decoder: &mut StreamDecoder, bytes: &mut Buffer) -> io::Result<Option<RecordBatch>> {
    // The decoder checks what a column holds; should it still panic on bytes that nobody has thought of, they are damaged, too.
    let batch = catch_unwind(AssertUnwindSafe(|| decoder.decode(bytes)));
    let batch = batch.map_err(|_| invalid("damaged Arrow stream"))?;
    batch.map_err(|error| invalid(format!("damaged Arrow stream: {error}")))
}

/// Refuses a batch of views that show the same long text again and again: a copy of each would fill the memory.
fn is_not_repeated(batch: &RecordBatch, body: u64) -> io::Result<()> {
    let sum = |lengths: &mut dyn Iterator<Item = usize>| lengths.map(|length| length as u64).sum();
    let shown = batch.columns().iter().map(|column| -> u64 {
        match column.data_type() {
            DataType::Utf8View => sum(&mut column.as_string_view().iter().flatten().map(str::len)),
            DataType::BinaryView => {
                sum(&mut column.as_binary_view().iter().flatten().map(<[u8]>::len))
            }
            _ => 0,
        }
    });
    match shown.sum::<u64>() > body.saturating_add(SHARED) {
        true => Err(invalid(
            "the texts of a batch add up to more than the batch has: many of its views show the same text",
        )),
        false => Ok(()),
    }
}

/// Returns whether all columns of a batch are in its body. The decoder takes that for granted.
fn is_within(message: &ipc::Message<'_>) -> bool {
    let of_dictionary = message.header_as_dictionary_batch();
    let batch = message
        .header_as_record_batch()
        .or_else(|| of_dictionary.and_then(|dictionary| dictionary.data()));
    let Some(batch) = batch else {
        return true;
    };
    let end = |offset: i64, length: i64| {
        let is_positive = offset >= 0 && length >= 0;
        is_positive.then(|| offset.checked_add(length)).flatten()
    };
    let buffers = batch.buffers().into_iter().flatten();
    let nodes = batch.nodes().into_iter().flatten();
    let mut ends = buffers.map(|buffer| end(buffer.offset(), buffer.length()));
    ends.all(|end| end.is_some_and(|end| end <= message.bodyLength()))
        && nodes
            .into_iter()
            .all(|node| node.length() >= 0 && node.null_count() >= 0)
        && batch.length() >= 0
}

fn at_end(reader: &mut impl BufRead) -> io::Result<bool> {
    loop {
        match reader.fill_buf() {
            Ok(bytes) => return Ok(bytes.is_empty()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Appends so many bytes; the memory grows with what is there.
fn take(reader: &mut impl BufRead, length: u64, text: &mut Vec<u8>) -> io::Result<()> {
    let read = reader.take(length).read_to_end(text)?;
    match read as u64 == length {
        true => Ok(()),
        false => Err(cut_off(io::ErrorKind::UnexpectedEof.into())),
    }
}

fn cut_off(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => invalid("the Arrow stream is cut off"),
        _ => error,
    }
}

pub(super) fn invalid(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message.into())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::builder::StringViewBuilder;
    use arrow_ipc::writer::StreamWriter;
    use arrow_schema::{Field, Schema};

    use super::*;

    /// A stream of one batch in which `count` rows show one text of `length` bytes.
    fn repeated(count: u32, length: u32) -> Vec<u8> {
        let mut views = StringViewBuilder::new();
        let block = views.append_block(Buffer::from_vec(vec![b'x'; length as usize]));
        for _ in 0..count {
            views
                .try_append_view(block, 0, length)
                .expect("it is in the block");
        }
        let field = Field::new("user", DataType::Utf8View, true);
        let schema = Arc::new(Schema::new(vec![field]));
        let mut out = StreamWriter::try_new(Vec::new(), &schema).expect("it has a schema");
        let batch = RecordBatch::try_new(schema, vec![Arc::new(views.finish())]);
        out.write(&batch.expect("it fits")).expect("it is written");
        out.into_inner().expect("it ends")
    }

    #[test]
    fn views_that_show_one_text_again_and_again_are_refused() {
        let next = |bytes: &[u8]| Streams::new(bytes).next_message();
        // 20 rows that share one MiB are 20 MiB of texts, 4 more than the rest of the batch and what is allowed.
        let refused = next(&repeated(20, 1 << 20)).expect_err("it is too much");
        let message = "the texts of a batch add up to more than the batch has";
        assert!(refused.to_string().starts_with(message), "{refused}");
        let Ok(Some(Message::Batch(batch))) = next(&repeated(10, 1 << 20)) else {
            panic!("it is allowed");
        };
        assert_eq!(batch.num_rows(), 10);
    }
}
