//! The user of a case, while the login waits.

use postlogin_core::session_token::{self, Expectation};
use postlogin_core::{Pause, ResumeStep, Suspension};
use postlogin_project::cases::{Act, SessionToken, Step, Steps};
use postlogin_project::document::node::Place;

use serde_json::{Map, Value};

use crate::run_event::Failure;

/// The facts of a login that the site which it redirects to signs.
pub(crate) struct Site {
    hostname: String,
    now_s: i64,
}

impl Site {
    /// The site of a login with this event that starts at this time, in milliseconds since the epoch.
    pub(crate) fn of(event: &Value, now_ms: i64) -> Self {
        let hostname = event.pointer("/request/hostname").and_then(Value::as_str);
        Self {
            hostname: hostname.unwrap_or_default().to_owned(),
            now_s: now_ms.div_euclid(1000),
        }
    }

    fn token(&self, token: &SessionToken, pause: &Pause, given: Option<&str>) -> Option<String> {
        let sent = match &pause.suspension {
            Suspension::Redirect { url } => state_of(url),
            _ => None,
        };
        let login = Expectation {
            issuer: &self.hostname,
            state: given.or(sent.as_deref()),
            sub: &pause.user_id,
            now_s: self.now_s,
        };
        session_token::for_return(&token.payload, &token.secret, &login)
    }
}

fn state_of(url: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let query = query.split('#').next()?;
    // The state is ours: letters and digits, the last one of its name.
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let state = pairs.rfind(|(name, _)| *name == "state")?.1;
    Some(state.to_owned())
}

/// Answers suspensions as a case says, and remembers what did not fit.
pub(crate) struct User<'a> {
    steps: &'a Steps,
    next: usize,
    was_challenged: bool,
    unfit: Option<Failure>,
}

impl<'a> User<'a> {
    pub(crate) fn new(steps: &'a Steps) -> Self {
        Self {
            steps,
            next: 0,
            was_challenged: false,
            unfit: None,
        }
    }

    /// Returns the step of the user now; `None` when the login stays where it is.
    pub(crate) fn answer(&mut self, pause: &Pause, site: &Site) -> Option<ResumeStep> {
        let suspension = &pause.suspension;
        let waits_for_challenge = matches!(
            suspension,
            Suspension::Challenge { .. } | Suspension::Enroll { .. }
        );
        self.was_challenged |= waits_for_challenge;
        match self.steps {
            Steps::Free { passes, .. } if waits_for_challenge => passes.map(challenge),
            Steps::Free { continues, .. } => {
                let step = continues.get(self.next)?;
                self.next += 1;
                Some(act(&step.act, pause, site))
            }
            Steps::Ordered(steps) => {
                let step = steps.get(self.next)?;
                self.next += 1;
                let is_challenge = matches!(step.act, Act::Challenge { .. });
                if is_challenge != waits_for_challenge {
                    self.refuse(step, suspension);
                    return None;
                }
                Some(act(&step.act, pause, site))
            }
        }
    }

    fn refuse(&mut self, step: &Step, suspension: &Suspension) {
        let waits = match suspension {
            Suspension::Redirect { .. } => "a redirect, which `continue` answers",
            Suspension::Prompt { .. } => "a form, which `continue` answers",
            Suspension::Challenge { .. } => "a challenge",
            Suspension::Enroll { .. } => "an enrolment, which `challenge` answers",
        };
        self.unfit.get_or_insert(Failure::Unfit {
            message: format!(
                "step {} does not fit: the login waits for {waits}",
                self.next
            ),
            hint: None,
            place: step.place.clone(),
        });
    }

    /// Returns the step of the case that the login did not ask for; `challenge` is where the case says what the user does at one.
    pub(crate) fn unfit(self, challenge: Option<&Place>) -> Option<Failure> {
        if self.unfit.is_some() {
            return self.unfit;
        }
        if let Some(place) = challenge.filter(|_| !self.was_challenged) {
            return Some(Failure::Unfit {
                message: "the login never waited for the `challenge` of the case".into(),
                hint: Some("no Action asked for a factor or an enrolment".into()),
                place: place.clone(),
            });
        }
        let (steps, what) = match self.steps {
            Steps::Free { continues, .. } => (continues, "`continue`"),
            Steps::Ordered(steps) => (steps, "step"),
        };
        let left = steps.get(self.next)?;
        let message = match steps.len() {
            1 => format!("the login never waited for the {what} of the case"),
            many => format!(
                "the login did not wait for {what} {} of {many}",
                self.next + 1
            ),
        };
        let place: &Place = &left.place;
        Some(Failure::Unfit {
            message,
            hint: Some(
                "it waits after api.redirect.sendUserTo, api.prompt.render or a challenge".into(),
            ),
            place: place.clone(),
        })
    }
}

fn challenge(passes: bool) -> ResumeStep {
    match passes {
        true => ResumeStep::ChallengeSucceeded,
        false => ResumeStep::ChallengeFailed,
    }
}

fn act(act: &Act, pause: &Pause, site: &Site) -> ResumeStep {
    match act {
        Act::Continue { query, body, token } => {
            let mut query: Map<String, Value> = query.clone();
            let state = query.get("state").or_else(|| body.get("state"));
            let state = state.and_then(Value::as_str);
            let signed = token
                .as_ref()
                .and_then(|token| Some((&token.name, site.token(token, pause, state)?)));
            if let Some((name, signed)) = signed {
                query.insert(name.clone(), Value::String(signed));
            }
            ResumeStep::Continue {
                query,
                body: body.clone(),
            }
        }
        Act::Challenge { passes } => challenge(*passes),
    }
}
