//! Who renders templates for the tenant: it knows no template language itself.

use std::fmt;

use serde_json::Value;

/// Renders Liquid templates. The tenant calls it on a thread that may block, one mail at a time.
pub trait TemplateRenderer: Send + Sync {
    /// Returns the texts of the templates, in their order.
    ///
    /// # Errors
    /// The first template that is not valid or that exceeds a limit of time, memory, nesting or output.
    fn render(&self, job: &TemplateJob<'_>) -> Result<Vec<String>, TemplateError>;
}

/// The templates of one mail.
#[derive(Debug, Clone, Copy)]
pub struct TemplateJob<'a> {
    /// The templates. They share variables, and nothing that one of them sets.
    pub templates: &'a [&'a str],
    /// An object: the variables.
    pub variables: &'a Value,
    /// The value of `now`, in milliseconds since the epoch.
    pub now_ms: i64,
}

/// Why a template could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// Which template of the job, from 0.
    pub template: usize,
    /// Line and column in the template, from 1, if known.
    pub place: Option<(u32, u32)>,
    /// The problem.
    pub message: String,
    /// Whether the renderer itself is at fault.
    pub is_internal: bool,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some((line, column)) => write!(f, "line {line}, column {column}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for TemplateError {}
