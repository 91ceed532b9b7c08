//! Whole commands: what the program prints, on which stream, and how it exits.
//!
//! Snapshots hold exit code, stdout and stderr. Only what a run costs is taken out of them (`[time]`, `[memory]`).

mod amounts;
mod bad_input;
mod bad_repositories;
mod browsers;
mod build;
mod caches;
mod ceilings;
mod check;
mod clients;
mod compare;
mod compare_failures;
mod determinism;
#[cfg(unix)]
mod docs;
mod docs_reference;
mod email;
mod event;
mod explain;
mod explain_conditions;
mod explain_reasons;
mod faults;
mod fidelity;
mod foreign_checkout;
mod forged;
#[cfg(target_os = "linux")]
mod full_disk;
mod handlers;
mod hostile_files;
mod http;
mod http_client;
mod imported;
mod init;
mod limits;
mod mcp;
mod modules;
mod one_bad_action;
mod page;
mod page_more;
mod pending;
mod project;
mod record;
mod replay;
mod replay_input;
mod replay_parts;
mod replay_recall;
mod replay_recall_generated;
mod replay_worker;
mod repositories;
mod rules;
mod rust_action;
mod samples;
mod schema;
mod secrets;
mod serve;
mod serve_browser;
mod serve_cache;
mod serve_load;
mod serve_log;
mod serve_seed;
mod serve_tls;
mod server;
mod session;
mod source_maps;
mod state;
mod streams;
mod support;
mod suspension;
#[cfg(target_os = "linux")]
mod terminal;
mod test_cases;
mod test_coverage;
mod test_fuzz;
mod test_input;
mod test_reports;
#[cfg(target_os = "linux")]
mod test_review;
mod test_snapshots;
mod test_watch;
mod together;
mod token_size;
mod tokens;
mod triggers;
mod unused;
