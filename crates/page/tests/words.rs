//! The page has words for each state that core can report: one without would be shown by its name in JSON, or as another.

use postlogin_core::explanation::{EarlyEnd, ListState, Met, Reached};
use postlogin_core::location::Location;

const SCRIPTS: &[&str] = &[
    include_str!("../../../ui/src/words.ts"),
    include_str!("../../../ui/src/ledger.tsx"),
];

/// The word that stands for a value in JSON.
fn word(value: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).expect("it is JSON");
    let word = value.as_str().or_else(|| value["kind"].as_str());
    word.expect("a word, or a kind").to_owned()
}

fn has_words(word: &str) -> bool {
    let quoted = format!("'{word}'");
    let is_key = |text: &&&str| text.contains(&format!("{word}: ["));
    SCRIPTS.iter().any(|text| text.contains(&quoted)) || SCRIPTS.iter().find(is_key).is_some()
}

/// A variant that is added to core does not compile here until it is in the list.
#[test]
fn each_state_has_words() {
    use Reached::{
        Discarded, Failed, No, NoValue, NotContinued, NotLoaded, NotRun, OtherNames, Yes,
    };
    let reached = [
        Yes,
        NoValue,
        OtherNames,
        No,
        NotRun,
        NotContinued,
        NotLoaded,
        Failed,
        Discarded,
    ];
    for one in &reached {
        match one {
            Yes | NoValue | OtherNames | No | NotRun | NotContinued | NotLoaded | Failed
            | Discarded => {}
        }
        assert!(has_words(&word(one)), "{one:?}");
    }
    for one in [Met::Yes, Met::No, Met::Sometimes, Met::NotEvaluated] {
        match one {
            Met::Yes | Met::No | Met::Sometimes | Met::NotEvaluated => {}
        }
        assert!(has_words(&word(&one)), "{one:?}");
    }
    for one in [ListState::Empty, ListState::Missing] {
        match one {
            ListState::Empty | ListState::Missing => {}
        }
        assert!(has_words(&word(&one)), "{one:?}");
    }
    let at = || Location {
        file: "a.js".into(),
        line: 1,
        column: 1,
    };
    let ends = [
        EarlyEnd::Caught {
            thrown: at(),
            caught: at(),
        },
        EarlyEnd::Returned { location: at() },
        EarlyEnd::Left { location: at() },
        EarlyEnd::Thrown { location: at() },
    ];
    for one in &ends {
        match one {
            EarlyEnd::Caught { .. }
            | EarlyEnd::Returned { .. }
            | EarlyEnd::Left { .. }
            | EarlyEnd::Thrown { .. } => {}
        }
        assert!(has_words(&word(one)), "{one:?}");
    }
    assert!(!has_words("no-such-state"));
}
