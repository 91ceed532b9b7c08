//! The client: TLS with the certificates of this machine, no redirects, no proxies, no compression, bounded sizes.

use std::{error::Error as _, fmt, io, sync::Arc, time::Duration};

use rustls::CertificateError;
use ureq::{
    Agent,
    config::Config,
    http::Uri,
    tls::{Certificate, RootCerts, TlsConfig, TlsProvider},
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{DefaultConnector, NextTimeout},
    },
};
use url::Url;

use super::hosts::{Hosts, is_public};
use crate::network::NetworkError;

pub(super) fn agent(hosts: &Hosts, timeout: Duration) -> Agent {
    // A certificate of this machine that cannot be read is one authority less.
    let roots = rustls_native_certs::load_native_certs().certs;
    let roots = roots
        .iter()
        .map(|root| Certificate::from_der(root).to_owned());
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::Specific(Arc::new(roots.collect())))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    let config = Config::builder()
        .tls_config(tls)
        .timeout_global(Some(timeout))
        .http_status_as_error(false)
        // The Action's own API follows redirects, or does not.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .allow_non_standard_methods(true)
        // The addresses that are allowed are those of the servers.
        .proxy(None)
        // What Node's fetch says when the Action does not.
        .user_agent("node")
        .accept("*/*")
        .accept_encoding("")
        // An execution in production does not share connections with others either.
        .max_idle_connections(0)
        .build();
    let resolver = Addresses {
        hosts: hosts.clone(),
        resolver: DefaultResolver::default(),
    };
    Agent::with_parts(config, DefaultConnector::default(), resolver)
}

/// Finds only addresses that may be connected to. Checked here, where the connection takes them from: a name could
/// stand for another address a moment later.
#[derive(Debug)]
struct Addresses {
    hosts: Hosts,
    resolver: DefaultResolver,
}

impl Resolver for Addresses {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let url =
            Url::parse(&uri.to_string()).map_err(|error| ureq::Error::BadUri(error.to_string()))?;
        if !self.hosts.allow(&url) {
            return Err(ureq::Error::Other(Box::new(Private)));
        }
        let found = self.resolver.resolve(uri, config, timeout)?;
        if matches!(self.hosts, Hosts::Named(_)) {
            return Ok(found);
        }
        let mut public = self.empty();
        for address in found.iter().filter(|address| is_public(address.ip())) {
            public.push(*address);
        }
        if public.is_empty() {
            return Err(ureq::Error::Other(Box::new(Private)));
        }
        Ok(public)
    }
}

/// The host has no address that may be connected to.
#[derive(Debug)]
pub(super) struct Private;

impl fmt::Display for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("its address is not a public one")
    }
}

impl std::error::Error for Private {}

/// The error that Node would show.
pub(super) fn network_error(error: &ureq::Error) -> NetworkError {
    match error {
        ureq::Error::HostNotFound => NetworkError::NotFound,
        ureq::Error::Timeout(_) => NetworkError::TimedOut,
        ureq::Error::Rustls(error) => certificate_error(error),
        ureq::Error::Io(error) => io_error(error),
        ureq::Error::ConnectionFailed => NetworkError::ConnectionRefused,
        _ => NetworkError::ConnectionReset,
    }
}

fn io_error(error: &io::Error) -> NetworkError {
    let tls = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    if let Some(error) = tls {
        return certificate_error(error);
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => NetworkError::ConnectionRefused,
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => NetworkError::TimedOut,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            NetworkError::Unreachable
        }
        // The look-up of a name has no kind of its own; these are the texts of the C library.
        _ => match error.to_string() {
            text if text.contains("Temporary failure in name resolution") => {
                NetworkError::NameServer
            }
            text if text.contains("failed to lookup address") => NetworkError::NotFound,
            _ => NetworkError::ConnectionReset,
        },
    }
}

fn certificate_error(error: &rustls::Error) -> NetworkError {
    match error {
        rustls::Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => NetworkError::CertHasExpired,
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => NetworkError::CertificateForOthers,
        rustls::Error::InvalidCertificate(_) => NetworkError::UnableToVerifyLeafSignature,
        _ => NetworkError::ConnectionReset,
    }
}

/// Whether the connection was refused because of its address.
pub(super) fn is_private(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Other(error) => error.is::<Private>(),
        _ => error.source().is_some_and(|source| source.is::<Private>()),
    }
}
