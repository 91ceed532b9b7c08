//! `postlogin serve`: the local tenant.

mod seed;
mod state;
mod tls;
mod wiring;

use std::{
    io,
    net::{IpAddr, SocketAddr, TcpListener},
    path::Path,
    process,
    sync::Arc,
    thread,
};

use postlogin_project::{ProblemKind, Project, TenantData};
use postlogin_runner::Pipeline;
use postlogin_tenant::{
    Listening, Mistake, Randomness, Setup, SetupError, Tenant, TenantClock, mistakes,
    serve as answer,
};
use serde_json::Value;

use self::wiring::{pipeline, scripts, show_log};
use super::run::{budget, working_folder};
use crate::{
    args::ServeArguments, error::CliError, network::network, printer::Printer, render::counted,
    secrets, state::State, streams,
};

/// The name of the tenant outside of any project.
const NAMELESS: &str = "local";

pub(crate) fn serve(arguments: &ServeArguments, printer: &Printer) -> Result<u8, CliError> {
    serve_with(arguments, printer, |_| {})
}

/// Serves, and calls `ready` with the link to the page once it can be opened.
pub(super) fn serve_with(
    arguments: &ServeArguments,
    printer: &Printer,
    ready: impl FnOnce(&str),
) -> Result<u8, CliError> {
    let started = working_folder()?;
    let found = crate::project::find(&started, printer)?;
    if let Some(hint) = found.hint(&started) {
        return Err(
            CliError::usage("there are several projects below this folder").with_hint(hint),
        );
    }
    let project = found.project;
    // A project below is found again from its own folder, whenever one of its files changes.
    let here = match &project {
        Some(project) if !started.starts_with(&project.home) => project.home.clone(),
        _ => started,
    };
    if arguments.network.record.is_some() {
        return Err(CliError::usage("serve makes no recordings")
            .with_hint("record one login with `postlogin run --record`"));
    }
    let root = project
        .as_ref()
        .map_or(here.as_path(), |project| project.root.as_path());
    let budget = budget(&arguments.limits)?;
    // Read now what every login reads anew, so that a mistake is told before anybody signs in.
    network(&arguments.network, budget.time)?;
    let given = secrets::given(&arguments.secrets)?;
    seed::check_callbacks(&arguments.data.callback)?;
    let mut data = project
        .as_ref()
        .map_or_else(TenantData::default, |project| project.tenant.clone());
    let seed = seed::read(arguments, &data, printer)?;
    data.extend(&seed.data);
    let given_secrets = given.clone();
    let setup = pipeline(arguments, budget, given, seed.data, &here, *printer);
    let pipeline = Arc::new(Pipeline::new(setup, project.as_ref(), &here)?);
    let actions = pipeline.count();

    let listener = listener(arguments, printer)?;
    let address = listener
        .local_addr()
        .map_err(|error| CliError::usage(format!("the socket has no address: {error}")))?;
    let tls = tls::listen(arguments)?;
    let default = match &tls {
        Some(tls) => issuer("https", arguments.host, tls.address),
        None => issuer("http", arguments.host, address),
    };
    let issuer = arguments.issuer.first().cloned().unwrap_or(default);
    let state = State::of(root, !arguments.ephemeral)?;
    let (control_token, kept) = state::control_token(arguments, &state, printer)?;
    let key = state::key(arguments, &state, printer)?;
    if !arguments.ephemeral {
        state.warn_if_unmarked(printer);
    }
    let name = name(&data, root);
    let setup = Setup {
        data,
        name,
        issuer,
        hosts: arguments.allow_host.clone(),
        key,
        database: (!arguments.ephemeral).then(|| state.file("tenant.sqlite")),
        marks: state.marks,
        users: seed.users,
        callbacks: arguments.data.callback.clone(),
        control_token,
        templates: Arc::clone(&pipeline) as _,
        pipeline,
        randomness: Randomness::System,
        clock: TenantClock::default(),
    };
    let tenant = Tenant::new(setup);
    let further = arguments.issuer.get(1..).unwrap_or_default();
    let tenant = tenant.and_then(|tenant| tenant.with_issuers(further));
    let mut tenant = tenant.map_err(|error| refused(&error))?;
    let log = show_log(
        &mut tenant,
        arguments.log,
        (here.clone(), given_secrets),
        *printer,
    );
    let page = page_address(address);
    let link = format!("{page}{}", tenant.page_path());
    announce_page(&mut tenant, page, *printer);
    let tenant = Arc::new(tenant);
    for problem in project.iter().flat_map(|it| it.binding_problems()) {
        // What is missing is an error of the program already.
        if problem.kind != ProblemKind::MissingAction {
            let error = problem.error;
            printer.warning_unless_error(&error.sentence(), error.hint.as_deref());
        }
    }
    if let Some(project) = &project {
        warn_of_mistakes(project, &here, printer);
    }
    for warning in tenant.warnings() {
        printer.warning(warning);
    }
    if actions == 0 {
        printer.warning("the project has no Rules, and binds no Action to the trigger post-login: logins run none");
    }
    printer.note(&format!(
        "{}, {}; issuer {}",
        scripts(actions),
        counted(tenant.user_count(), "user"),
        tenant.issuer()
    ));
    for (name, client_id) in tenant.applications() {
        printer.note(&format!("application {name}: client_id {client_id}"));
    }
    printer.note(&kept);
    printer.note(&format!(
        "page of the logins, a link for one browser: {link}"
    ));
    let mut sockets = vec![Listening {
        socket: listener,
        tls: None,
    }];
    if let Some(tls) = tls {
        tls.report(printer, address);
        sockets.push(tls.listening);
    }
    if arguments.until_stdin_ends {
        thread::spawn(stop_when_stdin_ends);
    }
    let issuer = tenant.issuer().to_owned();
    let mut announced = Ok(());
    let answered = answer(sockets, tenant, || {
        // The one line that programs read, and after which they may stop the server.
        announced = printer.data(|out| writeln!(out, "{issuer}"));
        match announced {
            Ok(()) => {
                ready(&link);
                Ok(())
            }
            Err(_) => Err(io::ErrorKind::WriteZero.into()),
        }
    });
    log.flush();
    announced?;
    answered.map_err(|error| CliError::internal(&error.into()))?;
    printer.note("stopped");
    Ok(crate::error::SUCCESS)
}

