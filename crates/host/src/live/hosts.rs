//! Which hosts a login may reach.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use postlogin_core::wildcard;
use url::Url;

/// The hosts that live requests may go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hosts {
    /// Every host with a public address.
    Public,
    /// These, whatever their addresses.
    Named(Vec<HostName>),
}

/// `api.example.com`, `*.example.com`, `localhost:3000`, `127.0.0.1`, `[::1]:8080`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostName {
    host: String,
    /// `None` is any port.
    port: Option<u16>,
}

impl HostName {
    /// Reads the name of a host, with or without a port.
    ///
    /// # Errors
    /// What is wrong with it, for the user.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some((_, rest)) = text.split_once("://") {
            let host = rest.split('/').next().unwrap_or(rest);
            return Err(format!("`{text}` is a URL, not a host: write {host}"));
        }
        let (host, port) = match text.rsplit_once(':') {
            // The colons of an IPv6 address stand in brackets.
            Some((host, port)) if !port.ends_with(']') => {
                let port = port
                    .parse()
                    .map_err(|_| format!("`{text}` is no host: `{port}` is no port"))?;
                (host, Some(port))
            }
            _ => (text, None),
        };
        let is_address = host.starts_with('[') && host.ends_with(']');
        let is_name = !host.is_empty()
            && host
                .chars()
                .all(|letter| letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_' | '*'));
        if !is_name && !is_address {
            return Err(format!("`{text}` is no host"));
        }
        Ok(Self {
            host: host.to_lowercase(),
            port,
        })
    }

    fn fits(&self, host: &str, port: Option<u16>) -> bool {
        wildcard::matches(&self.host, host) && (self.port.is_none() || self.port == port)
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

impl Hosts {
    /// Whether a request may go out, as far as its URL tells.
    #[must_use]
    pub fn allow(&self, url: &Url) -> bool {
        match (self, url.host_str()) {
            (Self::Public, _) => true,
            (Self::Named(_), None) => false,
            (Self::Named(names), Some(host)) => names
                .iter()
                .any(|name| name.fits(&host.to_lowercase(), url.port_or_known_default())),
        }
    }
}

/// Whether an address is one of the public network: not of this machine, a private network, or the link.
/// Source: <https://www.iana.org/assignments/iana-ipv4-special-registry>, <https://www.iana.org/assignments/iana-ipv6-special-registry>.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = match address.octets() {
        [0 | 127 | 240..=255, ..] => true,
        [100, second, ..] => second & 0b1100_0000 == 64,
        [192, 0, 0, _] => true,
        [198, second, ..] => second & 0b1111_1110 == 18,
        _ => false,
    };
    !(special
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // An IPv4 address in other clothes: mapped, or behind a translator.
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => {
            let [.., a, b, c, d] = address.octets();
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        // Only 2000::/3 is given out; in it, 2001:db8::/32 is for documentation, 2002::/16 holds an IPv4 address.
        [0x2001, 0xdb8, ..] => false,
        [0x2002, ..] => {
            let [_, _, a, b, c, d, ..] = address.octets();
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_named_with_or_without_a_port() {
        for (name, url, expected) in [
            ("api.example.com", "https://api.example.com/x", true),
            ("API.example.com", "https://api.EXAMPLE.com:8443/x", true),
            ("example.com", "https://api.example.com/x", false),
            (
                "api.example.com",
                "https://api.example.com.evil.test/",
                false,
            ),
            (
                "api.example.com",
                "https://evil.test/?api.example.com",
                false,
            ),
            (
                "api.example.com",
                "https://api.example.com@evil.test/",
                false,
            ),
            ("*.example.com", "https://api.example.com/x", true),
            ("*.example.com", "https://example.com/x", false),
            ("localhost:3000", "http://localhost:3000/", true),
            ("localhost:3000", "http://localhost/", false),
            ("localhost:80", "http://localhost/", true),
            ("127.0.0.1", "http://127.0.0.1:5000/", true),
            ("127.0.0.1", "http://127.1:5000/", true),
            ("[::1]", "http://[::1]:5000/", true),
            ("[::1]:5001", "http://[::1]:5000/", false),
        ] {
            let hosts = Hosts::Named(vec![HostName::parse(name).expect(name)]);
            let url = Url::parse(url).expect(url);
            assert_eq!(hosts.allow(&url), expected, "{name} {url}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for (text, expected) in [
            (
                "https://api.example.com/x",
                "`https://api.example.com/x` is a URL, not a host: write api.example.com",
            ),
            ("", "`` is no host"),
            ("a b", "`a b` is no host"),
            ("api.example.com/x", "`api.example.com/x` is no host"),
            (
                "localhost:http",
                "`localhost:http` is no host: `http` is no port",
            ),
            (
                "localhost:99999",
                "`localhost:99999` is no host: `99999` is no port",
            ),
        ] {
            assert_eq!(HostName::parse(text), Err(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn addresses_of_machines_and_private_networks_are_not_public() {
        for (address, expected) in [
            ("1.1.1.1", true),
            ("172.32.0.1", true),
            ("100.128.0.1", true),
            ("2606:4700::1111", true),
            ("::ffff:1.1.1.1", true),
            ("0.0.0.0", false),
            ("127.0.0.1", false),
            ("10.1.2.3", false),
            ("172.16.0.1", false),
            ("192.168.1.1", false),
            ("169.254.169.254", false),
            ("100.64.0.1", false),
            ("198.18.0.1", false),
            ("192.0.2.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("::", false),
            ("::1", false),
            ("::ffff:127.0.0.1", false),
            ("64:ff9b::10.0.0.1", false),
            ("2002:7f00:1::", false),
            ("2001:db8::1", false),
            ("fe80::1", false),
            ("fd00::1", false),
            ("ff02::1", false),
        ] {
            let parsed: IpAddr = address.parse().expect(address);
            assert_eq!(is_public(parsed), expected, "{address}");
        }
    }
}
