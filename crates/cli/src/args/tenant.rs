//! The options of `serve`, `ui` and `email`.

use std::path::PathBuf;

use clap::Args;

use super::{EventArguments, Format, LimitArguments, NetworkArguments, SecretArguments};

/// The initial data of a tenant, besides those of the export.
#[derive(Debug, Args)]
pub(crate) struct DataArguments {
    /// Initial users, in Auth0's import or export format: a JSON array, or one object on each line (repeatable)
    #[arg(long, value_name = "FILE", help_heading = "The tenant")]
    pub(crate) users: Vec<PathBuf>,

    /// Users, applications, APIs, roles, organizations and connections beside those of the export, as JSON or YAML (repeatable)
    #[arg(long, value_name = "FILE", help_heading = "The tenant")]
    pub(crate) seed: Vec<PathBuf>,

    /// A callback URL for every application, besides those of the export (repeatable)
    #[arg(long, value_name = "URL", help_heading = "The tenant")]
    pub(crate) callback: Vec<String>,
}

/// A page for a tenant that keeps nothing.
#[derive(Debug, Args)]
pub(crate) struct UiArguments {
    /// The port; without it, any free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) port: u16,

    /// Print the link and open no browser
    #[arg(long)]
    pub(crate) no_open: bool,

    #[command(flatten)]
    pub(crate) data: DataArguments,

    #[command(flatten)]
    pub(crate) secrets: SecretArguments,

    #[command(flatten)]
    pub(crate) network: NetworkArguments,

    #[command(flatten)]
    pub(crate) limits: LimitArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// The port; 0 chooses a free one and prints it
    #[arg(long, value_name = "N", default_value_t = 3333)]
    pub(crate) port: u16,

    /// The address to listen on; use a non-loopback address to accept connections from other machines
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) host: std::net::IpAddr,

    /// The issuer of tokens, and the address of links; default: http://127.0.0.1:<port>/, with --tls https://127.0.0.1:<TLS port>/. Further issuers are used for requests to their hosts (repeatable)
    #[arg(long, value_name = "URL")]
    pub(crate) issuer: Vec<String>,

    /// A host name that requests may use, besides the issuer's, localhost and IP addresses (repeatable)
    #[arg(long, value_name = "NAME")]
    pub(crate) allow_host: Vec<String>,

    #[command(flatten)]
    pub(crate) tls: TlsArguments,

    #[command(flatten)]
    pub(crate) data: DataArguments,

    /// Write nothing into the project: users, sessions, tokens, the signing key and the control token end with the process
    #[arg(long, help_heading = "The tenant")]
    pub(crate) ephemeral: bool,

    /// The token of the control API; default: POSTLOGIN_CONTROL_TOKEN, or one that is generated once per project
    #[arg(long, value_name = "TOKEN", help_heading = "The tenant")]
    pub(crate) control_token: Option<String>,

    /// The form in which logins are logged to stderr, with the console output, errors and notices of their Actions
    #[arg(long, value_enum, default_value_t = LogFormat::Human, value_name = "FORMAT", help_heading = "The tenant")]
    pub(crate) log: LogFormat,

    /// Stop when stdin ends: for a program that starts the tenant, so that it does not outlive that program
    #[arg(long)]
    pub(crate) until_stdin_ends: bool,

    #[command(flatten)]
    pub(crate) secrets: SecretArguments,

    #[command(flatten)]
    pub(crate) network: NetworkArguments,

    #[command(flatten)]
    pub(crate) limits: LimitArguments,
}

impl UiArguments {
    /// Returns the options of a tenant on this machine that keeps nothing.
    pub(crate) fn into_serve(self) -> ServeArguments {
        ServeArguments {
            port: self.port,
            host: std::net::Ipv4Addr::LOCALHOST.into(),
            issuer: Vec::new(),
            allow_host: Vec::new(),
            tls: TlsArguments {
                tls: false,
                tls_port: 0,
                tls_cert: None,
                tls_key: None,
            },
            data: self.data,
            ephemeral: true,
            control_token: None,
            log: LogFormat::Human,
            until_stdin_ends: false,
            secrets: self.secrets,
            network: self.network,
            limits: self.limits,
        }
    }
}

/// The form of the lines that `serve` prints for each login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// A line for each login, and one for each console message, error and notice of its Actions
    Human,
    /// Each entry of the log as a line of JSON, as GET /_postlogin/log has it
    Json,
    /// Nothing
    Quiet,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "TLS")]
pub(crate) struct TlsArguments {
    /// Serve https as well, with a certificate of this machine's own authority; https is then the issuer
    #[arg(long)]
    pub(crate) tls: bool,

    /// The port for https; 0 chooses a free one
    #[arg(long, value_name = "N", default_value_t = 3443, requires = "tls")]
    pub(crate) tls_port: u16,

    /// A certificate of your own, with its chain, in PEM form
    #[arg(long, value_name = "FILE", requires = "tls", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,

    /// The private key of that certificate, in PEM form
    #[arg(long, value_name = "FILE", requires = "tls", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct EmailArguments {
    /// The template: verify_email, welcome_email, reset_email, …
    #[arg(value_name = "TEMPLATE")]
    pub(crate) template: String,

    #[command(flatten)]
    pub(crate) event: EventArguments,

    /// The form of the printed mail
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
    pub(crate) format: Format,
}
