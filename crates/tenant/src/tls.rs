//! TLS for `serve --tls`: an authority of this machine, and a certificate for each start.
//!
//! Users trust the authority once, in their browser or by an environment variable. Its certificate is limited to names
//! and addresses that no site of the internet has (RFC 5280, section 4.2.1.10), so that a stolen key opens nothing else.

use std::fmt;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, PublicKeyData as _,
    SanType, SerialNumber,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest as _, Sha256};

mod files;

/// Names below which the authority may certify: those that [RFC 6761](https://www.rfc-editor.org/rfc/rfc6761) and ICANN
/// keep out of the internet, and that of multicast DNS.
const NAMES: [&str; 4] = ["localhost", "test", "internal", "local"];
/// The same of addresses: loopback, private and link-local ones.
const NETWORKS: [(&str, u8); 8] = [
    ("127.0.0.0", 8),
    ("10.0.0.0", 8),
    ("172.16.0.0", 12),
    ("192.168.0.0", 16),
    ("169.254.0.0", 16),
    ("::1", 128),
    ("fc00::", 7),
    ("fe80::", 10),
];
const DAY_S: i64 = 86_400;
/// Days for which the authority is valid.
const AUTHORITY_DAYS: i64 = 3_650;
/// Days for which a server's certificate is valid; browsers refuse more than 398.
const SERVER_DAYS: i64 = 397;

/// Why there is no TLS.
#[derive(Debug)]
pub enum TlsError {
    /// A file that cannot be read or written.
    File(PathBuf, io::Error),
    /// A file without what it should contain; says what is missing.
    Content(PathBuf, &'static str),
    /// A host that the local authority may not certify.
    Host(String),
    /// A certificate or key that cannot be used, with the reason.
    Unusable(String),
}

impl TlsError {
    /// Returns what the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::File(path, _) => Some(format!("make `{}` accessible", path.display())),
            Self::Content(path, _) => Some(format!("replace `{}`", path.display())),
            Self::Host(name) => Some(format!(
                "use a name such as {name}.test, or a certificate of your own with --tls-cert and --tls-key"
            )),
            Self::Unusable(_) => None,
        }
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Content(path, lacks) => write!(f, "{}: {lacks}", path.display()),
            Self::Host(name) => write!(
                f,
                "`{name}` is not a name of a local machine: the local authority certifies localhost, *.test, *.internal, *.local and private addresses"
            ),
            Self::Unusable(reason) => write!(f, "the certificate cannot be used: {reason}"),
        }
    }
}

impl std::error::Error for TlsError {}

/// The certificate of a server.
#[derive(Clone)]
pub struct Tls(pub(crate) Arc<ServerConfig>);

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

impl Tls {
    /// Makes a certificate for `hosts` (names and addresses, without ports) by the authority in `folder`, which is made
    /// if there is none. Returns the path of the authority's certificate, too: what clients have to trust.
    ///
    /// # Errors
    /// When a host is not one of a local machine, or the folder cannot be used.
    pub fn local(folder: &Path, hosts: &[String]) -> Result<(Self, PathBuf), TlsError> {
        let now_s = now_s();
        if let Some(host) = hosts.iter().find(|host| !is_local(host)) {
            return Err(TlsError::Host(host.clone()));
        }
        let authority = Authority::load_or_create(folder, now_s)?;
        let key = KeyPair::generate().map_err(unusable)?;
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "postlogin serve");
        for host in hosts {
            let name = match bare(host).parse::<IpAddr>() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName(host.as_str().try_into().map_err(unusable)?),
            };
            params.subject_alt_names.push(name);
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        valid(&mut params, now_s, SERVER_DAYS)?;
        let certificate = params
            .signed_by(&key, &authority.issuer)
            .map_err(unusable)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let tls = Self::of(vec![certificate.der().clone()], key)?;
        Ok((tls, authority.certificate))
    }

    /// Reads a certificate, with its chain, and its key from PEM files.
    ///
    /// # Errors
    /// When one of them cannot be read, or they do not belong together.
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let read =
            |path: &Path| fs::read(path).map_err(|error| TlsError::File(path.to_owned(), error));
        let lacks = |path: &Path, what| TlsError::Content(path.to_owned(), what);
        let chain: Result<Vec<CertificateDer<'static>>, _> =
            CertificateDer::pem_slice_iter(&read(certificate)?).collect();
        let chain = chain.unwrap_or_default();
        if chain.is_empty() {
            return Err(lacks(certificate, "no certificate in PEM form"));
        }
        let private = PrivateKeyDer::from_pem_slice(&read(key)?)
            .map_err(|_| lacks(key, "no private key in PEM form"))?;
        Self::of(chain, private)
    }

    fn of(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(unusable)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }
}

