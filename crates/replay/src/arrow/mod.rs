//! The pipes of `postlogin replay --worker`: Arrow IPC streams
//! (<https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format>), any number one after the other on the same pipe.
//!
//! A stream of users has a column of texts: `user`, else `value`, else its only column of texts. A text is one JSON object, as a line of an
//! export. A column `line` of whole numbers is optional; the report names lines by it.
//!
//! A stream of results has the columns `kind`, `user`, `what`, `name`, `before`, `after` (texts) and `part` (bytes). Its rows are of three kinds:
//!
//! | `kind` | columns |
//! | --- | --- |
//! | `difference` | `user`, `what`, `name`, `before`, `after`: a row of differences.ndjson; the last two are JSON |
//! | `ids` | `part`: hashes of ids of users, eight bytes each, little-endian; by them users that are there twice are found |
//! | `part` | `part`: the fold of all users of the stream as JSON (`postlogin.replay-part/2`), in the last row |
//!
//! So a stream without a row `part` at its end is not whole.

mod rows;
mod stream;
mod users;

pub use rows::{Row, Rows, RowsWriter, read_rows};
pub use stream::{Message, Streams};
pub use users::{entries, write_users};
