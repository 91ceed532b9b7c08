//! Event streams: every path that changes a user publishes it, deliveries that fail are repeated.

use axum::http::{Method, StatusCode};
use postlogin_core::Trigger;
use postlogin_project::TenantData;
use serde_json::{Value, json};

use crate::support::{Does, Script, World, export, run};
use crate::triggers::{DATABASE, logged, sign_up};

fn stream(types: &[&str]) -> Value {
    let types: Vec<Value> = types.iter().map(|it| json!({"event_type": it})).collect();
    json!({
        "name": "users", "status": "enabled", "subscriptions": types,
        "destination": {"type": "action", "configuration": {"action_id": "to-crm"}},
    })
}

fn subscribed(types: &[&str]) -> TenantData {
    let mut data = export();
    data.event_streams = vec![
        stream(types),
        json!({
            "name": "other", "subscriptions": [{"event_type": "organization.created"}],
            "destination": {"type": "action", "configuration": {"action_id": "to-crm"}},
        }),
        json!({"name": "hook", "subscriptions": [{"event_type": "user.created"}], "destination": {"type": "webhook"}}),
    ];
    data
}

fn world(types: &[&str], script: Script) -> World {
    let world = World::with(subscribed(types), vec![]);
    does(&world, script);
    world
}

fn does(world: &World, script: Script) {
    let mut others = world.pipeline.others.lock().unwrap();
    others.insert(Trigger::EventStream, script);
}

/// The messages that the Action got.
fn sent(world: &World) -> Vec<Value> {
    let seen = world.pipeline.seen.lock().unwrap();
    let sent = seen.iter().filter(|(it, _)| *it == Trigger::EventStream);
    sent.map(|(_, event)| event["message"].clone()).collect()
}

#[test]
fn a_delivery_that_fails_is_repeated_after_one_two_and_four_seconds() {
    run(async {
        let down = vec![vec![Does::Throw("down")]];
        let mut world = world(&["user.created", "user.deleted"], down);
        assert_eq!(
            sign_up(&mut world, "ann@example.com").await.status,
            StatusCode::OK
        );
        let failed = logged(&mut world, "event-stream", 4).await;
        assert_eq!(failed.len(), 4);
        assert!(failed.iter().all(|it| it["outcome"]["status"] == "failed"));
        // The tenant's clock stands still: the waits are virtual.
        let seconds: Vec<&str> = failed
            .iter()
            .map(|it| &it["date"].as_str().unwrap()[17..19])
            .collect();
        let first: u32 = seconds[0].parse().unwrap();
        let after = |by: u32| format!("{:02}", (first + by) % 60);
        assert_eq!(
            seconds,
            [&after(0), &after(1), &after(3), &after(7)],
            "{failed:?}"
        );
        let messages = sent(&world);
        // All attempts have the same id.
        assert_eq!(messages.len(), 4);
        assert!(messages.iter().all(|it| it["id"] == messages[0]["id"]));
    });
}