/// The authority of this machine.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: PathBuf,
}

impl Authority {
    /// The file `authority.pem` has the key and the certificate; it appears complete or not at all, and the first of
    /// several processes wins. `ca.pem` has the certificate alone, for clients.
    fn load_or_create(folder: &Path, now_s: i64) -> Result<Self, TlsError> {
        let secret = folder.join("authority.pem");
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error| TlsError::File(path, error)
        };
        if !secret.exists() {
            let key = KeyPair::generate().map_err(unusable)?;
            let certificate = params(&key, now_s)?.self_signed(&key).map_err(unusable)?;
            let content = format!("{}{}", key.serialize_pem(), certificate.pem());
            files::publish(&secret, &content).map_err(failed(&secret))?;
        }
        let content = fs::read_to_string(&secret).map_err(failed(&secret))?;
        let key = KeyPair::from_pem(&content)
            .map_err(|_| TlsError::Content(secret.clone(), "no private key in PEM form"))?;
        let from = content.find("-----BEGIN CERTIFICATE-----");
        let public = from.and_then(|from| content.get(from..));
        let public = public
            .ok_or_else(|| TlsError::Content(secret.clone(), "no certificate in PEM form"))?;
        let certificate = folder.join("ca.pem");
        if fs::read_to_string(&certificate).ok().as_deref() != Some(public) {
            files::replace(&certificate, public).map_err(failed(&certificate))?;
        }
        let issuer = Issuer::new(params(&key, now_s)?, key);
        Ok(Self {
            issuer,
            certificate,
        })
    }
}

/// The certificate of an authority with this key. Its name and its identifier depend on the key alone.
fn params(key: &KeyPair, now_s: i64) -> Result<CertificateParams, TlsError> {
    let digest = Sha256::digest(key.der_bytes());
    let short: String = digest
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(
        DnType::CommonName,
        format!("postlogin local authority {short}"),
    );
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let mut permitted: Vec<GeneralSubtree> = NAMES
        .iter()
        .map(|name| GeneralSubtree::DnsName((*name).to_owned()))
        .collect();
    permitted.extend(networks().map(|(address, prefix)| {
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, prefix))
    }));
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: permitted,
        excluded_subtrees: Vec::new(),
    });
    valid(&mut params, now_s, AUTHORITY_DAYS)?;
    Ok(params)
}

fn networks() -> impl Iterator<Item = (IpAddr, u8)> {
    let parsed = |(address, prefix): (&str, u8)| Some((address.parse().ok()?, prefix));
    NETWORKS.into_iter().filter_map(parsed)
}

/// Sets the time of a certificate, from yesterday on: clocks of containers differ. The serial number is random.
fn valid(params: &mut CertificateParams, now_s: i64, days: i64) -> Result<(), TlsError> {
    let at = |s: i64| time::OffsetDateTime::from_unix_timestamp(s).map_err(unusable);
    params.not_before = at(now_s.saturating_sub(DAY_S))?;
    params.not_after = at(now_s.saturating_add(days.saturating_sub(1).saturating_mul(DAY_S)))?;
    let mut serial = [0; 16];
    getrandom::fill(&mut serial).map_err(unusable)?;
    // Positive, and without a zero in front.
    serial[0] = (serial[0] & 0x7f) | 0x40;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    Ok(())
}

fn now_s() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// An address without the brackets that it has in a URL.
fn bare(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
}

/// Whether the authority may certify a host.
fn is_local(host: &str) -> bool {
    if let Ok(address) = bare(host).parse::<IpAddr>() {
        return networks().any(|(network, prefix)| is_within(address, network, prefix));
    }
    let name = host.to_ascii_lowercase();
    NAMES.iter().any(|top| {
        name == *top
            || name
                .strip_suffix(top)
                .is_some_and(|rest| rest.ends_with('.'))
    })
}

fn is_within(address: IpAddr, network: IpAddr, prefix: u8) -> bool {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()) << 96, 32_u32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    let ((address, own), (network, other)) = (bits(address), bits(network));
    let differing = (address ^ network).leading_zeros();
    own == other && (differing >= u32::from(prefix))
}

fn unusable(error: impl fmt::Display) -> TlsError {
    TlsError::Unusable(error.to_string())
}

#[cfg(test)]
mod tests;
