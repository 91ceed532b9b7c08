//! Signing keys and tokens of the local tenant.
//!
//! RS256 only, the algorithm of every token that Auth0 issues by default. The crate knows neither a clock nor a
//! project: the caller says which claims a token carries and where the key lies. Randomness is used only to make
//! a key ([`Randomness`]); the same key and the same claims give the same token, byte for byte.
//!
//! The keys are test keys. They sign what a developer's machine issues to itself and nothing else.
//!
//! No part of it is API: the workspace is its only user, and public items change in any version.

mod certificate;
mod digest;
mod dpop;
mod jwk;
mod jws;
mod key;
mod marks;
mod opaque;
mod public;
mod sign;
mod store;
#[cfg(test)]
mod testing;
mod totp;

pub use digest::left_half_hash;
pub use dpop::DpopProof;
pub use jwk::{JwkError, thumbprint};
pub use jws::{SignError, VerifiedToken, VerifyError};
pub use key::{KeyError, KeyPair, Randomness};
pub use marks::{Marks, TRUST_STATE, foreign, foreign_hint};
pub use opaque::opaque_token;
pub use public::PublicKey;
pub use store::{StoreError, load_or_create, publish};
pub use totp::{TOTP_PERIOD_S, base32, totp};
