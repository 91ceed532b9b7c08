//! Arrow IPC streams, one after the other.

use std::io::{self, BufRead, Read as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_ipc::{self as ipc, root_as_message};

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

/// Reads streams. No more memory is used than bytes were read, whatever the stream claims.
pub struct Streams<R> {
    reader: R,
    decoder: Option<StreamDecoder>,
}

impl<R: BufRead> Streams<R> {
    /// Reads from here on.
    pub fn new(reader: R) -> Self {
        Self {
            reader,
            decoder: None,
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
            let mut prefix = [0; 8];
            self.reader.read_exact(&mut prefix).map_err(cut_off)?;
            let [a, b, c, d, length @ ..] = prefix;
            if [a, b, c, d] != CONTINUATION {
                return Err(invalid(
                    "this is not an Arrow IPC stream (nor one older than Arrow 0.15)",
                ));
            }
            let length = u32::from_le_bytes(length);
            if length == 0 {
                self.decoder = None;
                return Ok(Some(Message::End));
            }
            if length > LONGEST_HEAD {
                return Err(invalid(
                    "a message of the Arrow stream has an invalid length",
                ));
            }
            let mut text = prefix.to_vec();
            take(&mut self.reader, u64::from(length), &mut text)?;
            let head = text.get(8..).unwrap_or_default();
            let message = root_as_message(head);
            let message =
                message.map_err(|error| invalid(format!("damaged Arrow stream: {error}")))?;
            if !is_within(&message) {
                return Err(invalid(
                    "damaged Arrow stream: a column is outside of its batch",
                ));
            }
            let body = u64::try_from(message.bodyLength())
                .ok()
                .filter(|length| *length <= LONGEST_BODY);
            let body = body.ok_or_else(|| {
                invalid("a batch of the Arrow stream has more than 1 GiB: make smaller batches")
            })?;
            take(&mut self.reader, body, &mut text)?;
            let mut buffer = Buffer::from_vec(text);
            // The decoder checks what a column holds; should it still panic on bytes that nobody has thought of, they are damaged, too.
            let decode = AssertUnwindSafe(|| decoder.decode(&mut buffer));
            let batch = catch_unwind(decode);
            let batch = batch.map_err(|_| invalid("damaged Arrow stream"))?;
            let batch = batch.map_err(|error| invalid(format!("damaged Arrow stream: {error}")))?;
            if let Some(batch) = batch {
                return Ok(Some(Message::Batch(batch)));
            }
        }
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
