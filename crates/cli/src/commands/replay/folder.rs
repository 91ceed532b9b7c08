//! The folder for results.

use std::{
    fs,
    io::{self, Write as _},
    path::PathBuf,
};

use postlogin_runner::{output::write_private, replay::Parts};
use serde_json::Value;

use super::unusable;
use crate::{args::ReplayArguments, error::CliError};

/// Where the results go. Without `--out`, a folder of one's own that is removed at the end.
pub(super) struct Folder {
    pub(super) path: PathBuf,
    temporary: Option<PathBuf>,
}

impl Folder {
    pub(super) fn open(arguments: &ReplayArguments) -> Result<Self, CliError> {
        if let Some(out) = &arguments.out {
            return Ok(Self {
                path: out.clone(),
                temporary: None,
            });
        }
        let name = format!(
            "postlogin-replay-{}-{:x}",
            std::process::id(),
            nanoseconds()
        );
        let path = std::env::temp_dir().join(name);
        let made = fs::create_dir(&path);
        made.map_err(|error| CliError::unwritable(path.display(), error))?;
        Ok(Self {
            path: path.clone(),
            temporary: Some(path),
        })
    }

    pub(super) fn parts(&self, key: String) -> Result<Parts, CliError> {
        Parts::open(&self.path.join("parts"), key).map_err(unusable)
    }

    /// Writes the report.
    pub(super) fn write(
        &self,
        summary: &Value,
        page: &str,
        parts: &Parts,
        chunks: u64,
    ) -> Result<(), CliError> {
        if self.temporary.is_some() {
            return Ok(());
        }
        let mut text = serde_json::to_string_pretty(summary).unwrap_or_default();
        text.push('\n');
        self.put("summary.json", |file| file.write_all(text.as_bytes()))?;
        self.put("report.html", |file| file.write_all(page.as_bytes()))?;
        let mut broken = None;
        self.put("differences.ndjson", |file| {
            let mut out = io::BufWriter::new(file);
            if let Err(error) = parts.copy_rows(chunks, &mut out) {
                broken = Some(error);
            }
            out.flush()
        })?;
        broken.map_or(Ok(()), |error| Err(unusable(error)))
    }

    /// Writes a file that its owner alone can read, and renames it into place.
    fn put(
        &self,
        name: &str,
        write: impl FnOnce(&mut fs::File) -> io::Result<()>,
    ) -> Result<(), CliError> {
        let path = self.path.join(name);
        write_private(&path, write).map_err(|error| CliError::unwritable(path.display(), error))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Some(path) = &self.temporary {
            let _ = fs::remove_dir_all(path);
        }
    }
}

fn nanoseconds() -> u128 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.unwrap_or_default().as_nanos()
}
