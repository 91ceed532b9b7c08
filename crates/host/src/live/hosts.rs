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
    /// The problem, for the user.
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
                    .map_err(|_| format!("`{text}` is not a valid host: `{port}` is not a port"))?;
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
            return Err(format!("`{text}` is not a valid host"));
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
    /// Whether a request may go out, as far as its URL shows.
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

/// Returns whether an address is one of the public network: not of this machine, a private network, or the link, not
/// reserved for a purpose, and no such IPv4 address in the form of IPv6.
/// Source: <https://www.iana.org/assignments/iana-ipv4-special-registry>, <https://www.iana.org/assignments/iana-ipv6-special-registry>.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Blocks of IPv4 that are not public: the first address and the length of the prefix. Multicast and what is reserved
/// (`224.0.0.0/3`) are in one.
const SPECIAL_V4: &[(Ipv4Addr, u32)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 52, 193, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(192, 175, 48, 0), 24),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// Blocks of `2000::/3` that are not public; of IPv6, nothing else is given out. `2001::/23` is for protocols: Teredo,
/// benchmarks, ORCHID and others. `2002::/16` is 6to4, looked at separately.
const SPECIAL_V6: &[(Ipv6Addr, u32)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48),
    (Ipv6Addr::new(0x3ffe, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

fn is_public_v4(address: Ipv4Addr) -> bool {
    let within = |(block, length): &(Ipv4Addr, u32)| {
        (address.to_bits() ^ block.to_bits()) >> (32 - length) == 0
    };
    !SPECIAL_V4.iter().any(within)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [.., a, b, c, d] = address.octets();
    let last = Ipv4Addr::new(a, b, c, d);
    match address.segments() {
        // An IPv4 address in another form: mapped, or behind a translator.
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => is_public_v4(last),
        [0x2002, ..] => {
            let [_, _, a, b, c, d, ..] = address.octets();
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        // A network may translate at any prefix of its own, and an interface may hold an IPv4 address by ISATAP.
        // Source: <https://www.rfc-editor.org/rfc/rfc5214#section-6.1>.
        [first, _, _, _, 0 | 0x200, 0x5efe, ..]
            if first & 0xe000 == 0x2000 && !is_public_v4(last) =>
        {
            false
        }
        [first, ..] => {
            let within = |(block, length): &(Ipv6Addr, u32)| {
                (address.to_bits() ^ block.to_bits()) >> (128 - length) == 0
            };
            first & 0xe000 == 0x2000 && !SPECIAL_V6.iter().any(within)
        }
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
            ("", "`` is not a valid host"),
            ("a b", "`a b` is not a valid host"),
            (
                "api.example.com/x",
                "`api.example.com/x` is not a valid host",
            ),
            (
                "localhost:http",
                "`localhost:http` is not a valid host: `http` is not a port",
            ),
            (
                "localhost:99999",
                "`localhost:99999` is not a valid host: `99999` is not a port",
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
            // The first and the last address of each block of the registries, and what is beside them.
            ("0.255.255.255", false),
            ("1.0.0.0", true),
            ("9.255.255.255", true),
            ("10.255.255.255", false),
            ("11.0.0.0", true),
            ("100.63.255.255", true),
            ("100.127.255.255", false),
            ("126.255.255.255", true),
            ("127.255.255.255", false),
            ("128.0.0.0", true),
            ("169.253.255.255", true),
            ("169.254.0.0", false),
            ("169.255.0.0", true),
            ("172.15.255.255", true),
            ("172.31.255.255", false),
            ("191.255.255.255", true),
            ("192.0.0.8", false),
            ("192.0.0.171", false),
            ("192.0.1.0", true),
            ("192.0.2.255", false),
            ("192.88.99.2", false),
            ("192.167.255.255", true),
            ("192.169.0.0", true),
            ("198.17.255.255", true),
            ("198.19.255.255", false),
            ("198.20.0.0", true),
            ("198.51.100.7", false),
            ("203.0.113.9", false),
            ("223.255.255.255", true),
            ("239.255.255.250", false),
            ("240.0.0.1", false),
            ("::127.0.0.1", false),
            ("::ffff:0:127.0.0.1", false),
            ("::ffff:169.254.169.254", false),
            ("::ffff:100.64.0.1", false),
            ("64:ff9b::1.1.1.1", true),
            ("64:ff9b::169.254.169.254", false),
            ("64:ff9b:0:1::1.1.1.1", false),
            ("64:ff9b:1::", false),
            ("64:ff9b:1::1.1.1.1", false),
            ("64:ff9b:1:ffff::10.0.0.1", false),
            ("100::", false),
            ("100::1", false),
            ("100:0:0:1::1", false),
            ("1fff:ffff::", false),
            ("2001::", false),
            ("2001:0:4136:e378:8000:63bf:3fff:fdd2", false),
            ("2001:0:7f00:1::", false),
            ("2001:1::1", false),
            ("2001:2::1", false),
            ("2001:3::1", false),
            ("2001:4:112::1", false),
            ("2001:10::1", false),
            ("2001:20::1", false),
            ("2001:30::1", false),
            ("2001:1ff:ffff::", false),
            ("2001:200::1", true),
            ("2001:4860:4860::8888", true),
            ("2001:db7:ffff::", true),
            ("2001:db8:ffff::1", false),
            ("2001:db9::", true),
            ("2002:101:101::1", true),
            ("2002:a00:1::1", false),
            ("2002:a9fe:a9fe::", false),
            ("2002:c0a8:101::1", false),
            ("2002:6440:1::", false),
            ("2600::5efe:10.0.0.1", false),
            ("2600::200:5efe:1.1.1.1", true),
            ("2620:4f:8000::1", false),
            ("3ffe::1", false),
            ("3fff::1", false),
            ("3fff:fff:ffff::", false),
            ("3fff:1000::", true),
            ("4000::", false),
            ("5f00::1", false),
            ("fc00::1", false),
            ("fdff:ffff::", false),
            ("fe80::a", false),
            ("febf::1", false),
            ("fec0::1", false),
            ("feff::1", false),
            ("ff0e::1", false),
        ] {
            let parsed: IpAddr = address.parse().expect(address);
            assert_eq!(is_public(parsed), expected, "{address}");
        }
    }
}
