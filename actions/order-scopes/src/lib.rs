//! Limits what read-only machines may do with orders, and names their team in the token.
//!
//! `client.metadata.access` is `read-only`, `suspended` or absent.

use postlogin_sdk::{Event, Result, credentials_exchange};

/// The claim, in a namespace of our own: production drops names in one of Auth0's.
const TEAM_CLAIM: &str = "https://example.com/team";

credentials_exchange!(on_execute_credentials_exchange);

fn on_execute_credentials_exchange(event: &Event, api: &credentials_exchange::Api) -> Result {
    if let Some(team) = event.client_metadata("team") {
        api.access_token().set_custom_claim(TEAM_CLAIM, team)?;
    }
    match event.client_metadata("access") {
        Some("suspended") => {
            let reason = "This client is suspended.";
            api.access().deny("invalid_request", Some(reason));
            Ok(())
        }
        Some("read-only") => api.transaction().remove_target_scope("write:orders"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use postlogin_sdk::json;
    use postlogin_sdk::testing::{Host, Run};

    use super::*;

    fn exchange(access: &str) -> Run {
        let event = json!({"client": {"metadata": {"team": "logistics", "access": access}}});
        Host::new().run(event, on_execute_credentials_exchange)
    }

    #[test]
    fn the_team_is_in_the_token() {
        let run = exchange("all");
        assert_eq!(run.result, Ok(()));
        let claim = [json!(TEAM_CLAIM), json!("logistics")];
        assert_eq!(run.args("accessToken.setCustomClaim"), [&claim]);
        assert_eq!(run.calls.len(), 1);
    }

    #[test]
    fn read_only_machines_lose_a_scope() {
        let run = exchange("read-only");
        let scope = [json!("write:orders")];
        assert_eq!(run.args("transaction.removeTargetScope"), [&scope]);
    }

    #[test]
    fn suspended_machines_get_no_token() {
        let run = exchange("suspended");
        let reason = [json!("invalid_request"), json!("This client is suspended.")];
        assert_eq!(run.args("access.deny"), [&reason]);
        assert!(run.args("transaction.removeTargetScope").is_empty());
    }
}
