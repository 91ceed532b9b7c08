//! The tenant without sockets: requests go straight into its router, and a pipeline that a test writes down runs the
//! trigger.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod support;

mod scripted;

mod asked_for;
mod assertion;
mod attack_addresses;
mod attack_codes;
mod attack_pages;
mod attack_tokens;
mod attacks;
mod authenticators;
mod authorize;
mod codes;
mod commands;
mod configuration;
mod configuration_kept;
mod consent;
mod control;
mod cross_origin;
mod defaults;
mod dpop;
mod errors;
mod exchange;
mod exported;
mod extra;
mod factors;
mod identifiers;
mod identities;
mod issuers;
mod jobs;
mod linking;
mod logs;
mod machine;
mod malformed;
mod management;
mod management_attacks;
mod metadata;
mod mfa;
mod noticed;
mod organization_connections;
mod organization_prompt;
mod organizations;
mod page;
mod pages;
mod par;
mod passwordless;
mod phone;
mod provider;
mod refresh;
mod restart;
mod sessions;
mod signing;
mod stored;
mod streams;
mod stricter;
mod taking_in;
mod tickets;
mod token;
mod transfer;
mod triggers;
mod user_tokens;
mod users;
