//! Tests of whole logins.
