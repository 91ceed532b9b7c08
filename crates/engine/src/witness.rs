//! A sandbox in which the time stands still, and that notices whether what runs there asks for anything of the world outside.
//!
//! The memory afterwards may be the beginning of any login only if nothing has asked.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use postlogin_core::{Login, LoginInput};
use postlogin_host::{Budget, Clock, Conditions, Door, Flow, Request, Verdict, network::Closed};
use serde_json::json;

use crate::{
    guest::Probe,
    modules::{Keyword, ModuleFile, ModuleSource, NoModules, Refusal, Resolved},
    sandbox::Sandbox,
    wasi,
};

/// Notices what leaves a sandbox. Clones notice for each other.
#[derive(Debug, Clone)]
pub(crate) struct Witness(Arc<AtomicBool>);

impl Witness {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// Whether the guest has asked for the time, for chance or for the network, or has printed.
    pub(crate) fn was_touched(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn touch(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Returns a sandbox that is watched. Asking for modules is not noticed.
    pub(crate) fn sandbox(&self, modules: Arc<dyn ModuleSource>) -> Sandbox {
        let mut sandbox = frozen(self, modules).watched_by(Some(Arc::new(self.clone())));
        sandbox.wasi = wasi::frozen_context(&self.0, sandbox.stderr.clone());
        sandbox
    }

    /// Returns a sandbox that is watched, in which asking for modules is noticed as well.
    pub(crate) fn sandbox_without_modules(&self) -> Sandbox {
        self.sandbox(Arc::new(self.clone()))
    }
}

/// Returns a sandbox whose clock stands still at the epoch. Only the network is watched.
pub(crate) fn frozen(witness: &Witness, modules: Arc<dyn ModuleSource>) -> Sandbox {
    let input = LoginInput {
        event: json!({}),
        ..LoginInput::default()
    };
    let conditions = Conditions {
        clock: Arc::new(Clock::new(0, Flow::Virtual)),
        seed: 0,
        door: Arc::new(witness.clone()),
        budget: Budget {
            memory: 1 << 30,
            ..Budget::default()
        },
    };
    Sandbox::new(
        Login::new(input, Vec::new()),
        &conditions,
        std::time::Duration::ZERO,
        0,
        None,
        modules,
    )
}

impl Probe for Witness {
    fn takes(&self, _: &str) -> bool {
        self.touch();
        true
    }
}

impl Door for Witness {
    fn send(&self, request: &Request) -> Verdict {
        self.touch();
        Closed.send(request)
    }
}

impl ModuleSource for Witness {
    fn resolve(&self, importer: &str, specifier: &str, keyword: Keyword) -> Resolved {
        self.touch();
        NoModules.resolve(importer, specifier, keyword)
    }

    fn load(&self, path: &str) -> Result<ModuleFile, Refusal> {
        self.touch();
        NoModules.load(path)
    }
}
