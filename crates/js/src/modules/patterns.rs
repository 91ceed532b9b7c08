//! Manifests whose `exports` or `imports` would multiply a request: for each `*` of a target, the resolver writes the matched part
//! of the request, whatever the limits of the sandbox are.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The most `*` in one target. Packages have one or two.
pub(super) const MOST_STARS: usize = 10;

/// Returns whether a manifest has a target with more than [`MOST_STARS`]. One that might have and is not JSON counts as such.
pub(super) fn multiplies(manifest: &[u8]) -> bool {
    if !has_many_stars(manifest) {
        return false;
    }
    let text = manifest.strip_prefix(b"\xef\xbb\xbf").unwrap_or(manifest);
    let mut json = serde_json::Deserializer::from_slice(text);
    let read = Part::Manifest.deserialize(&mut json);
    read.is_err() || json.end().is_err()
}

/// Whether there are so many `*` at all, escaped or not.
fn has_many_stars(manifest: &[u8]) -> bool {
    let plain = manifest.iter().filter(|byte| **byte == b'*').count();
    let escaped = manifest
        .windows(6)
        .filter(|six| six.eq_ignore_ascii_case(br"\u002a"))
        .count();
    plain + escaped > MOST_STARS
}

/// A part of a manifest. All entries are looked at, also those of one name: which of them counts is the resolver's choice.
#[derive(Clone, Copy)]
enum Part {
    Manifest,
    Targets,
}

impl<'de> DeserializeSeed<'de> for Part {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "targets with at most {MOST_STARS} `*`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match self {
                Self::Manifest if !matches!(key.as_str(), "exports" | "imports") => {
                    map.next_value::<IgnoredAny>()?;
                }
                Self::Manifest | Self::Targets => map.next_value_seed(Self::Targets)?,
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        let stars = text.bytes().filter(|byte| *byte == b'*').count();
        match matches!(self, Self::Targets) && stars > MOST_STARS {
            true => Err(E::custom("too many `*`")),
            false => Ok(()),
        }
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::multiplies;

    #[test]
    fn only_targets_count_their_stars() {
        let (ten, many) = ("*".repeat(10), "*".repeat(11));
        let escaped = r"\u002A".repeat(11);
        for (manifest, expected) in [
            (format!(r#"{{"exports":{{"./*":"./{ten}"}}}}"#), false),
            (format!(r#"{{"exports":{{"./*":"./{many}"}}}}"#), true),
            (format!(r#"{{"exports":"./{many}"}}"#), true),
            (format!(r##"{{"imports":{{"#*":"./{many}"}}}}"##), true),
            (format!(r#"{{"exports":{{"./*":"./{escaped}"}}}}"#), true),
            (format!(r#"{{"\u0065xports":{{"./*":"./{many}"}}}}"#), true),
            (
                format!(r#"{{"exports":{{"./*":[null,{{"node":["./{many}"]}}]}}}}"#),
                true,
            ),
            (
                format!(r#"{{"exports":{{"./*":"./{many}"}},"exports":{{}}}}"#),
                true,
            ),
            (
                format!(r#"{{"exports":{{}},"exports":{{"./*":"./{many}"}}}}"#),
                true,
            ),
            // A readme or a key is put nowhere.
            (
                format!(r#"{{"readme":"{many}","exports":"./a.js"}}"#),
                false,
            ),
            (format!(r#"{{"exports":{{"./{many}":"./a.js"}}}}"#), false),
            (
                format!(r#"{{"files":["{many}"],"version":1.5,"private":true,"x":null,"y":-1}}"#),
                false,
            ),
            // Many patterns with one star each are usual.
            (
                format!(
                    r#"{{"exports":{{{}}}}}"#,
                    vec![r#""./a/*":"./b/*.js""#; 30].join(",")
                ),
                false,
            ),
            (format!("\u{feff}{{\"readme\":\"{many}\"}}"), false),
            (format!(r#"{{"exports":{{"./*":"./{many}""#), true),
            (format!(r#"{{"readme":"{many}"}} and more"#), true),
            (r#"{"exports":"#.to_owned(), false),
        ] {
            assert_eq!(multiplies(manifest.as_bytes()), expected, "{manifest}");
        }
    }
}
