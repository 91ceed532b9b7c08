//! The second factors of a user: authenticator apps, phones, addresses and recovery codes.
//!
//! <https://auth0.com/docs/secure/multi-factor-authentication/manage-mfa-auth0-apis/manage-authenticator-factors-mfa-api>

use std::sync::Arc;

use serde_json::{Value, json};

use super::event::request;
use super::{Result, waiting};
use crate::clock::iso;
use crate::email::{OfCode, send_with_code};
use crate::http::{Call, text};
use crate::phone::{self, Channel, Purpose};
use crate::randomness::{digest, same_secret};
use crate::records::{Authenticator, OneTimeCode};
use crate::state::Tenant;
use crate::store::Entry;

/// Milliseconds for which a code in a message is good. The vendor gives no time for it.
const CODE_MS: i64 = 300_000;
/// Wrong codes after which that of a message is gone.
const ATTEMPTS: u32 = 5;
/// The letters of a recovery code, and how many it has, as in the vendor's samples.
const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ123456789";
const RECOVERY_LENGTH: usize = 24;

/// The kind of a factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Otp,
    Sms,
    Voice,
    Email,
    Recovery,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::Otp,
        Self::Sms,
        Self::Voice,
        Self::Email,
        Self::Recovery,
    ];

    /// The name that a record has for it.
    pub(crate) fn stored(self) -> &'static str {
        match self {
            Self::Otp => "",
            Self::Sms => "sms",
            Self::Voice => "voice",
            Self::Email => "email",
            Self::Recovery => "recovery-code",
        }
    }

    /// The kind that gets messages by a channel of `oob_channels`.
    pub(crate) fn of_channel(channel: &str) -> Option<Self> {
        let mut kinds = [Self::Sms, Self::Voice, Self::Email].into_iter();
        kinds.find(|kind| kind.stored() == channel)
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Otp => "totp",
            other => other.stored(),
        }
    }

    /// The type in `enrolledFactors`.
    pub(crate) fn enrolled(self) -> &'static str {
        match self {
            Self::Otp => "otp",
            Self::Sms | Self::Voice => "phone",
            Self::Email => "email",
            Self::Recovery => "recovery-code",
        }
    }

    /// Whether it gets messages: `oob`.
    pub(crate) fn is_oob(self) -> bool {
        matches!(self, Self::Sms | Self::Voice | Self::Email)
    }
}

/// A factor of a user.
#[derive(Debug, Clone)]
pub(crate) struct Factor {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    /// Whether a code has confirmed it.
    pub(crate) active: bool,
    created_at: Option<String>,
    /// The phone number or the address.
    pub(crate) to: Option<String>,
}

impl Factor {
    /// Whether the user can pass it with what this tenant knows, so that no other one is enrolled without it. Of the app of an import
    /// the secret is not here.
    pub(crate) fn is_enrolled(&self) -> bool {
        self.active
            && self.kind != Kind::Recovery
            && (self.kind.is_oob() || self.created_at.is_some())
    }

    /// As `/mfa/authenticators` lists it.
    pub(crate) fn shown(&self) -> Value {
        let kind = match self.kind {
            kind if kind.is_oob() => "oob",
            kind => kind.enrolled(),
        };
        let mut shown = json!({
            "id": self.id, "authenticator_type": kind, "active": self.active, "type": self.kind.enrolled(),
        });
        let mut put = |key: &str, value: Option<String>| {
            if let (Some(value), Some(shown)) = (value, shown.as_object_mut()) {
                shown.insert(key.to_owned(), value.into());
            }
        };
        put(
            "oob_channel",
            self.kind.is_oob().then(|| self.kind.stored().to_owned()),
        );
        put("name", self.to.as_deref().map(masked));
        put("created_at", self.created_at.clone());
        shown
    }
}

