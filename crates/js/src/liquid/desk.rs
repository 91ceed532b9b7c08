//! The host's side of the renderer: gives it its two files, and takes what it renders.

use std::sync::{Mutex, PoisonError};

use postlogin_engine::{Keyword, ModuleFile, ModuleFormat, ModuleSource, Refusal, Resolved};

/// LiquidJS as published.
pub(super) const LIQUIDJS: &str = include_str!("../../liquidjs/liquid.node.js");
const RENDERER: &str = include_str!("../../liquidjs/renderer.js");

const RENDERER_PATH: &str = "/home/action/node_modules/renderer/renderer.js";
const LIQUIDJS_PATH: &str = "/home/action/node_modules/liquidjs/dist/liquid.node.js";

/// The most bytes that a sandbox may pass on: three texts of the longest kind.
const MOST_BYTES: usize = 12 << 20;

/// The output of the renderer so far.
#[derive(Debug, Default)]
pub(super) struct Received {
    /// The text of each template that was begun.
    pub(super) texts: Vec<String>,
    /// A JSON object about the template that failed; empty when none did.
    pub(super) error: String,
    /// Whether the renderer reached its end.
    pub(super) is_complete: bool,
    bytes: usize,
}

/// Answers the questions of one sandbox.
#[derive(Debug, Default)]
pub(super) struct Desk {
    received: Mutex<Received>,
}

impl Desk {
    pub(super) fn take(&self) -> Received {
        std::mem::take(&mut *self.received.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes one piece; `None` for what is none, or for more than a sandbox may pass on.
    fn receive(&self, specifier: &str) -> Option<()> {
        let (kind, piece) = specifier.split_once(':')?;
        let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.bytes = received.bytes.saturating_add(specifier.len());
        if received.bytes > MOST_BYTES {
            return None;
        }
        match kind {
            "begin" => received.texts.push(String::new()),
            "text" => received.texts.last_mut()?.push_str(piece),
            "error" => received.error.push_str(piece),
            "end" => received.is_complete = true,
            _ => return None,
        }
        Some(())
    }
}

impl ModuleSource for Desk {
    fn resolve(&self, importer: &str, specifier: &str, _: Keyword) -> Resolved {
        let path = match (importer, specifier) {
            ("", "renderer") => Some(RENDERER_PATH),
            (RENDERER_PATH, "liquidjs") => Some(LIQUIDJS_PATH),
            (RENDERER_PATH, piece) => self.receive(piece).map(|()| RENDERER_PATH),
            _ => None,
        };
        Resolved {
            path: path
                .map(str::to_owned)
                .ok_or_else(|| Refusal::not_found("of the renderer")),
            notices: Vec::new(),
        }
    }

    fn load(&self, path: &str) -> Result<ModuleFile, Refusal> {
        let code = match path {
            RENDERER_PATH => RENDERER,
            LIQUIDJS_PATH => LIQUIDJS,
            _ => return Err(Refusal::not_found(path)),
        };
        Ok(ModuleFile {
            format: ModuleFormat::CommonJs,
            code: code.into(),
        })
    }
}
