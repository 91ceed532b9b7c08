//! Which Action sees which secrets.

use postlogin_core::explanation::Explanation;
use postlogin_core::outcome::{Outcome, StoredMetadata};
use postlogin_core::redact::Mask;
use postlogin_host::account::hide_credentials;
use postlogin_project::{ActionSource, Secret, parse_secret, read_dotenv};
use postlogin_runner::unseen;

use crate::{args::SecretArguments, error::CliError, printer::Printer};

/// Returns the secrets that the user gave. Later ones win.
pub(crate) fn given(arguments: &SecretArguments) -> Result<Vec<Secret>, CliError> {
    let mut secrets = match &arguments.secrets_file {
        Some(file) => read_dotenv(file)?,
        None => Vec::new(),
    };
    for text in &arguments.secret {
        let secret = parse_secret(text)?;
        secrets.retain(|known| known.name != secret.name);
        secrets.push(secret);
    }
    Ok(secrets)
}

/// Warns about secrets that no Action of the login sees.
pub(crate) fn warn_about_unseen<'s>(
    sources: impl IntoIterator<Item = &'s ActionSource>,
    given: &[Secret],
    printer: &Printer,
) {
    let sources: Vec<&ActionSource> = sources.into_iter().collect();
    for secret in unseen(&sources, given) {
        warn_about(secret, printer);
    }
}

/// Warns about a secret that no Action of the login sees.
pub(crate) fn warn_about(secret: &Secret, printer: &Printer) {
    printer.warning(&format!(
        "no Action of this login declares the secret {}, so none sees it",
        secret.name
    ));
}

/// The values that no output may show.
pub(crate) struct Hidden(Mask);

impl Hidden {
    pub(crate) fn new(given: &[Secret]) -> Self {
        let values = given.iter().map(|secret| secret.value.as_str());
        Self(Mask::of(&values.collect::<Vec<_>>()))
    }

    /// Hides them in the outcome, and returns whether a claim of a token held one.
    pub(crate) fn outcome(&self, outcome: &mut Outcome) -> bool {
        let claims = |outcome: &Outcome| {
            (
                outcome.id_token.claims.clone(),
                outcome.access_token.claims.clone(),
            )
        };
        let before = claims(outcome);
        outcome.redact_by(&self.0);
        hide_credentials(&mut outcome.requests);
        before != claims(outcome)
    }

    /// Hides them in an explanation, and returns whether a claim of a token held one.
    pub(crate) fn explanation(&self, explanation: &mut Explanation) -> bool {
        let tokens_changed = self.outcome(&mut explanation.outcome);
        explanation.redact_by(&self.0);
        tokens_changed
    }

    /// Hides them in metadata that the outcome does not hold: that of the event.
    pub(crate) fn metadata(&self, metadata: &mut StoredMetadata, outcome: &Outcome) {
        let mut vehicle = outcome.clone();
        vehicle.user = std::mem::take(metadata);
        vehicle.redact_by(&self.0);
        *metadata = vehicle.user;
    }

    /// Hides them in a text that the outcome does not hold: that of a source.
    pub(crate) fn text(&self, mut text: String) -> String {
        self.0.text(&mut text);
        text
    }
}
