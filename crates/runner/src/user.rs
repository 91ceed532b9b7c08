//! The user of a case, while the login waits.

use postlogin_core::{ResumeStep, Suspension};
use postlogin_project::cases::{Act, Step, Steps};
use postlogin_project::document::node::Place;

use crate::run_event::Failure;

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
    pub(crate) fn answer(&mut self, suspension: &Suspension) -> Option<ResumeStep> {
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
                Some(act(&step.act))
            }
            Steps::Ordered(steps) => {
                let step = steps.get(self.next)?;
                self.next += 1;
                let is_challenge = matches!(step.act, Act::Challenge { .. });
                if is_challenge != waits_for_challenge {
                    self.refuse(step, suspension);
                    return None;
                }
                Some(act(&step.act))
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

fn act(act: &Act) -> ResumeStep {
    match act {
        Act::Continue { query, body } => ResumeStep::Continue {
            query: query.clone(),
            body: body.clone(),
        },
        Act::Challenge { passes } => challenge(*passes),
    }
}