/// Mistakes of the configuration that are printed; `check` lists them all.
const MISTAKES_SHOWN: usize = 10;

/// Warns about what the Management API would refuse of the export: the tenant serves the rest.
fn warn_of_mistakes(project: &Project, here: &Path, printer: &Printer) {
    let mut mistakes = mistakes(&project.placed_parts(here), &project.tenant);
    // A partial export may leave things out without a warning.
    mistakes.retain(|mistake| !mistake.is_reference);
    for Mistake { error, .. } in mistakes.iter().take(MISTAKES_SHOWN) {
        printer.warning_unless_error(&error.sentence(), error.hint.as_deref());
    }
    let more = mistakes.len().saturating_sub(MISTAKES_SHOWN);
    if more > 0 {
        printer.warning(&format!(
            "{more} more mistakes of the configuration: `postlogin check` lists them"
        ));
    }
}

/// The address of the page, without its path: the socket on this machine, whatever the issuer is.
fn page_address(address: SocketAddr) -> String {
    let is_any = address.ip().is_unspecified();
    match address.is_ipv6() {
        true if is_any => format!("http://[::1]:{}", address.port()),
        false if is_any => format!("http://127.0.0.1:{}", address.port()),
        _ => format!("http://{address}"),
    }
}

/// Has each next link to the page printed: one works once.
fn announce_page(tenant: &mut Tenant, page: String, printer: Printer) {
    tenant.announce_page(move |path| {
        printer.note(&format!(
            "the page was opened; the link for another browser: {page}{path}"
        ));
    });
}

/// Ends the process as Ctrl-C does. What is written to stdin means nothing.
fn stop_when_stdin_ends() {
    // An error is an end, too.
    let _ = io::copy(&mut streams::lines(), &mut io::sink());
    #[cfg(unix)]
    ask_to_stop();
    process::exit(crate::error::SUCCESS.into());
}

/// Sends the signal that lets running requests end. Returns only if the server does not.
#[cfg(unix)]
fn ask_to_stop() {
    use std::{sync::atomic::AtomicBool, time::Duration};

    use signal_hook::{consts::SIGTERM, flag, low_level::raise};

    /// So often, and so long apart, the server is asked: it has five seconds for running requests.
    const MOST_ATTEMPTS: u32 = 60;
    const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(100);

    // Until the server listens to signals, this keeps one from ending the process.
    let seen = Arc::new(AtomicBool::new(false));
    if flag::register(SIGTERM, seen).is_ok() {
        for _ in 0..MOST_ATTEMPTS {
            let _ = raise(SIGTERM);
            thread::sleep(BETWEEN_ATTEMPTS);
        }
    }
}

fn listener(arguments: &ServeArguments, printer: &Printer) -> Result<TcpListener, CliError> {
    if !arguments.host.is_loopback() {
        printer.warning(&format!(
            "other machines can reach this tenant on {}: whoever does can sign in as any user",
            arguments.host
        ));
    }
    bind(SocketAddr::new(arguments.host, arguments.port), "--port")
}

/// Binds an address whose port `option` chose.
fn bind(address: SocketAddr, option: &str) -> Result<TcpListener, CliError> {
    TcpListener::bind(address).map_err(|error| {
        let shown = CliError::usage(format!("cannot listen on {address}: {error}"));
        match error.kind() {
            io::ErrorKind::AddrInUse => shown.with_hint(format!(
                "choose another port, or any free one with {option} 0"
            )),
            _ => shown,
        }
    })
}

fn issuer(scheme: &str, host: IpAddr, address: SocketAddr) -> String {
    match host.is_loopback() {
        true if host.is_ipv4() => format!("{scheme}://127.0.0.1:{}/", address.port()),
        _ => format!("{scheme}://{address}/"),
    }
}

pub(super) fn name(data: &TenantData, root: &Path) -> String {
    let friendly = data.settings.get("friendly_name").and_then(Value::as_str);
    let folder = root
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let name = friendly.map(str::to_owned).or(folder).unwrap_or_default();
    // Names of tenants have these letters only.
    let name: String = name
        .to_lowercase()
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '-'
            }
        })
        .collect();
    let name = name.trim_matches('-');
    if name.is_empty() {
        NAMELESS.to_owned()
    } else {
        name.to_owned()
    }
}

fn refused(error: &SetupError) -> CliError {
    let shown = CliError::usage(error.to_string());
    match error {
        SetupError::Issuer(_) => {
            shown.with_hint("--issuer takes http or https URLs without a path, each with a host and port of its own")
        }
        SetupError::User(wrong) => shown.with_hint(wrong.hint.clone().unwrap_or_else(|| {
            "see https://github.com/postlogin/postlogin/blob/main/docs/book/src/reference/tenant.md".to_owned()
        })),
        SetupError::Store(error) => {
            let hint = error.hint();
            shown.with_hint(hint)
        }
        SetupError::Key(_) => shown,
    }
}
