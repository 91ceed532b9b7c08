//! The built files, as they are committed: packed by zstd.

use std::fmt;
use std::io::Read as _;
use std::sync::OnceLock;

const SCRIPT: &[u8] = include_bytes!("../assets/page.js.zst");
const STYLE: &[u8] = include_bytes!("../assets/page.css.zst");
/// The most bytes that a file has when it is unpacked.
const MOST: u64 = 8 << 20;

/// Why a built file cannot be used: it is damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetError(String);

impl fmt::Display for AssetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a built file of the page is damaged: {}", self.0)
    }
}

impl std::error::Error for AssetError {}

/// Returns the page's script, as text.
///
/// # Errors
/// When the committed file is damaged.
pub fn script() -> Result<&'static str, AssetError> {
    static UNPACKED: OnceLock<Result<String, AssetError>> = OnceLock::new();
    let unpacked = UNPACKED.get_or_init(|| unpack(SCRIPT));
    unpacked.as_deref().map_err(Clone::clone)
}

/// Returns the page's style sheet, as text.
///
/// # Errors
/// When the committed file is damaged.
pub fn style() -> Result<&'static str, AssetError> {
    static UNPACKED: OnceLock<Result<String, AssetError>> = OnceLock::new();
    let unpacked = UNPACKED.get_or_init(|| unpack(STYLE));
    unpacked.as_deref().map_err(Clone::clone)
}

fn unpack(packed: &[u8]) -> Result<String, AssetError> {
    let decoder = ruzstd::decoding::StreamingDecoder::new(packed);
    let decoder = decoder.map_err(|error| AssetError(error.to_string()))?;
    let mut text = String::new();
    let read = decoder.take(MOST).read_to_string(&mut text);
    read.map_err(|error| AssetError(error.to_string()))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::{SCRIPT, STYLE, script, style, unpack};

    /// The most that both files may add to the program, in bytes.
    const BUDGET: usize = 170 * 1000;

    #[test]
    fn both_files_are_whole_and_within_their_budget() {
        let script = script().expect("the script");
        assert!(script.contains("postlogin-data"), "it is the page's script");
        assert!(style().expect("the style sheet").contains("--ink"));
        let size = SCRIPT.len() + STYLE.len();
        assert!(size <= BUDGET, "{size} bytes");
    }

    #[test]
    fn nothing_in_the_script_ends_the_element_that_it_is_in() {
        let script = script().expect("the script").to_lowercase();
        for mark in ["</script", "<!--"] {
            assert!(!script.contains(mark), "{mark}");
        }
        assert!(!style().expect("the style sheet").contains("</style"));
    }

    #[test]
    fn a_damaged_file_is_an_error() {
        assert!(unpack(b"nonsense").is_err());
        assert!(unpack(SCRIPT.get(..SCRIPT.len() / 2).unwrap_or_default()).is_err());
    }
}
