//! From the options of `serve` to its pipeline, and from what happens in the pipeline to stderr.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use postlogin_host::{Budget, Door, Mock};
use postlogin_project::{Boundary, Secret, TenantData};
use postlogin_runner::pipeline::{Network, reload::Reload};
use postlogin_runner::{PipelineNotice, PipelineSetup, ProgramError};
use postlogin_tenant::Tenant;
use serde_json::Value;

use super::super::again;
use crate::{
    action::lasting_compiler,
    args::{LogFormat, NetworkArguments, ServeArguments},
    error::CliError,
    network::{mocks, network},
    printer::Printer,
    secrets,
};

/// Returns what the pipeline of a server is made of.
pub(super) fn pipeline(
    arguments: &ServeArguments,
    budget: Budget,
    secrets: Vec<Secret>,
    seed: TenantData,
    here: &Path,
    printer: Printer,
) -> PipelineSetup {
    PipelineSetup {
        network: Box::new(Options {
            network: arguments.network.clone(),
            timeout: budget.time,
        }),
        budget,
        arguments: [
            // The page may be read beside a shell that is elsewhere.
            vec![
                "-C".to_owned(),
                here.display().to_string(),
                "explain".to_owned(),
            ],
            again::options(&arguments.network, &arguments.limits, &secrets),
        ]
        .concat(),
        secrets,
        seed,
        compiler: Box::new(move |allocation| lasting_compiler(allocation, printer)),
        notices: Box::new(move |notice| report(notice, &printer)),
    }
}

/// Entries that wait to be printed. A program that started the tenant and does not read its stderr must not hold up logins:
/// what exceeds them is not printed.
const MOST_WAITING: usize = 1_000;

/// The pause of the thread that prints them after each time: under load, it is woken for many at once.
const BETWEEN_PRINTS: Duration = Duration::from_millis(5);
/// The longest wait for them at the end.
const LAST_PRINTS: Duration = Duration::from_secs(1);

/// A line to print, or a request for a sign when all earlier lines are printed.
enum Line {
    Text(String),
    End(SyncSender<()>),
}

/// The log on its way to stderr.
pub(super) struct ShownLog(Option<SyncSender<Line>>);

impl ShownLog {
    /// Waits until what was logged is printed; not for long, if nobody reads it.
    pub(super) fn flush(&self) {
        let (done, is_done) = sync_channel(1);
        if let Some(sender) = &self.0
            && sender.try_send(Line::End(done)).is_ok()
        {
            let _ = is_done.recv_timeout(LAST_PRINTS);
        }
    }
}

/// Prints what comes, until nothing can come any more.
fn print(lines: &Receiver<Line>, print: impl Fn(&str)) {
    while let Ok(first) = lines.recv() {
        let (mut text, mut ends) = (String::new(), Vec::new());
        let mut next = Some(first);
        while let Some(line) = next {
            match line {
                Line::Text(more) => {
                    text.push_str(more.trim_end());
                    text.push('\n');
                }
                Line::End(done) => ends.push(done),
            }
            next = lines.try_recv().ok();
        }
        if !text.is_empty() {
            print(&text);
        }
        for done in ends {
            let _ = done.send(());
        }
        thread::sleep(BETWEEN_PRINTS);
    }
}

/// Has each entry of the tenant's log printed to stderr, by a thread of its own. `root` is where files are that errors name, and
/// `secrets` are hidden in what is shown of them.
pub(super) fn show_log(
    tenant: &mut Tenant,
    format: LogFormat,
    (root, secrets): (PathBuf, Vec<Secret>),
    printer: Printer,
) -> ShownLog {
    let source = move |file: &str| {
        let within = Boundary::around(&root);
        let text = within.read_text(&root.join(file), file).ok()?;
        let hidden = secrets.iter().filter(|secret| !secret.value.is_empty());
        Some(hidden.fold(text, |text, secret| text.replace(&secret.value, "***")))
    };
    let shown = move |entry: &Value| match format {
        LogFormat::Quiet => String::new(),
        LogFormat::Json => entry.to_string(),
        LogFormat::Human => crate::render::entry(entry, &source).join("\n"),
    };
    if format == LogFormat::Quiet {
        return ShownLog(None);
    }
    let (sender, receiver) = sync_channel(MOST_WAITING);
    thread::spawn(move || print(&receiver, |text| printer.passed_on(text)));
    let shown_log = ShownLog(Some(sender.clone()));
    tenant.watch(move |entry| {
        let text = shown(entry);
        if !text.is_empty() {
            let _ = sender.try_send(Line::Text(text));
        }
    });
    shown_log
}

