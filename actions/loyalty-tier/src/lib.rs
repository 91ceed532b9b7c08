//! Puts the user's loyalty tier into both tokens.
//!
//! `app_metadata.loyalty` holds `{"points": number, "blocked"?: string}`. The points make the tier; `blocked`
//! denies the login and is the reason that the application is told.

mod tier;

use postlogin_sdk::{Api, Event, Result, console, post_login};
use serde::Deserialize;

use crate::tier::Tier;

/// The claim, in a namespace of our own: production drops names in one of Auth0's.
const TIER_CLAIM: &str = "https://example.com/loyalty_tier";

/// `app_metadata.loyalty`
#[derive(Debug, Deserialize)]
struct Loyalty {
    #[serde(default)]
    points: u64,
    blocked: Option<String>,
}

post_login!(on_execute_post_login);

fn on_execute_post_login(event: &Event, api: &Api) -> Result {
    let Some(loyalty) = event.read::<Loyalty>("user.app_metadata.loyalty")? else {
        console::log!("{} is in no loyalty programme", event.user_id());
        return Ok(());
    };
    if let Some(reason) = loyalty.blocked {
        api.access().deny(&reason);
        return Ok(());
    }

    let tier = Tier::of_points(loyalty.points);
    api.id_token().set_custom_claim(TIER_CLAIM, tier)?;
    api.access_token().set_custom_claim(TIER_CLAIM, tier)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use postlogin_sdk::testing::{Host, Run};
    use postlogin_sdk::{Value, json};

    use super::*;

    fn login(app_metadata: Value) -> Run {
        let event = json!({"user": {"user_id": "auth0|1", "app_metadata": app_metadata}});
        Host::new().run(event, on_execute_post_login)
    }

    #[test]
    fn tier_is_in_both_tokens() {
        let run = login(json!({"loyalty": {"points": 1200}}));
        assert_eq!(run.result, Ok(()));
        let claim = [json!(TIER_CLAIM), json!("silver")];
        assert_eq!(run.args("idToken.setCustomClaim"), [&claim]);
        assert_eq!(run.args("accessToken.setCustomClaim"), [&claim]);
        assert_eq!(run.calls.len(), 2);
    }

    #[test]
    fn blocked_user_is_denied() {
        let run =
            login(json!({"loyalty": {"points": 9000, "blocked": "Your points are under review."}}));
        assert_eq!(run.result, Ok(()));
        assert_eq!(
            run.args("access.deny"),
            [&[json!("Your points are under review.")]]
        );
        assert_eq!(run.calls.len(), 1);
    }

    #[test]
    fn others_log_in_as_before() {
        let run = login(json!({}));
        assert_eq!(run.result, Ok(()));
        assert!(run.calls.is_empty());
        assert_eq!(run.logs[0].1, "auth0|1 is in no loyalty programme");
    }

    #[test]
    fn unreadable_points_fail_the_login() {
        let error = login(json!({"loyalty": {"points": "many"}}))
            .result
            .unwrap_err();
        assert_eq!(
            error.message(),
            "event.user.app_metadata.loyalty: invalid type: string \"many\", expected u64"
        );
        assert_eq!(error.place().file, "src/lib.rs");
    }

    #[test]
    fn places_are_those_of_the_calls() {
        let run = login(json!({"loyalty": {"points": 0}}));
        let lines: Vec<u32> = run.calls.iter().map(|call| call.place.line).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[1], lines[0] + 1);
        assert!(run.calls.iter().all(|call| call.place.file == "src/lib.rs"));
    }
}
