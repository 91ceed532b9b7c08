//! Which cases of a plan run.

use regex_lite::Regex;

use crate::plan::{Plan, PlannedCase};

/// Picks cases by name.
#[derive(Debug, Clone)]
pub struct Filter {
    text: String,
    regex: Option<Regex>,
}

impl Filter {
    /// A part of a name, or a regular expression that matches one.
    ///
    /// # Errors
    /// When the expression has a part that is not supported. What is not an expression at all is a part of a name.
    pub fn new(text: &str) -> Result<Self, String> {
        let regex = Regex::new(text).ok();
        match unsupported(text).filter(|_| regex.is_none()) {
            Some(what) => Err(format!("{what} are not supported in filters")),
            None => Ok(Self {
                text: text.to_owned(),
                regex,
            }),
        }
    }

    /// Whether the full name of a case fits.
    pub fn fits(&self, full_name: &str) -> bool {
        full_name.contains(&self.text)
            || self
                .regex
                .as_ref()
                .is_some_and(|regex| regex.is_match(full_name))
    }
}

/// Returns the part of an expression that only larger languages than the filters' have.
fn unsupported(text: &str) -> Option<&'static str> {
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        let ahead = rest.as_str();
        if character == '\\' {
            match rest.next() {
                Some('p' | 'P') => return Some(r"Unicode classes (`\p{…}`)"),
                Some('k' | '1'..='9') => return Some(r"back references (`\1`)"),
                _ => {}
            }
        } else if character == '('
            && ["?=", "?!", "?<=", "?<!"]
                .iter()
                .any(|it| ahead.starts_with(it))
        {
            return Some("look-around assertions (`(?=…)`)");
        }
    }
    None
}

/// One of several equal parts of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which part, from 1.
    pub part: usize,
    /// Of how many.
    pub of: usize,
}

impl Shard {
    /// Whether it has the item with a number, from 0.
    #[must_use]
    pub fn has(self, number: u64) -> bool {
        number % self.of as u64 + 1 == self.part as u64
    }
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let hint = "write K/N with K from 1 to N, as in 2/4";
        let (part, of) = text.split_once('/').ok_or(hint)?;
        let number = |text: &str| text.trim().parse::<usize>().map_err(|_| hint);
        let shard = Self {
            part: number(part)?,
            of: number(of)?,
        };
        match shard.part >= 1 && shard.part <= shard.of {
            true => Ok(shard),
            false => Err(hint.into()),
        }
    }
}

/// The cases that are chosen, fit a filter and belong to the shard, as indices into the plan. Every case is in exactly one
/// shard, and neighbours are in different ones, as their costs are alike.
pub fn select(
    plan: &Plan,
    filters: &[Filter],
    is_chosen: &dyn Fn(&PlannedCase) -> bool,
    shard: Option<Shard>,
) -> Vec<usize> {
    let fits = |index: &usize| {
        plan.cases.get(*index).is_some_and(|planned| {
            let name = &planned.case.full_name;
            let fits = filters.is_empty() || filters.iter().any(|filter| filter.fits(name));
            fits && is_chosen(planned)
        })
    };
    let all = (0..plan.cases.len()).filter(fits).enumerate();
    let ours =
        all.filter(|(position, _)| shard.is_none_or(|shard| position % shard.of == shard.part - 1));
    ours.map(|(_, index)| index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_parts_of_names_or_expressions() {
        for (filter, name, expected) in [
            ("hobby", "t/a the hobby is there", true),
            ("Hobby", "t/a the hobby is there", false),
            ("(?i)HOBBY", "t/a the hobby is there", true),
            ("^t/a ", "t/a x", true),
            ("a.*x$", "t/a x", true),
            ("[lang=de]", "t/a x [lang=de]", true),
            ("(", "t/a (x", true),
            ("(", "t/a x", false),
        ] {
            let fits = Filter::new(filter).map(|filter| filter.fits(name));
            assert_eq!(fits, Ok(expected), "{filter} {name}");
        }
        for (filter, what) in [
            (r"\p{Lu}x", r"Unicode classes (`\p{…}`)"),
            (r"[\P{L}]", r"Unicode classes (`\p{…}`)"),
            (r"(a)\1", r"back references (`\1`)"),
            ("^(?!a)", "look-around assertions (`(?=…)`)"),
            ("(?<=a)b", "look-around assertions (`(?=…)`)"),
        ] {
            let error = Filter::new(filter).map(drop);
            assert_eq!(error, Err(format!("{what} are not supported in filters")));
        }
        // A class in a class is a part of a name: rows and matrices make such names.
        assert!(Filter::new("[a[0]=b]").is_ok_and(|it| it.fits("t/a [a[0]=b]")));
    }

    #[test]
    fn shards() {
        assert_eq!("2/3".parse(), Ok(Shard { part: 2, of: 3 }));
        for wrong in ["0/3", "4/3", "1", "a/b", "1/0", "-1/2"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