#[test]
fn a_running_clock_waits_for_real_and_a_success_ends_the_attempts() {
    run(async {
        let mut world = world(&["user.created"], vec![vec![Does::Throw("down")]]);
        let body = json!({"freeze": false});
        let answer = world.control(Method::POST, "clock", body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let began = std::time::Instant::now();
        sign_up(&mut world, "ann@example.com").await;
        assert_eq!(logged(&mut world, "event-stream", 1).await.len(), 1);
        does(&world, vec![vec![]]);
        let all = logged(&mut world, "event-stream", 2).await;
        assert_eq!(all[1]["outcome"]["status"], "allowed");
        assert!(
            began.elapsed().as_millis() >= 1_000,
            "{:?}",
            began.elapsed()
        );
    });
}

#[test]
fn events_have_what_happened_and_the_user() {
    run(async {
        let mut world = world(&["user.created", "user.deleted"], vec![vec![]]);
        sign_up(&mut world, "ann@example.com").await;
        logged(&mut world, "event-stream", 1).await;
        let created = sent(&world).remove(0);
        assert_eq!(created["type"], "user.created");
        assert_eq!(created["specversion"], "1.0");
        assert_eq!(created["data"]["object"]["email"], "ann@example.com");
        let id = created["data"]["object"]["user_id"].as_str().unwrap();
        let target = format!("/api/v2/users/{}", id.replace('|', "%7C"));
        let token = world.machine_token(None).await;
        world
            .json_as(Method::DELETE, &target, &token, Value::Null)
            .await;
        logged(&mut world, "event-stream", 2).await;
        let messages = sent(&world);
        assert_eq!(messages[1]["type"], "user.deleted");
        assert_ne!(messages[1]["id"], messages[0]["id"]);
        assert_eq!(messages[1]["data"]["object"]["user_id"], id);
    });
}

#[test]
fn every_path_that_changes_a_user_publishes_it() {
    run(async {
        let mut world = world(&["user.updated"], vec![vec![]]);
        let mut count = 0;
        // An Action of a login that stores metadata.
        world.script(vec![vec![Does::Call(
            "user.setUserMetadata",
            json!(["seen", true]),
        )]]);
        world.log_in(&[]).await;
        count += 1;
        let log = logged(&mut world, "event-stream", count).await;
        assert_eq!(log.len(), count);
        // The next login changes counters, and no more.
        world.script(vec![vec![]]);
        world.cookies.clear();
        world.log_in(&[]).await;
        // The Management API.
        let token = world.machine_token(None).await;
        let body = json!({"name": "Jane D."});
        world
            .json_as(Method::PATCH, "/api/v2/users/auth0%7C1", &token, body)
            .await;
        count += 1;
        assert_eq!(logged(&mut world, "event-stream", count).await.len(), count);
        // Two users become one, and two again.
        let body = json!({"provider": "auth0", "user_id": "2"});
        let target = "/api/v2/users/auth0%7C1/identities";
        let answer = world.json_as(Method::POST, target, &token, body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        count += 1;
        assert_eq!(logged(&mut world, "event-stream", count).await.len(), count);
        let target = format!("{target}/auth0/2");
        let answer = world
            .json_as(Method::DELETE, &target, &token, Value::Null)
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        count += 1;
        assert_eq!(logged(&mut world, "event-stream", count).await.len(), count);
        // The link of a reset.
        let body = json!({"client_id": crate::support::WEB, "connection": DATABASE, "email": "jane@example.com"});
        world
            .json_as(Method::POST, "/dbconnections/change_password", "", body)
            .await;
        let mails = world.mails().await;
        let url = mails.last().unwrap()["url"].as_str().unwrap().to_owned();
        let (_, ticket) = url.split_once("ticket=").unwrap();
        world
            .form(
                "/u/ticket",
                &[("ticket", ticket), ("password", "new-Long-secret-1")],
            )
            .await;
        count += 1;
        assert_eq!(logged(&mut world, "event-stream", count).await.len(), count);
        // Multi-factor authentication is taken away.
        let target = "/api/v2/users/auth0%7C1/multifactor/google-authenticator";
        world
            .json_as(Method::DELETE, target, &token, Value::Null)
            .await;
        count += 1;
        assert_eq!(logged(&mut world, "event-stream", count).await.len(), count);
        let messages = sent(&world);
        assert!(messages.iter().all(|it| it["type"] == "user.updated"));
        let about = |it: &Value| it["data"]["object"]["user_id"].clone();
        assert!(messages.iter().all(|it| about(it) == "auth0|1"));
        // Each has the user as it was: <https://auth0.github.io/node-auth0/interfaces/index.Management.EventStreamCloudEventUserUpdatedData.html>.
        let before = |it: &Value| it["data"]["previous_object"].clone();
        assert!(messages.iter().all(|it| before(it)["user_id"] == "auth0|1"));
        let renamed = messages
            .iter()
            .find(|it| it["data"]["object"]["name"] == "Jane D.");
        assert_ne!(before(renamed.unwrap())["name"], "Jane D.");
        let stream = messages[0]["a0stream"].as_str().unwrap_or_default();
        assert!(stream.starts_with("est_") && stream.len() == 20, "{stream}");
    });
}

#[test]
fn organizations_members_and_connections_are_published_as_they_change() {
    run(async {
        let types = [
            "organization.created",
            "organization.updated",
            "organization.deleted",
            "organization.member.added",
            "organization.member.deleted",
            "organization.member.role.assigned",
            "organization.member.role.deleted",
            "organization.connection.added",
            "organization.connection.removed",
            "connection.created",
            "connection.deleted",
        ];
        let mut data = subscribed(&types);
        data.event_streams.truncate(1);
        let mut world = World::with(data, vec![]);
        does(&world, vec![vec![]]);
        let token = world.machine_token(None).await;
        let mut made: Vec<(Method, String, Value)> = Vec::new();
        let body = json!({"name": "globex", "metadata": {"tier": "a"}});
        let org = world
            .json_as(Method::POST, "/api/v2/organizations", &token, body)
            .await
            .json();
        let org = format!(
            "/api/v2/organizations/{}",
            org["id"].as_str().expect("an id")
        );
        let body =
            json!({"name": "crm", "strategy": "oidc", "options": {"client_secret": "hidden"}});
        let connection = world
            .json_as(Method::POST, "/api/v2/connections", &token, body)
            .await
            .json();
        let connection = connection["id"].as_str().expect("an id").to_owned();
        let role = world.get_as("/api/v2/roles", &token).await.json()[0]["id"].clone();
        let members = json!({"members": ["auth0|1"]});
        let roles = json!({"roles": [role]});
        let enabled = json!({"connection_id": connection, "assign_membership_on_login": true});
        let mut add = |method: Method, path: String, body: Value| made.push((method, path, body));
        add(
            Method::PATCH,
            org.clone(),
            json!({"display_name": "Globex"}),
        );
        add(Method::POST, format!("{org}/members"), members.clone());
        // Whoever is a member is not added again.
        add(Method::POST, format!("{org}/members"), members.clone());
        let of_member = format!("{org}/members/auth0%7C1/roles");
        add(Method::POST, of_member.clone(), roles.clone());
        add(Method::DELETE, of_member, roles);
        add(Method::DELETE, format!("{org}/members"), members);
        let of_org = format!("{org}/enabled_connections");
        add(Method::POST, of_org.clone(), enabled);
        add(
            Method::DELETE,
            format!("{of_org}/{connection}"),
            Value::Null,
        );
        add(Method::DELETE, org.clone(), Value::Null);
        add(
            Method::DELETE,
            format!("/api/v2/connections/{connection}"),
            Value::Null,
        );
        for (method, path, body) in made {
            let answer = world.json_as(method, &path, &token, body).await;
            assert!(answer.status.is_success(), "{path}: {}", answer.text);
        }
        logged(&mut world, "event-stream", 11).await;
        let sent = sent(&world);
        let mut kinds: Vec<&str> = sent.iter().filter_map(|it| it["type"].as_str()).collect();
        kinds.sort_unstable();
        let mut expected = types.to_vec();
        expected.sort_unstable();
        assert_eq!(kinds, expected);
        let object = |kind: &str| {
            let of = sent.iter().find(|it| it["type"] == kind);
            of.expect("it was sent")["data"]["object"].clone()
        };
        assert_eq!(object("organization.created")["metadata"]["tier"], "a");
        assert_eq!(object("organization.updated")["display_name"], "Globex");
        let assigned = object("organization.member.role.assigned");
        assert_eq!(assigned["organization"]["name"], "globex");
        assert_eq!(assigned["user"], json!({"user_id": "auth0|1"}));
        assert_eq!(assigned["role"], json!({"id": role, "name": "editor"}));
        let added = object("organization.connection.added");
        assert_eq!(added["connection"]["id"], connection.as_str());
        assert_eq!(added["assign_membership_on_login"], true);
        assert!(sent.iter().all(|it| !it.to_string().contains("hidden")));
        // The documented form of an id.
        let id = sent[0]["id"].as_str().expect("an id");
        let letters = id.strip_prefix("evt_").expect("the prefix");
        assert!(letters.len() == 22 && letters.chars().all(|it| it.is_ascii_alphanumeric()));
    });
}

/// One request may delete more users than may wait for their delivery.
#[test]
fn events_that_find_no_place_are_counted_in_the_log() {
    run(async {
        let mut data = subscribed(&["user.deleted"]);
        data.connections
            .push(json!({"id": "con_bulkbulkbulkbulk", "name": "bulk", "strategy": "auth0"}));
        let mut world = World::with(data, vec![]);
        does(&world, vec![]);
        let users: Vec<Value> = (0..1_100)
            .map(|at| json!({"connection": "bulk", "email": format!("u{at}@example.com")}))
            .collect();
        let made = world.control(Method::POST, "users", json!(users)).await;
        assert!(made.status.is_success(), "{}", made.text);
        let token = world.machine_token(None).await;
        let path = "/api/v2/connections/con_bulkbulkbulkbulk";
        let gone = world
            .json_as(Method::DELETE, path, &token, Value::Null)
            .await;
        assert!(gone.status.is_success(), "{}", gone.text);
        let errors: Vec<Value> = world
            .log()
            .await
            .into_iter()
            .filter(|entry| entry["type"] == "event-stream" && entry["error"].is_string())
            .map(|entry| entry["error"].clone())
            .collect();
        assert_eq!(
            errors,
            ["at most 1000 events wait for their delivery: 100 more were dropped"]
        );
    });
}