/// A number or an address as lists show it, so that only its owner recognises it.
fn masked(to: &str) -> String {
    let hidden = |text: &str, shown: usize, sign: char| -> String {
        let letters = text.chars().enumerate();
        letters
            .map(|(at, letter)| if at < shown { letter } else { sign })
            .collect()
    };
    match to.split_once('@') {
        Some((local, domain)) => format!("{}@{}", hidden(local, 4, '*'), hidden(domain, 4, '*')),
        None => {
            let letters: Vec<char> = to.chars().collect();
            let from = letters.len().saturating_sub(4);
            let last: String = letters.iter().skip(from).collect();
            format!("{}{last}", "X".repeat(from))
        }
    }
}

/// Returns the factors of a user: those that were enrolled here, and those that the profile has by an import.
pub(crate) fn of(tenant: &Tenant, user_id: &str) -> Result<Vec<Factor>> {
    let stored = tenant
        .store
        .list::<Authenticator>(Some(user_id), tenant.now_ms())?;
    let mut factors: Vec<Factor> = stored
        .into_iter()
        .map(|(id, record)| Factor {
            id,
            kind: Kind::ALL
                .into_iter()
                .find(|kind| kind.stored() == record.kind)
                .unwrap_or(Kind::Otp),
            active: record.active,
            created_at: Some(record.created_at),
            to: record.to,
        })
        .collect();
    let user = tenant.store.user(user_id)?.unwrap_or_default();
    let enrolled = user.get("enrolledFactors").and_then(Value::as_array);
    for enrolled in enrolled.into_iter().flatten() {
        let kinds: &[Kind] = match text(enrolled, "type") {
            Some("otp") => &[Kind::Otp],
            Some("phone") if phone::channel_of(&user) == Channel::Voice => {
                &[Kind::Voice, Kind::Sms]
            }
            Some("phone") => &[Kind::Sms, Kind::Voice],
            Some("email") => &[Kind::Email],
            _ => &[],
        };
        for kind in kinds {
            let to = match kind {
                Kind::Email => text(&user, "email"),
                Kind::Otp | Kind::Recovery => None,
                Kind::Sms | Kind::Voice => text(&user, "phone_number"),
            };
            // One that was enrolled here takes the place of what the profile says of its type, and so does an app that is being
            // enrolled.
            let has_it = factors.iter().any(|it| {
                it.created_at.is_some()
                    && it.kind.enrolled() == kind.enrolled()
                    && (it.active || *kind == Kind::Otp)
            });
            if has_it || (kind.is_oob() && to.is_none()) {
                continue;
            }
            let short: String = digest(&format!("{} {user_id}", kind.stored()))
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .take(16)
                .collect();
            factors.push(Factor {
                id: format!("{}|dev_{short}", kind.prefix()),
                kind: *kind,
                active: true,
                created_at: None,
                to: to.map(str::to_owned),
            });
        }
    }
    Ok(factors)
}

/// A new factor, which a code has to confirm. One by SMS is one by voice, too, as in production.
pub(crate) fn add(
    tenant: &Tenant,
    user_id: &str,
    kind: Kind,
    record: &Authenticator,
) -> Result<Factor> {
    let bare = tenant.randomness.hex_id();
    let twins: &[Kind] = match kind {
        Kind::Sms | Kind::Voice => &[Kind::Sms, Kind::Voice],
        Kind::Otp => &[Kind::Otp],
        Kind::Email => &[Kind::Email],
        Kind::Recovery => &[Kind::Recovery],
    };
    let now = tenant.now_ms();
    for twin in twins {
        let record = Authenticator {
            kind: twin.stored().to_owned(),
            created_at: iso(now),
            ..record.clone()
        };
        let id = format!("{}|dev_{bare}", twin.prefix());
        tenant
            .store
            .put(Entry::lasting(&id).of(user_id), &record, now)?;
    }
    Ok(Factor {
        id: format!("{}|dev_{bare}", kind.prefix()),
        kind,
        active: record.active,
        created_at: Some(iso(now)),
        to: record.to.clone(),
    })
}

