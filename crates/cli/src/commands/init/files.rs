//! Writing files that were not there before.

use std::{
    fs,
    path::{Path, PathBuf},
};

use postlogin_project::read_small;
use postlogin_runner::output::write_new;

use crate::{error::CliError, repository::top_above};

/// The longest `.gitignore` that is changed, in bytes.
const LONGEST_IGNORE: u64 = 1 << 20;

/// Files of a new project. What is there already is left as it is.
pub(super) struct Files {
    home: PathBuf,
    made: Vec<String>,
    kept: Vec<String>,
}

impl Files {
    pub(super) fn new(home: &Path) -> Self {
        Self {
            home: home.to_owned(),
            made: Vec::new(),
            kept: Vec::new(),
        }
    }

    /// Writes a file unless there is one, and returns whether it did.
    pub(super) fn new_file(&mut self, name: &str, text: &str) -> Result<bool, CliError> {
        let path = self.home.join(name);
        // A link that leads nowhere is there as well: it is not written through.
        if path.symlink_metadata().is_ok() {
            self.kept.push(name.to_owned());
            return Ok(false);
        }
        let folder = path.parent().unwrap_or(&self.home);
        self.refuse_outside(folder, name)?;
        fs::create_dir_all(folder)
            .and_then(|()| write_new(&path, text.as_bytes()))
            .map_err(|error| CliError::unwritable(path.display(), &error))?;
        self.made.push(name.to_owned());
        Ok(true)
    }

    /// Refuses a folder that a symbolic link of the project leads out of it.
    fn refuse_outside(&self, folder: &Path, name: &str) -> Result<(), CliError> {
        // Folders that are not there yet will be in the last one that is.
        let there = folder
            .ancestors()
            .find(|above| above.symlink_metadata().is_ok());
        // A workflow is for the whole repository.
        let home = top_above(&self.home).unwrap_or(&self.home);
        // A folder that is not there yet is made in the last one that is.
        let home = home.ancestors().find(|above| above.exists());
        let home = home.unwrap_or(&self.home).canonicalize();
        let is_inside = match (there.map(Path::canonicalize), home) {
            (Some(Ok(real)), Ok(home)) => real.starts_with(home),
            // A link that leads nowhere, for one.
            _ => false,
        };
        match is_inside {
            true => Ok(()),
            false => Err(CliError::usage(format!(
                "cannot write {name}: a symbolic link leads out of the folder `{}`",
                self.home.display()
            ))
            .with_hint("remove the link, or make it a folder")),
        }
    }

    /// Adds lines to `.gitignore` that it does not have.
    pub(super) fn ignore(&mut self, lines: &[&str]) -> Result<(), CliError> {
        let path = self.home.join(".gitignore");
        // A link, and what cannot be read, are the user's matter.
        let Ok(before) = read_small(&path, ".gitignore", LONGEST_IGNORE) else {
            self.kept.push(".gitignore".to_owned());
            return Ok(());
        };
        let before = before.unwrap_or_default();
        let has = |line: &&&str| {
            let plain = |line: &str| line.trim().trim_matches('/').to_owned();
            before.lines().any(|known| plain(known) == plain(line))
        };
        let missing: Vec<&str> = lines.iter().filter(|line| !has(line)).copied().collect();
        if missing.is_empty() {
            return Ok(());
        }
        let mut text = before;
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        for line in missing {
            text.push_str(line);
            text.push('\n');
        }
        postlogin_runner::output::write_output(&path, text.as_bytes())
            .map_err(|error| CliError::unwritable(path.display(), &error))?;
        self.made.push(".gitignore".to_owned());
        Ok(())
    }

    /// Returns the summary of written and existing files.
    pub(super) fn done(self) -> (Vec<String>, Vec<String>) {
        (self.made, self.kept)
    }
}
