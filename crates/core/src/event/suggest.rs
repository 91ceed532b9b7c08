//! "Did you mean": the nearest of a few known names.

/// Comparing takes the time of both lengths together; no name of an event, a file's key or a user's Action is that long.
const LONGEST_NAME: usize = 256;

/// The candidate that `name` most likely stands for, or `None` when nothing is near.
///
/// A name that is longer than any known one has no candidate.
///
/// A difference of case or of separators (`user_id`, `userId`, `user-id`) counts as nothing.
pub fn closest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > LONGEST_NAME {
        return None;
    }
    let plain = fold(name);
    // One slip in three letters is a typing error; more is another word.
    let limit = (plain.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&plain, &fold(candidate)),
                candidate,
            )
        })
        .filter(|(distance, candidate)| *distance <= limit && *distance < candidate.chars().count())
        // "Did you mean" what was written is no help.
        .filter(|(_, candidate)| *candidate != name)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn fold(name: &str) -> String {
    name.chars()
        .filter(|letter| !matches!(letter, '_' | '-' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_not_compared() {
        let long = "x".repeat(LONGEST_NAME);
        let (near, longer) = (format!("{}y", &long[1..]), format!("{long}x"));
        assert_eq!(closest(&long, [near.as_str()]), Some(near.as_str()));
        assert_eq!(closest(&longer, [long.as_str()]), None);
    }

    #[test]
    fn nearest_name() {
        let names = ["metadata", "client_id", "name", "ip"];
        for (name, expected) in [
            ("metdata", Some("metadata")),
            ("meta_data", Some("metadata")),
            ("clientId", Some("client_id")),
            ("nmae", Some("name")),
            ("name", None),
            ("Name", Some("name")),
            ("id", Some("ip")),
            ("x", None),
            ("organization", None),
            ("", None),
        ] {
            assert_eq!(closest(name, names), expected, "{name}");
        }
    }
}