/// The network that the options allow.
struct Options {
    network: NetworkArguments,
    timeout: Duration,
}

impl Network for Options {
    fn door(&self) -> Result<Arc<dyn Door>, String> {
        let network = network(&self.network, self.timeout);
        network.map(|network| network.door).map_err(sentence)
    }

    fn without_mocks(&self) -> Result<Arc<dyn Door>, String> {
        let live = NetworkArguments {
            http: Vec::new(),
            ..self.network.clone()
        };
        let network = network(&live, self.timeout);
        network.map(|network| network.door).map_err(sentence)
    }

    fn is_live(&self) -> bool {
        self.network.allow_net.is_some()
    }

    fn mocks(&self) -> Result<Vec<Mock>, String> {
        mocks(&self.network.http).map_err(sentence)
    }
}

fn sentence(error: CliError) -> String {
    error.message
}

/// A count of Rules and Actions together.
pub(super) fn scripts(count: usize) -> String {
    match count {
        1 => "1 Rule or Action".to_owned(),
        count => format!("{count} Rules and Actions"),
    }
}

fn report(notice: PipelineNotice<'_>, printer: &Printer) {
    match notice {
        PipelineNotice::UnseenSecret(secret) => secrets::warn_about(secret, printer),
        PipelineNotice::Reloaded(reload) => {
            let Reload {
                count,
                scripts: changed,
                at_start,
            } = reload;
            if !changed.is_empty() {
                printer.note(&format!(
                    "files have changed: {} from now on (changed: {})",
                    scripts(*count),
                    changed.join(", ")
                ));
            }
            if !at_start.is_empty() {
                printer.warning(&format!(
                    "files have changed: {} of the export differ, and `serve` reads them when it starts",
                    at_start.join(", ")
                ));
                printer.hint("restart `serve` to apply them");
            }
            if changed.is_empty() && at_start.is_empty() {
                printer.note("files have changed, but nothing that logins run");
            }
        }
        PipelineNotice::LeftOut(part) => {
            printer.error(&part.error.clone().into());
            printer.note(&format!(
                "logins that need `{}` will fail until this is fixed; no restart is needed",
                part.name
            ));
        }
        PipelineNotice::Refused(error) => {
            printer.error(&CliError::from(error));
            printer.note("logins will fail until this is fixed; no restart is needed");
        }
        PipelineNotice::Unloadable(error) => printer.error(&error.into()),
        PipelineNotice::NoProfile {
            connection,
            outcome,
        } => {
            let reason = outcome.reason.as_deref().unwrap_or_default();
            printer.warning(&format!("fetchUserProfile of {connection}: {reason}"));
            for notice in &outcome.notices {
                printer.hint(&notice.message);
            }
        }
    }
}

impl From<ProgramError> for CliError {
    fn from(error: ProgramError) -> Self {
        Self::from(&error)
    }
}

impl From<&ProgramError> for CliError {
    fn from(error: &ProgramError) -> Self {
        match error {
            ProgramError::Project(error) => error.clone().into(),
            ProgramError::Gone => {
                Self::usage(error.to_string()).with_hint("put them back, or stop this server")
            }
            ProgramError::Load(error) => error.clone().into(),
            ProgramError::Engine(error) => Self::internal(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_script_is_not_several() {
        assert_eq!(scripts(0), "0 Rules and Actions");
        assert_eq!(scripts(1), "1 Rule or Action");
        assert_eq!(scripts(2), "2 Rules and Actions");
    }

    #[test]
    fn lines_are_printed_in_order_and_before_the_end_is_told() {
        let (sender, receiver) = sync_channel(MOST_WAITING);
        let (out, printed) = std::sync::mpsc::channel();
        let printing = thread::spawn(move || {
            print(&receiver, |text| {
                out.send(text.to_owned()).expect("a reader")
            });
        });
        let log = ShownLog(Some(sender.clone()));
        for number in 0..300 {
            sender
                .send(Line::Text(format!("line {number}\n  more of it\n")))
                .expect("a printer");
        }
        log.flush();
        let pieces: Vec<String> = printed.try_iter().collect();
        let expected: String = (0..300)
            .map(|number| format!("line {number}\n  more of it\n"))
            .collect();
        assert_eq!(pieces.concat(), expected);
        assert!(pieces.len() < 300, "many at once: {}", pieces.len());
        drop((log, sender));
        printing.join().expect("it ends with the last sender");
        // Without a printer there is nothing to wait for.
        ShownLog(None).flush();
    }
}
