//! `serve --tls`: the socket for https, and how clients come to trust it.

use std::{
    env,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use postlogin_project::data_folder;
use postlogin_tenant::{Listening, Tls, TlsError};

use super::bind;
use crate::{args::ServeArguments, error::CliError, printer::Printer};

/// A socket for https.
pub(super) struct Https {
    pub(super) listening: Listening,
    pub(super) address: SocketAddr,
    /// The certificate that clients have to trust, when it is that of the local authority.
    authority: Option<PathBuf>,
}

/// Makes the certificate and binds the port, if the options ask for https.
pub(super) fn listen(arguments: &ServeArguments) -> Result<Option<Https>, CliError> {
    let options = &arguments.tls;
    if !options.tls {
        return Ok(None);
    }
    let refused = |error: TlsError| {
        let shown = CliError::usage(error.to_string());
        match error.hint() {
            Some(hint) => shown.with_hint(hint),
            None => shown,
        }
    };
    let (tls, authority) = match (&options.tls_cert, &options.tls_key) {
        (Some(certificate), Some(key)) => {
            (Tls::from_files(certificate, key).map_err(refused)?, None)
        }
        _ => {
            let (tls, authority) = Tls::local(&folder()?, &hosts(arguments)).map_err(refused)?;
            (tls, Some(authority))
        }
    };
    let socket = bind(
        SocketAddr::new(arguments.host, options.tls_port),
        "--tls-port",
    )?;
    let address = socket
        .local_addr()
        .map_err(|error| CliError::usage(format!("the socket has no address: {error}")))?;
    Ok(Some(Https {
        listening: Listening {
            socket,
            tls: Some(tls),
        },
        address,
        authority,
    }))
}

impl Https {
    /// Prints where http answers, and the line that makes clients trust the certificate.
    pub(super) fn report(&self, printer: &Printer, http: SocketAddr) {
        printer.note(&format!(
            "https on port {}, http on port {}",
            self.address.port(),
            http.port()
        ));
        if let Some(authority) = &self.authority {
            for line in trust(authority) {
                printer.note(&line);
            }
        }
    }
}

/// One line for each kind of client.
fn trust(authority: &Path) -> Vec<String> {
    let file = authority.display();
    vec![
        format!("trust in Node: export NODE_EXTRA_CA_CERTS={file}"),
        format!("trust in Python: export SSL_CERT_FILE={file} REQUESTS_CA_BUNDLE={file}"),
        format!("trust in Ruby, PHP, Go: export SSL_CERT_FILE={file}"),
        format!("trust in curl: curl --cacert {file}"),
        format!("trust in a browser: import {file} as an authority; it certifies local names only"),
    ]
}

/// The hosts of the certificate: all by which clients reach the tenant.
fn hosts(arguments: &ServeArguments) -> Vec<String> {
    let mut hosts: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    // That of 0.0.0.0 has no one name.
    if !arguments.host.is_loopback() && !arguments.host.is_unspecified() {
        hosts.push(arguments.host.to_string());
    }
    hosts.extend(arguments.allow_host.iter().cloned());
    hosts.extend(arguments.issuer.iter().filter_map(|issuer| host(issuer)));
    hosts.sort_unstable();
    hosts.dedup();
    hosts
}

/// The host of a URL, without its port. What is no URL is refused with the issuer.
fn host(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next()?,
        None => authority.split(':').next()?,
    };
    (!host.is_empty()).then(|| host.to_owned())
}

/// Where the authority is: `POSTLOGIN_TLS_DIR`, else the user's folder for data.
fn folder() -> Result<PathBuf, CliError> {
    if let Some(folder) = env::var_os("POSTLOGIN_TLS_DIR").filter(|folder| !folder.is_empty()) {
        return Ok(folder.into());
    }
    let variable = |name| env::var_os(name);
    data_folder(
        variable("XDG_DATA_HOME"),
        variable("LOCALAPPDATA"),
        variable("HOME"),
    )
    .map(|folder| folder.join("tls"))
    .ok_or_else(|| {
        CliError::usage("no folder for the authority of --tls: HOME is not set")
            .with_hint("set POSTLOGIN_TLS_DIR to a folder that is kept")
    })
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn the_host_of_an_issuer_is_in_the_certificate() {
        for (url, expected) in [
            ("https://tenant.test:8443/", Some("tenant.test")),
            ("https://tenant.test", Some("tenant.test")),
            ("https://[::1]:3443/", Some("::1")),
            ("https://127.0.0.1/", Some("127.0.0.1")),
            ("tenant.test", None),
            ("https://", None),
            ("https:///", None),
        ] {
            assert_eq!(host(url).as_deref(), expected, "{url}");
        }
    }
}