/// Forgets those factors that no code has confirmed: whoever begins anew has lost them.
pub(crate) fn forget_unconfirmed(tenant: &Tenant, known: &[Factor]) -> Result<()> {
    for factor in known.iter().filter(|factor| !factor.active) {
        tenant.store.remove::<Authenticator>(&factor.id)?;
    }
    Ok(())
}

/// Takes a factor from a user; returns whether there was one. That of an import is one of the profile.
pub(crate) fn remove(tenant: &Tenant, user_id: &str, id: &str) -> Result<bool> {
    let all = of(tenant, user_id)?;
    let Some(gone) = all.iter().find(|factor| factor.id == id) else {
        return Ok(false);
    };
    tenant.store.remove::<Authenticator>(id)?;
    // A phone is two of them, and the profile lists it as one.
    let kind = gone.kind.enrolled();
    let stays = of(tenant, user_id)?
        .iter()
        .any(|it| it.active && it.created_at.is_some() && it.kind.enrolled() == kind);
    if !stays {
        let _ = tenant.change_user::<()>(user_id, |profile| {
            let listed = profile
                .get_mut("enrolledFactors")
                .and_then(Value::as_array_mut);
            if let Some(listed) = listed {
                listed.retain(|known| text(known, "type") != Some(kind));
            }
            Ok(None)
        })?;
    }
    Ok(true)
}

/// Marks a factor as confirmed, with its twin, and adds it to those of the profile. Returns its type, unless it was confirmed before.
pub(crate) fn confirm(tenant: &Tenant, user_id: &str, id: &str) -> Result<Option<String>> {
    let now = tenant.now_ms();
    let Some(factor) = of(tenant, user_id)?.into_iter().find(|it| it.id == id) else {
        return Ok(None);
    };
    let bare = id.split_once('|').map_or(id, |(_, bare)| bare);
    for kind in Kind::ALL {
        let twin = format!("{}|{bare}", kind.prefix());
        tenant
            .store
            .change(&twin, now, |known: &mut Authenticator| known.active = true)?;
    }
    if factor.active {
        return Ok(None);
    }
    let kind = factor.kind.enrolled().to_owned();
    super::changes::enrol(tenant, user_id, std::slice::from_ref(&kind))?;
    if let (Kind::Sms | Kind::Voice, Some(number)) = (factor.kind, factor.to) {
        let _ = tenant.change_user::<()>(user_id, |profile| {
            if let Some(profile) = profile.as_object_mut() {
                profile.entry("phone_number").or_insert(number.into());
            }
            Ok(None)
        })?;
    }
    Ok(Some(kind))
}

/// A new recovery code, in place of the one before. It is good from now on, once.
pub(crate) fn new_recovery_code(tenant: &Tenant, user_id: &str) -> Result<String> {
    for factor in of(tenant, user_id)? {
        if factor.kind == Kind::Recovery {
            tenant.store.remove::<Authenticator>(&factor.id)?;
        }
    }
    let bytes = tenant.randomness.bytes();
    let letters = bytes.iter().take(RECOVERY_LENGTH);
    let code: String = letters
        .filter_map(|byte| LETTERS.get(usize::from(*byte) % LETTERS.len()))
        .map(|letter| char::from(*letter))
        .collect();
    let record = Authenticator {
        secret: digest(&code).into_bytes(),
        active: true,
        ..Authenticator::default()
    };
    add(tenant, user_id, Kind::Recovery, &record)?;
    Ok(code)
}

/// Whether a code is the user's recovery code, which is used up: of two requests with it, one is first.
pub(crate) fn take_recovery_code(tenant: &Tenant, user_id: &str, code: &str) -> Result<bool> {
    let hash = digest(code.trim());
    let now = tenant.now_ms();
    for factor in of(tenant, user_id)? {
        if factor.kind != Kind::Recovery {
            continue;
        }
        let known = tenant.store.get::<Authenticator>(&factor.id, now)?;
        let fits = known.is_some_and(|known| {
            same_secret(
                &hash,
                std::str::from_utf8(&known.secret).unwrap_or_default(),
            )
        });
        if fits {
            return Ok(tenant
                .store
                .take::<Authenticator>(&factor.id, now)?
                .is_some());
        }
    }
    Ok(false)
}

