//! The expectations of a case about the outcome.

use std::sync::LazyLock;

use postlogin_core::Trigger;
use postlogin_core::event::suggest::closest;
use postlogin_core::outcome::{Effects, Status};

use crate::document::node::{Entry, Node, NodeValue, Place};
use crate::shapes::Shapes;
use crate::units::{parse_duration, parse_size};

/// An expectation about the outcome.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Expect {
    /// Each key that was given, in the order of the file.
    pub expectations: Vec<Expectation>,
    /// Objects and lists are compared as a whole.
    pub exactly: bool,
}

/// One key of `expect`.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// Which.
    pub key: Key,
    /// The expected value, in the shape that the key asks for.
    pub value: Node,
    /// Where the key stands.
    pub place: Place,
}

/// The subjects of expectations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// The status of the login.
    Status,
    /// Why it was denied or failed.
    Reason,
    /// Claims of the ID token.
    IdToken,
    /// Claims of the access token.
    AccessToken,
    /// The answer of `/userinfo`.
    Userinfo,
    /// Metadata after the login.
    UserMetadata,
    /// Metadata after the login.
    AppMetadata,
    /// Calls of the api.
    Commands,
    /// Claims that were dropped.
    Dropped,
    /// The log.
    Logs,
    /// The fault that ended the login.
    Error,
    /// Where the browser is sent.
    Redirect,
    /// The OAuth error code of a denial.
    Code,
    /// The requests of Actions of a trigger other than post-login to the platform.
    Effects,
    /// The notices.
    Notices,
    /// The most time that the Actions take together.
    Duration,
    /// The most memory that an Action uses.
    Memory,
    /// The most bytes of the signed ID token.
    IdTokenSize,
    /// The most bytes of the signed access token.
    AccessTokenSize,
}

/// The shape of what is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// One of the statuses.
    Status,
    /// An object, matched as a subset.
    Object,
    /// The same with some of these keys and no others.
    Only(&'static [&'static str]),
    /// A pattern or `null`.
    Text,
    /// A duration or a size that is not passed.
    AtMost,
    /// A list of patterns, or of objects with some of these keys.
    List(&'static [&'static str]),
    /// A pattern, `null`, or an object with some of these keys.
    Parts(&'static [&'static str]),
}

pub(super) struct ExpectKey {
    pub(super) name: &'static str,
    pub(super) key: Key,
    pub(super) shape: Shape,
    pub(super) note: &'static str,
}

const fn key(name: &'static str, key: Key, shape: Shape, note: &'static str) -> ExpectKey {
    ExpectKey {
        name,
        key,
        shape,
        note,
    }
}

pub(super) const STATUSES: &[&str] = &[
    "allowed",
    "denied",
    "redirected",
    "prompted",
    "challenged",
    "failed",
];

pub(super) const EXPECT: &[ExpectKey] = &[
    key("status", Key::Status, Shape::Status, "How the login ends"),
    key(
        "reason",
        Key::Reason,
        Shape::Text,
        "Why it was denied or failed; `*` matches anything",
    ),
    key(
        "code",
        Key::Code,
        Shape::Text,
        "The OAuth error code of a denial; `*` matches anything",
    ),
    key(
        "id_token",
        Key::IdToken,
        Shape::Object,
        "Claims of the ID token; `null` for one that must be absent",
    ),
    key(
        "access_token",
        Key::AccessToken,
        Shape::Object,
        "Claims of the access token; `null` for one that must be absent",
    ),
    key(
        "userinfo",
        Key::Userinfo,
        Shape::Object,
        "What /userinfo answers",
    ),
    key(
        "user_metadata",
        Key::UserMetadata,
        Shape::Object,
        "user_metadata after the login",
    ),
    key(
        "app_metadata",
        Key::AppMetadata,
        Shape::Object,
        "app_metadata after the login",
    ),
    key(
        "effects",
        Key::Effects,
        Shape::Only(Effects::PARTS),
        "What Actions of other triggers ask for: user_id, exchange_user, notification, …; `null` for what must be absent",
    ),
    key(
        "commands",
        Key::Commands,
        Shape::List(&["method", "args", "action"]),
        "Calls of api methods that are made, in this order",
    ),
    key(
        "dropped",
        Key::Dropped,
        Shape::List(&["name", "token", "rule", "action"]),
        "Claims that were set and dropped",
    ),
    key(
        "logs",
        Key::Logs,
        Shape::List(&["message", "level", "action"]),
        "What the Actions print, in this order; `*` matches anything",
    ),
    key(
        "error",
        Key::Error,
        Shape::Parts(&["name", "message", "action"]),
        "The error that ends the login; `*` matches anything",
    ),
    key(
        "redirect",
        Key::Redirect,
        Shape::Parts(&["url"]),
        "Where the browser is sent; `*` matches anything",
    ),
    key(
        "notices",
        Key::Notices,
        Shape::List(&["code", "message"]),
        "Codes of notices",
    ),
    key(
        "duration",
        Key::Duration,
        Shape::AtMost,
        "The most time that the Actions may take together, as measured: 500ms",
    ),
    key(
        "memory",
        Key::Memory,
        Shape::AtMost,
        "The most memory that an Action may use: 64MiB",
    ),
    key(
        "id_token_size",
        Key::IdTokenSize,
        Shape::AtMost,
        "The most that the signed ID token may have: 4KiB",
    ),
    key(
        "access_token_size",
        Key::AccessTokenSize,
        Shape::AtMost,
        "The most that the signed access token may have: 8KiB",
    ),
];

