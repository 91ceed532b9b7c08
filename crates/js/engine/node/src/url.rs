//! URLs as Node's binding `url` gives them: the text and the offsets of its parts.

use rquickjs::{Ctx, Object, Result, Value, function::Func};
use url::{Host, Position, Url, quirks};

use crate::bytes;

/// Stands for a part that is not there.
const OMITTED: u32 = u32::MAX;

pub(crate) fn define(native: &Object<'_>) -> Result<()> {
    native.set("parseUrl", Func::from(parse))?;
    native.set("updateUrl", Func::from(update))?;
    native.set("formatUrl", Func::from(format))?;
    native.set("originOfUrl", Func::from(origin))?;
    native.set("domainToAscii", Func::from(domain_to_ascii))?;
    native.set("domainToUnicode", Func::from(domain_to_unicode))
}

fn parsed<'js>(ctx: &Ctx<'js>, input: &Value<'js>, base: &Value<'js>) -> Result<Option<Url>> {
    let input = bytes::utf8(ctx, input)?;
    if base.is_undefined() {
        return Ok(Url::parse(&input).ok());
    }
    let base = Url::parse(&bytes::utf8(ctx, base)?).ok();
    Ok(base.and_then(|base| base.join(&input).ok()))
}

/// Fills `parts` (a Uint8Array over the Uint32Array of the binding) and returns the text; undefined for what is no URL.
fn parse<'js>(
    ctx: Ctx<'js>,
    input: Value<'js>,
    base: Value<'js>,
    parts: Value<'js>,
) -> Result<Value<'js>> {
    match parsed(&ctx, &input, &base)? {
        Some(url) => {
            tell(&ctx, &url, &parts);
            bytes::text(&ctx, url.as_str())
        }
        None => Ok(Value::new_undefined(ctx)),
    }
}

fn tell(ctx: &Ctx<'_>, url: &Url, parts: &Value<'_>) {
    let at = |position| url[..position].len() as u32;
    let protocol_end = at(Position::AfterScheme) + 1;
    let has_credentials = !url.username().is_empty() || url.password().is_some();
    let (username_end, host_start, host_end) = if url.has_authority() {
        let host = at(Position::BeforeHost);
        (
            at(Position::AfterUsername),
            host - u32::from(has_credentials),
            at(Position::AfterHost),
        )
    } else {
        (protocol_end, protocol_end, protocol_end)
    };
    let offsets = [
        protocol_end,
        username_end,
        host_start,
        host_end,
        url.port().map_or(OMITTED, u32::from),
        at(Position::BeforePath),
        url.query()
            .map_or(OMITTED, |_| at(Position::BeforeQuery) - 1),
        url.fragment()
            .map_or(OMITTED, |_| at(Position::BeforeFragment) - 1),
        scheme_type(url.scheme()),
    ];
    for (place, offset) in bytes::of(ctx, parts).chunks_exact_mut(4).zip(offsets) {
        place.copy_from_slice(&offset.to_le_bytes());
    }
}

/// As ada numbers them.
fn scheme_type(scheme: &str) -> u32 {
    match scheme {
        "http" => 0,
        "https" => 2,
        "ws" => 3,
        "ftp" => 4,
        "wss" => 5,
        "file" => 6,
        _ => 1,
    }
}

/// Sets one part by the rules of the URL standard; `false` when the new text is refused as a whole (`href` alone).
fn update<'js>(
    ctx: Ctx<'js>,
    href: Value<'js>,
    action: u32,
    value: Value<'js>,
    parts: Value<'js>,
) -> Result<Value<'js>> {
    let Ok(mut url) = Url::parse(&bytes::utf8(&ctx, &href)?) else {
        return Ok(Value::new_bool(ctx, false));
    };
    let value = bytes::utf8(&ctx, &value)?;
    let stripped: String = value
        .chars()
        .filter(|character| !matches!(character, '\t' | '\n' | '\r'))
        .collect();
    // What is refused leaves the URL as it was.
    match action {
        0 => drop(quirks::set_protocol(&mut url, &stripped)),
        1 => drop(quirks::set_host(&mut url, &stripped)),
        2 => drop(quirks::set_hostname(&mut url, &stripped)),
        3 => drop(quirks::set_port(&mut url, &stripped)),
        4 => drop(quirks::set_username(&mut url, &value)),
        5 => drop(quirks::set_password(&mut url, &value)),
        6 => quirks::set_pathname(&mut url, &value),
        7 => quirks::set_search(&mut url, &value),
        8 => quirks::set_hash(&mut url, &value),
        _ => {
            if quirks::set_href(&mut url, &value).is_err() {
                return Ok(Value::new_bool(ctx, false));
            }
        }
    }
    tell(&ctx, &url, &parts);
    bytes::text(&ctx, url.as_str())
}

/// `url.format` of a URL: parts are left out, and the host is in Unicode, as asked.
fn format<'js>(
    ctx: Ctx<'js>,
    href: Value<'js>,
    fragment: bool,
    unicode: bool,
    search: bool,
    auth: bool,
) -> Result<Value<'js>> {
    let Ok(mut url) = Url::parse(&bytes::utf8(&ctx, &href)?) else {
        return Ok(href);
    };
    if !fragment {
        url.set_fragment(None);
    }
    if !search {
        url.set_query(None);
    }
    if !auth {
        // What cannot have credentials has none.
        let _ = url.set_username("");
        let _ = url.set_password(None);
    }
    if unicode && let Some(Host::Domain(domain)) = url.host() {
        let shown = quirks::domain_to_unicode(domain);
        let text = format!(
            "{}{shown}{}",
            &url[..Position::BeforeHost],
            &url[Position::AfterHost..]
        );
        return bytes::text(&ctx, &text);
    }
    bytes::text(&ctx, url.as_str())
}

fn origin<'js>(ctx: Ctx<'js>, href: Value<'js>) -> Result<Value<'js>> {
    match parsed(&ctx, &href, &Value::new_undefined(ctx.clone()))? {
        Some(url) => bytes::text(&ctx, &quirks::origin(&url)),
        None => Ok(Value::new_undefined(ctx)),
    }
}

/// The host of a special URL with this host; empty if it is none.
fn host_of(domain: &str) -> Option<Host<String>> {
    let url = Url::parse(&format!("ws://{domain}")).ok()?;
    url.host().map(|host| host.to_owned())
}

fn domain_to_ascii<'js>(ctx: Ctx<'js>, domain: Value<'js>) -> Result<String> {
    let domain = bytes::utf8(&ctx, &domain)?;
    Ok(host_of(&domain)
        .map(|host| host.to_string())
        .unwrap_or_default())
}

fn domain_to_unicode<'js>(ctx: Ctx<'js>, domain: Value<'js>) -> Result<String> {
    let domain = bytes::utf8(&ctx, &domain)?;
    Ok(match host_of(&domain) {
        Some(Host::Domain(domain)) => quirks::domain_to_unicode(&domain),
        Some(host) => host.to_string(),
        None => String::new(),
    })
}
