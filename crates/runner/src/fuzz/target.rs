//! Which Actions generated events are for, and under which circumstances.

use postlogin_project::ActionSource;
use serde_json::Value;

use crate::load::LeftOut;
use crate::plan::{Plan, PlannedCase, event_of};

/// The folder beside the cases into which findings are written.
pub(super) const FOLDER: &str = "fuzz";

/// Actions that log in together.
#[derive(Debug)]
pub struct Target {
    /// The Actions in order, as indices into [`Targets::sources`].
    pub actions: Vec<usize>,
    /// The first case with these Actions: its network, its tenant and what the user does are taken.
    pub(crate) template: Option<PlannedCase>,
    /// The events of all such cases.
    pub(crate) bases: Vec<Value>,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Targets {
    /// Actions that targets name, each once.
    pub sources: Vec<ActionSource>,
    /// The targets, each once.
    pub list: Vec<Target>,
    /// Handlers that should run with them and cannot be read, each once.
    pub left_out: Vec<LeftOut>,
}

impl Targets {
    /// The Actions of the selected cases of a plan.
    pub fn of_cases(plan: &Plan, selected: &[usize]) -> Self {
        let mut targets = Self {
            sources: plan.actions.clone(),
            ..Self::default()
        };
        for planned in selected.iter().filter_map(|index| plan.cases.get(*index)) {
            if targets
                .list
                .iter()
                .all(|known| known.actions != planned.actions)
            {
                targets.push(planned.actions.clone(), plan);
            }
        }
        targets
    }

    /// These Actions together, with what the cases of a plan say of them.
    pub fn of_actions(actions: Vec<ActionSource>, plan: &Plan) -> Self {
        let mut targets = Self {
            sources: plan.actions.clone(),
            ..Self::default()
        };
        let indices = actions.into_iter().map(|source| targets.index_of(source));
        let indices = indices.collect();
        targets.push(indices, plan);
        targets
    }

    /// Leaves out what cannot be read.
    pub fn leave_out(&mut self, part: LeftOut) {
        if !self.left_out.contains(&part) {
            self.left_out.push(part);
        }
    }

    /// Adds what another one has.
    pub fn join(&mut self, other: Targets) {
        for part in other.left_out {
            self.leave_out(part);
        }
        for target in other.list {
            let sources = target.actions.iter();
            let sources: Vec<ActionSource> = sources
                .filter_map(|index| other.sources.get(*index).cloned())
                .collect();
            let actions: Vec<usize> = sources
                .into_iter()
                .map(|source| self.index_of(source))
                .collect();
            if self.list.iter().all(|known| known.actions != actions) {
                self.list.push(Target { actions, ..target });
            }
        }
    }

    /// The Actions of a target.
    pub(crate) fn sources_of<'a>(
        &'a self,
        target: &'a Target,
    ) -> impl Iterator<Item = &'a ActionSource> {
        let indices = target.actions.iter();
        indices.filter_map(|index| self.sources.get(*index))
    }

    /// Whether some target needs the source with this index.
    pub fn needs(&self, index: usize) -> bool {
        self.list
            .iter()
            .any(|target| target.actions.contains(&index))
    }

    fn index_of(&mut self, source: ActionSource) -> usize {
        let same = |known: &ActionSource| {
            known.display_path == source.display_path && known.name == source.name
        };
        match self.sources.iter().position(same) {
            Some(index) => index,
            None => {
                self.sources.push(source);
                self.sources.len() - 1
            }
        }
    }

    fn push(&mut self, actions: Vec<usize>, plan: &Plan) {
        // Earlier findings must not change what a seed finds.
        let is_own = |planned: &&PlannedCase| {
            let folder = planned.case.place.source.path.parent();
            planned.actions == actions && !folder.is_some_and(|folder| folder.ends_with(FOLDER))
        };
        let cases: Vec<&PlannedCase> = plan.cases.iter().filter(is_own).collect();
        let bases = cases
            .iter()
            .filter_map(|planned| event_of(planned.trigger, &planned.case, &planned.bases).ok());
        self.list.push(Target {
            bases: bases.collect(),
            template: cases.first().map(|planned| (*planned).clone()),
            actions,
        });
    }
}
