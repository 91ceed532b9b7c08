//! `--issuer`: the issuer of tokens.

use postlogin_core::TenantSettings;

use crate::error::CliError;

/// Returns the host of an `http` or `https` URL, without its port.
fn host_of(url: &str) -> Option<&str> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let end = match authority.starts_with('[') {
        true => authority.find(']')? + 1,
        false => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at_checked(end)?;
    let is_port = port.is_empty() || port.strip_prefix(':')?.parse::<u16>().is_ok();
    let is_host = |letter: char| letter.is_alphanumeric() || "-._[]:".contains(letter);
    (is_port && !host.is_empty() && host.chars().all(is_host)).then_some(host)
}

/// Makes a URL the issuer of tokens, and its host the tenant's.
pub(super) fn set(tenant: &mut TenantSettings, issuer: &str) -> Result<(), CliError> {
    let Some(host) = host_of(issuer) else {
        return Err(CliError::usage(format!(
            "--issuer {issuer}: it must be an http or https URL"
        ))
        .with_hint("write it as in --issuer https://login.example.com/"));
    };
    tenant.domain = Some(host.to_owned());
    tenant.issuer = Some(issuer.to_owned());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::host_of;

    #[test]
    fn a_host_is_that_of_a_web_address_alone() {
        for (url, host) in [
            ("http://127.0.0.1:3333/", Some("127.0.0.1")),
            ("https://login.example.com", Some("login.example.com")),
            ("http://[::1]:80/", Some("[::1]")),
            ("login.example.com", None),
            ("ftp://x/", None),
            ("https://", None),
            ("https://a:b/", None),
            ("http://u@h/", None),
        ] {
            assert_eq!(host_of(url), host, "{url}");
        }
    }
}
