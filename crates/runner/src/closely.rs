//! A closer look at a login, for the page and for `explain`: the lines that ran, the conditions that were met, the requests.

use std::sync::Arc;

use postlogin_core::explanation::ClaimSites;
use postlogin_core::redact::Mask;
use postlogin_host::Traffic;
use postlogin_host::traffic::AnsweredBy;
use postlogin_js::coverage::Coverage;
use postlogin_page::{LineCount, RequestEntry};
use postlogin_project::ActionSource;

use crate::texts::claim_sites_of_all;

/// The counters of sources, each at the place of its source; `None` for one that is not counted.
#[derive(Debug, Default)]
pub struct Counters(Vec<Option<Arc<Coverage>>>);

impl Counters {
    /// Finds the counters of each source. One file may be loaded several times: each has counters of its own, in the same order.
    pub fn of<'a>(
        sources: impl IntoIterator<Item = &'a ActionSource>,
        mut counters: Vec<Arc<Coverage>>,
    ) -> Self {
        let own = sources.into_iter().map(|source| {
            let is_of = |one: &Arc<Coverage>| one.file() == source.display_path;
            let at = counters.iter().position(is_of)?;
            Some(counters.remove(at))
        });
        Self(own.collect())
    }

    /// Forgets the counts of earlier logins.
    pub fn forget(&self) {
        self.0.iter().flatten().for_each(|counted| counted.forget());
    }

    /// Returns the places in the sources that set claims, with what was seen of their conditions. `sources` are some of those of
    /// [`Counters::of`], each with its index there.
    pub fn sites<'a>(
        &self,
        sources: impl IntoIterator<Item = (usize, &'a ActionSource)>,
    ) -> ClaimSites {
        let mut all = ClaimSites::default();
        for (index, source) in sources {
            let counted = self.0.get(index).and_then(Option::as_ref);
            let ClaimSites { sites, omitted } = match counted {
                Some(counted) => counted.claim_sites(&source.name),
                None => claim_sites_of_all([source]),
            };
            all.sites.extend(sites);
            all.omitted += omitted;
        }
        all
    }

    /// Returns the lines that ran and those that did not, of the files of sources of which anything ran, or of all.
    #[must_use]
    pub fn lines(&self) -> Vec<LineCount> {
        let mut found: Vec<LineCount> = Vec::new();
        for file in self.0.iter().flatten().flat_map(|counted| counted.files()) {
            let functions = file.functions.iter();
            let own = LineCount {
                functions: functions.map(|(_, line, count)| (*line, *count)).collect(),
                file: file.file,
                lines: file.lines,
            };
            match found.iter_mut().find(|known| known.file == own.file) {
                Some(known) => join(known, own),
                None => found.push(own),
            }
        }
        found
    }
}

/// Adds the counts of the same file, which was loaded once more, or of another part of it.
fn join(known: &mut LineCount, other: LineCount) {
    let add = |known: &mut Vec<(u32, u32)>, other: Vec<(u32, u32)>| {
        for (line, count) in other {
            match known.iter_mut().find(|(known, _)| *known == line) {
                Some((_, sum)) => *sum = sum.saturating_add(count),
                None => known.push((line, count)),
            }
        }
        known.sort_unstable();
    };
    add(&mut known.lines, other.lines);
    add(&mut known.functions, other.functions);
}

/// Returns the requests of a login for the page, without secrets and credentials.
#[must_use]
pub fn requests(traffic: &Traffic, mask: &Mask) -> Vec<RequestEntry> {
    let (shown, _) = traffic.shown(mask);
    let entries = shown.into_iter().map(|it| RequestEntry {
        answered_by: match it.by {
            AnsweredBy::Mock(index) => format!("mock {}", index + 1),
            AnsweredBy::Recording(index) => format!("recording {}", index + 1),
            AnsweredBy::Network => "network".to_owned(),
            AnsweredBy::Nothing => "nothing".to_owned(),
        },
        action: it.action,
        method: it.method,
        url: it.url,
        headers: it.headers,
        body: it.body,
        status: it.status,
        error: it.error,
        response_headers: it.response_headers,
        response_body: it.response_body,
        ms: it.ms,
    });
    entries.collect()
}
