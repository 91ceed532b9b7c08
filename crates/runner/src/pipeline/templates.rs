//! The templates of mails, in a sandbox.

use postlogin_js::liquid::Liquid;
use postlogin_tenant::{TemplateError, TemplateJob, TemplateRenderer};

use super::Pipeline;

/// The tenant renders one mail at a time; its sandbox is the one that no login takes.
impl TemplateRenderer for Pipeline {
    fn render(&self, job: &TemplateJob<'_>) -> Result<Vec<String>, TemplateError> {
        let liquid = self.library.liquid().map_err(|error| TemplateError {
            template: 0,
            place: None,
            message: format!("{error:#}"),
            is_internal: true,
        })?;
        rendered(&liquid, job)
    }
}

/// Renders the templates of a mail in a sandbox.
///
/// # Errors
/// When a template is wrong, or the sandbox breaks.
pub fn rendered(liquid: &Liquid, job: &TemplateJob<'_>) -> Result<Vec<String>, TemplateError> {
    let texts = liquid.render(job.templates, job.variables, job.now_ms);
    texts.map_err(|error| TemplateError {
        template: error.template,
        place: error.place,
        message: error.message,
        is_internal: error.is_internal,
    })
}
