//! Very many claims, reads and places: what is left out is counted.

use serde_json::{Value, json};

use super::*;

/// Reads that are not compared with a claim are counted, and a notice reports them.
#[test]
fn reads_that_are_not_compared_are_marked() {
    let check = |reads: usize, omitted: usize| {
        let line = |number: usize| json!(["read", number + 10, 1, "user", "nickname"]);
        let mut steps: Vec<Value> = (0..reads).map(line).collect();
        steps.push(json!([
            "call",
            1,
            "idToken.setCustomClaim",
            "https://x/nickname",
            "surfing"
        ]));
        let patch = json!({"user": {"nickname": "surfing"}});
        let explained = explained(patch, json!(steps), &[], &[]);
        let claim = &explained.claims[0];
        assert_eq!(claim.origins[0].path, "event.user.nickname");
        assert_eq!(claim.omitted_reads, omitted);
        let mut notices = explained.outcome.notices.iter();
        let is_told = notices.any(|notice| notice.code == "reads-not-compared");
        assert_eq!(is_told, omitted > 0);
        let written = serde_json::to_value(claim).expect("JSON");
        assert_eq!(written.get("omitted_reads").is_some(), omitted > 0);
    };
    check(crate::ceilings::READS_OF_CLAIM, 0);
    check(crate::ceilings::READS_OF_CLAIM + 7, 7);
}

/// Sizes at which work that grows with claims times reads takes minutes.
#[test]
fn many_claims_and_reads_are_accounted_for_in_one_go() {
    let mut drive = Drive::new(event(json!({"user": {"nickname": "surfing"}})));
    drive.transaction.watch(crate::reads::Watch::Places);
    drive.begin("a", EntryPoint::Execute);
    for number in 0..20_000 {
        let key = format!("k{number}");
        let keys = ["user".to_owned(), key];
        drive.transaction.read(&keys[..1], true, Some(at(1, 9)));
        drive.transaction.read(&keys, false, Some(at(1, 9)));
    }
    for number in 0..8_000 {
        let name = json!(format!("https://x/{}", number / 2));
        let args = [
            Argument::from_tagged(&name),
            Argument::from_tagged(&json!("surfing")),
        ];
        let place = Some(at(1, 9));
        drive
            .transaction
            .call("idToken.setCustomClaim", &args, place, NOW_MS);
    }
    drive.transaction.end(
        Ok(()),
        crate::outcome::ActionUsage {
            action: "a".into(),
            ..Default::default()
        },
        NOW_MS,
    );
    let (outcome, record) = drive.finish_with_record();
    let claims = outcome.ledger.len();
    let region = |line: u32| Region {
        start: at(line, 1),
        end_line: line,
        end_column: 100,
    };
    let site = |line: u32| ClaimSite {
        action: "a".into(),
        method: "idToken.setCustomClaim".into(),
        name: vec!["https://x/".into(), String::new()],
        location: at(line, 1),
        routes: Vec::new(),
        omitted_routes: 0,
        end: None,
        begun: None,
        idle_handler: None,
        value: None,
        conditions: (0..24)
            .map(|_| Condition {
                met: None,
                list: None,
                text: "x".into(),
                must_be: true,
                location: at(1, 1),
                regions: vec![region(1), region(line)],
            })
            .collect(),
    };
    let sites = ClaimSites {
        sites: (2..700).map(site).collect(),
        omitted: 7,
    };
    let told = explain(outcome, record, &["https://x/none".into()], &sites);
    assert_eq!(told.claims.len(), claims);
    assert!(told.claims.iter().all(|claim| claim.origins.len() <= 5));
    assert_eq!(told.expected[0].sites.len(), 698);
    assert_eq!(told.expected[0].omitted_sites, 7);
    assert!(told.expected[0].sites.iter().all(|site| {
        let mut conditions = site.conditions.iter();
        conditions.all(|condition| {
            let is_whole = condition.omitted_reads == 0;
            !condition.reads.is_empty() && (condition.reads.len() < 100 || !is_whole)
        })
    }));
}