/// The key that turns off subsets.
pub(super) const EXACTLY: &str = "exactly";

impl Key {
    /// The key as it is written.
    pub fn name(self) -> &'static str {
        EXPECT
            .iter()
            .find(|known| known.key == self)
            .map_or("", |known| known.name)
    }
}

impl Expect {
    /// Whether a login that fails is what the case wants to see.
    pub fn wants_failure(&self) -> bool {
        self.expectations.iter().any(|expected| match expected.key {
            Key::Status => expected.value.as_text() == Some("failed"),
            Key::Error => expected.value.value != NodeValue::Null,
            _ => false,
        })
    }

    /// Returns the expected status, if the case gives one.
    pub fn status(&self) -> Option<Status> {
        let expected = self
            .expectations
            .iter()
            .find(|expected| expected.key == Key::Status)?;
        serde_json::from_value(expected.value.to_value()).ok()
    }
}

pub(super) fn read(node: &Node, shapes: &mut Shapes) -> Expect {
    let mut expect = Expect::default();
    let Some(entries) = shapes.object(node, "`expect`") else {
        return expect;
    };
    let known: Vec<&str> = EXPECT
        .iter()
        .map(|known| known.name)
        .chain([EXACTLY])
        .collect();
    shapes.only(entries, &known, "`expect`");
    for entry in entries {
        if entry.key == EXACTLY {
            expect.exactly = shapes.boolean(&entry.value, "`exactly`").unwrap_or(false);
        } else if let Some(known) = EXPECT.iter().find(|known| known.name == entry.key) {
            check(entry, known, shapes);
            expect.expectations.push(Expectation {
                key: known.key,
                value: entry.value.clone(),
                place: entry.place.clone(),
            });
        }
    }
    expect
}

fn check(entry: &Entry, known: &ExpectKey, shapes: &mut Shapes) {
    let what = format!("`{}`", known.name);
    let node = &entry.value;
    match known.shape {
        Shape::Status => {
            shapes.word(node, STATUSES, &what);
        }
        Shape::Object => {
            shapes.object(node, &what);
        }
        Shape::Only(names) => {
            if let Some(entries) = shapes.object(node, &what) {
                shapes.only(entries, names, &what);
                let metadata = entries.iter().find(|entry| entry.key == "metadata");
                if let Some(Node {
                    value: NodeValue::Object(parts),
                    ..
                }) = metadata.map(|entry| &entry.value)
                {
                    let names = ["user_metadata", "app_metadata"];
                    shapes.only(parts, &names, "`metadata` of `effects`");
                }
            }
        }
        Shape::Text if node.value == NodeValue::Null => {}
        Shape::Text => {
            shapes.text(node, &what);
        }
        Shape::AtMost if known.key == Key::Duration => {
            shapes.parsed(node, &what, parse_duration);
        }
        Shape::AtMost => {
            shapes.parsed(node, &what, parse_size);
        }
        Shape::Parts(parts) => match &node.value {
            NodeValue::Null | NodeValue::Text(_) => {}
            NodeValue::Object(entries) => check_parts(entries, parts, &what, shapes),
            _ => {
                shapes.text(node, &what);
            }
        },
        Shape::List(parts) => {
            for item in shapes.list(node, &what).unwrap_or_default() {
                match &item.value {
                    NodeValue::Object(entries) => check_parts(entries, parts, &what, shapes),
                    _ => {
                        shapes.text(item, &format!("an item of {what}"));
                    }
                }
                if known.key == Key::Commands {
                    check_method(item, shapes);
                }
            }
        }
    }
}

fn check_parts(entries: &[Entry], parts: &[&'static str], what: &str, shapes: &mut Shapes) {
    shapes.only(entries, parts, what);
    for entry in entries {
        if entry.key == "args" {
            shapes.list(&entry.value, "`args`");
        } else if parts.contains(&entry.key.as_str()) {
            shapes.text(&entry.value, &format!("`{}` of {what}", entry.key));
        }
    }
}

/// A method that the api does not have is never called.
fn check_method(item: &Node, shapes: &mut Shapes) {
    static METHODS: LazyLock<Vec<String>> = LazyLock::new(|| {
        // A case may be of any trigger; a method that several have stands once more, which does no harm.
        Trigger::ALL
            .iter()
            .flat_map(|trigger| trigger.methods())
            .map(|method| format!("{}.{}", method.namespace, method.name))
            .collect()
    });
    let node = item.get("method").unwrap_or(item);
    let Some(name) = node.as_text().filter(|name| !name.contains('*')) else {
        return;
    };
    if METHODS.iter().any(|method| method == name) {
        return;
    }
    let bare = name.strip_prefix("api.").unwrap_or(name);
    let near = closest(bare, METHODS.iter().map(String::as_str));
    let error = node.place.error(format!("the api has no method `{name}`"));
    shapes.refuse(match near {
        Some(near) => error.with_hint(format!("did you mean `{near}`?")),
        None => error.with_hint("methods are written as idToken.setCustomClaim"),
    });
}
