//! Files that are compressed by gzip, in one member or several.

use std::io::{self, ErrorKind, Read};

use flate2::bufread::MultiGzDecoder;

use super::Source;

/// The text of a compressed file.
pub(super) struct Unpacked {
    decoder: MultiGzDecoder<Source>,
    read: u64,
}

impl Unpacked {
    pub(super) fn of(source: Source) -> Self {
        Self {
            decoder: MultiGzDecoder::new(source),
            read: 0,
        }
    }
}

impl Read for Unpacked {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.decoder.read(bytes).map_err(|error| {
            // These are the decoder's; others are those of the disk.
            let what = match error.kind() {
                ErrorKind::UnexpectedEof => "is cut off",
                ErrorKind::InvalidInput | ErrorKind::InvalidData => "is damaged",
                _ => return error,
            };
            let after = self.read;
            let text = format!(
                "the gzip file {what}, after {after} bytes of its text; `gzip -t` tests it"
            );
            io::Error::new(ErrorKind::InvalidData, text)
        })?;
        self.read += read as u64;
        Ok(read)
    }
}