/// Under which the code of a message is stored: both tokens find it.
fn message_key(mfa_token: &str, oob_code: &str) -> String {
    digest(&format!("mfa-oob {mfa_token} {oob_code}"))
}

/// Sends a code to a factor, by the outbox. Returns the `oob_code`.
pub(crate) async fn send_code(
    tenant: &Arc<Tenant>,
    call: &Call,
    (user_id, client_id): (&str, &str),
    mfa_token: &str,
    factor: &Factor,
) -> Result<String> {
    let now = tenant.now_ms();
    let code = super::run::one_time_code(tenant);
    let oob_code = tenant.randomness.token();
    let record = OneTimeCode {
        code: code.clone(),
        attempts: 0,
        authenticator: Some(factor.id.clone()),
    };
    let key = message_key(mfa_token, &oob_code);
    tenant.store.put(
        Entry::until(&key, now.saturating_add(CODE_MS)),
        &record,
        now,
    )?;
    let user = tenant.store.user(user_id)?.unwrap_or_default();
    let client = tenant.client(client_id)?.unwrap_or_default();
    let to = factor.to.clone().unwrap_or_default();
    let login = waiting::look(tenant, mfa_token)?.map(|waiting| waiting.flow.id);
    let channel = match factor.kind {
        Kind::Voice => Channel::Voice,
        Kind::Email => {
            let mail = OfCode {
                template: "mfa_oob_code",
                to,
                code,
                user,
                client,
                login,
                request: request(tenant, call),
                ..OfCode::default()
            };
            send_with_code(tenant, mail).await;
            return Ok(oob_code);
        }
        _ => Channel::Sms,
    };
    let message = phone::Message {
        purpose: match factor.active {
            true => Purpose::Challenge,
            false => Purpose::Enrolment,
        },
        channel,
        recipient: to,
        code,
        user,
        client,
        connection: Value::Null,
        organization: None,
        login,
        request: request(tenant, call),
        language: phone::asked_language(call),
    };
    phone::send(tenant, message).await;
    Ok(oob_code)
}

/// The result of a code of a message.
pub(crate) enum Checked {
    /// It is right, and used up; the id of its factor.
    Right(String),
    Wrong,
    /// There is no such `oob_code` for this login, or its time is over.
    Unknown,
}

/// Checks the code of a message.
pub(crate) fn check_code(
    tenant: &Tenant,
    mfa_token: &str,
    oob_code: &str,
    binding_code: &str,
) -> Result<Checked> {
    let key = message_key(mfa_token, oob_code);
    let now = tenant.now_ms();
    let fits = tenant.store.change(&key, now, |known: &mut OneTimeCode| {
        known.attempts = known.attempts.saturating_add(1);
        known.attempts <= ATTEMPTS && same_secret(binding_code.trim(), &known.code)
    })?;
    match fits {
        None => Ok(Checked::Unknown),
        Some(false) => Ok(Checked::Wrong),
        Some(true) => Ok(match tenant.store.take::<OneTimeCode>(&key, now)? {
            Some(known) => Checked::Right(known.authenticator.unwrap_or_default()),
            None => Checked::Unknown,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn only_the_owner_recognises_a_number_or_an_address() {
        for (to, shown) in [
            ("+491701238730", "XXXXXXXXX8730"),
            ("8730", "8730"),
            ("jane.doe@example.com", "jane****@exam*******"),
            ("jo@x.de", "jo@x.de"),
            ("", ""),
        ] {
            assert_eq!(masked(to), shown, "{to}");
        }
    }
}
