//! The changes of an edit of the project's files, as logins see them.

use std::sync::Arc;

use postlogin_core::Trigger;
use postlogin_engine::BoundAction;
use postlogin_project::TenantData;

use super::program::Program;

/// The result of looking at files that were edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reload {
    /// The number of Rules and Actions that run now.
    pub count: usize,
    /// Those that are new, gone or different, by name; and triggers whose order is another.
    pub scripts: Vec<String>,
    /// The parts of the export that are different and that a running tenant has read before, as an export calls them.
    pub at_start: Vec<&'static str>,
}

impl Reload {
    /// Compares the program of before, if it could be loaded, with the one of now.
    pub(super) fn of(before: &Result<Arc<Program>, String>, now: &Program) -> Self {
        match before {
            Ok(before) => Self::between(before, now),
            // What logins ran before the files were broken is not known any more.
            Err(_) => Self {
                at_start: Vec::new(),
                ..Self::between(&Program::default(), now)
            },
        }
    }

    fn between(before: &Program, now: &Program) -> Self {
        let mut scripts = Vec::new();
        for trigger in Trigger::ALL {
            let (was, is) = (before.of(*trigger), now.of(*trigger));
            let known = scripts.len();
            compare(was.iter(), is.iter(), &mut scripts);
            let names = |bound: &[BoundAction]| -> Vec<String> {
                bound.iter().map(|it| it.info.name.clone()).collect()
            };
            if scripts.len() == known && names(was) != names(is) {
                scripts.push(format!("the order of {}", trigger.id()));
            }
        }
        compare(
            before.of_entities.values(),
            now.of_entities.values(),
            &mut scripts,
        );
        compare(
            before.connections.values(),
            now.connections.values(),
            &mut scripts,
        );
        scripts.sort_unstable();
        scripts.dedup();
        Self {
            count: now.len(),
            scripts,
            at_start: sections(&before.tenant, &now.tenant),
        }
    }
}

/// Adds the names of what only one of the two has.
fn compare<'a>(
    before: impl Iterator<Item = &'a BoundAction>,
    now: impl Iterator<Item = &'a BoundAction>,
    found: &mut Vec<String>,
) {
    let keys = |bound: &'a BoundAction| {
        let info = &bound.info;
        let secrets: Vec<&String> = info.secrets.keys().collect();
        (
            &info.name,
            &info.fingerprint,
            secrets,
            info.broken.is_some(),
        )
    };
    let before: Vec<_> = before.map(keys).collect();
    let now: Vec<_> = now.map(keys).collect();
    let gone = before.iter().filter(|it| !now.contains(it));
    let new = now.iter().filter(|it| !before.contains(it));
    found.extend(gone.chain(new).map(|(name, ..)| (*name).clone()));
}

/// Returns the parts of the configuration that differ and are read when a tenant starts.
fn sections(before: &TenantData, now: &TenantData) -> Vec<&'static str> {
    let pairs = [
        ("tenant", before.settings == now.settings),
        ("clients", before.clients == now.clients),
        (
            "resourceServers",
            before.resource_servers == now.resource_servers,
        ),
        ("clientGrants", before.client_grants == now.client_grants),
        ("roles", before.roles == now.roles),
        ("connections", before.connections == now.connections),
        ("organizations", before.organizations == now.organizations),
        (
            "emailTemplates",
            before.email_templates == now.email_templates,
        ),
        (
            "tokenExchangeProfiles",
            before.token_exchange_profiles == now.token_exchange_profiles,
        ),
        ("eventStreams", before.event_streams == now.event_streams),
    ];
    let different = pairs.into_iter().filter(|(_, is_same)| !is_same);
    different.map(|(name, _)| name).collect()
}
