//! The differences of a comparison for the page: each as two logins, side by side.

use postlogin_core::explanation::explain;
use postlogin_core::reads::Watch;
use postlogin_core::redact::Mask;
use postlogin_page::{Entry, Kind, Report, SourceText};
use postlogin_project::ActionSource;

use super::report::title;
use super::work::{Pair, Work};
use super::{CompareOptions, Comparison, Found, Origin, Side};
use crate::closely::{Counters, requests};
use crate::lab::Setting;
use crate::load::Compiler;
use crate::texts::{names_of, texts_of};

/// The most differences in a report.
const MOST: usize = 100;

/// Returns the report of a comparison. The login of each difference is run once more on both sides, watched closely.
///
/// # Errors
/// When a sandbox itself breaks.
pub fn report(
    sides: (&Side, &Side),
    options: &CompareOptions<'_>,
    comparison: &Comparison,
    compiler: &mut Compiler<'_>,
) -> anyhow::Result<Report> {
    let (left, left_counters) = counted(sides.0, compiler);
    let (right, right_counters) = counted(sides.1, compiler);
    let sides = (&left, &right);
    let work = Work::new(sides.0, sides.1, options);
    let secrets = comparison_secrets(options);
    let mask = Mask::of(&secrets);
    let mut report = Report::of("compare");
    for (number, found) in comparison.found.iter().take(MOST).enumerate() {
        let (setting, pair) = conditions(&work, options, sides, found);
        let pair = pair.as_ref().unwrap_or(&work.plain);
        let both = [
            (Kind::Left, sides.0, &pair.left, &left_counters),
            (Kind::Right, sides.1, &pair.right, &right_counters),
        ];
        for (kind, side, actions, counters) in both {
            counters.forget();
            let ran = setting.run(actions, found.event.clone())?;
            let sources = side.actions.iter().map(|(source, _)| source);
            let sites = counters.sites(sources.enumerate());
            let mut explanation = explain(ran.outcome, ran.record, &names_of(&sites), &sites);
            explanation.redact_by(&mask);
            let usage = explanation.outcome.usage.actions.iter();
            let end = if kind == Kind::Left { "left" } else { "right" };
            report.entries.push(Entry {
                id: format!("{}-{end}", number + 1),
                kind,
                name: format!("{} {}", number + 1, title(found)),
                client: side.name.clone(),
                duration_us: usage.map(|action| action.wall_us).sum(),
                event: found.event.clone(),
                explanation: Some(explanation),
                coverage: counters.lines(),
                requests: ran.traffic.map(|traffic| requests(&traffic, &mask)),
                ..Entry::default()
            });
        }
    }
    report.sources = sources(sides, &mask);
    Ok(report)
}

/// Returns a side with counters. What cannot be loaded once more, though it was before, stays without.
fn counted(side: &Side, compiler: &mut Compiler<'_>) -> (Side, Counters) {
    let (actions, counters) = compiler.counted(|compiler| {
        let actions = side.actions.iter();
        let again = actions.map(|(source, loaded)| {
            let again = compiler.action(source);
            (source.clone(), again.unwrap_or_else(|_| loaded.clone()))
        });
        again.collect::<Vec<_>>()
    });
    let counters = Counters::of(actions.iter().map(|(source, _)| source), counters);
    let name = side.name.clone();
    (Side { name, actions }, counters)
}

fn comparison_secrets<'a>(options: &'a CompareOptions<'_>) -> Vec<&'a str> {
    let cases = options.cases.iter();
    let of_cases = cases.flat_map(|planned| &planned.case.secrets);
    let all = options.secrets.iter().chain(of_cases);
    all.map(|secret| secret.value.as_str()).collect()
}

/// Returns the conditions of the login that shows a difference: those of its case, if it is one's.
fn conditions<'a>(
    work: &Work<'a>,
    options: &'a CompareOptions<'a>,
    sides: (&Side, &Side),
    found: &Found,
) -> (Setting<'a>, Option<Pair>) {
    let planned = match &found.first {
        Origin::Case(name) => options.cases.iter().find(|it| it.case.full_name == *name),
        _ => None,
    };
    let (mut setting, pair) = match planned {
        Some(planned) => {
            let secrets = &planned.case.secrets;
            let pair = Pair::new(sides, secrets, &work.settings, planned.trigger);
            let setting = Setting::of(planned.trigger, Some(planned), options.tenant);
            (setting, Some(pair))
        }
        None => (work.plain_setting(), None),
    };
    setting.watch = Watch::Places;
    (setting, pair)
}

/// Returns the sources of both sides without secrets.
fn sources(sides: (&Side, &Side), mask: &Mask) -> Vec<SourceText> {
    let of = |side: &Side| {
        let sources: Vec<&ActionSource> = side.actions.iter().map(|(source, _)| source).collect();
        texts_of(sources.into_iter().map(|source| (None, source)))
    };
    let mut texts = of(sides.0);
    for text in of(sides.1) {
        if !texts.iter().any(|known| known.file == text.file) {
            texts.push(text);
        }
    }
    for source in &mut texts {
        mask.text(&mut source.text);
    }
    texts
}
