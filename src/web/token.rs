//! The token that clients must send: read again when its file changes, as it last was good when it is not any more.

use crate::config::{Password, PasswordSource};
use axum::http::header::{AUTHORIZATION, HeaderMap};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Who may ask: whoever has it, or anybody.
pub(super) struct Token(Option<Mutex<Password>>);

impl Token {
    /// In this file; `None`: anybody may ask.
    ///
    /// # Errors
    /// In words, if the file cannot be used.
    pub(super) fn of(file: Option<&Path>) -> Result<Token, String> {
        let password = file.map(|path| Mutex::new(Password::of(&PasswordSource::File(path.to_owned()))));
        let token = Token(password);
        token.read_again()?;
        Ok(token)
    }

    /// Reads the file again if it has changed.
    ///
    /// # Errors
    /// In words, if it cannot be used any more: then the last good one stands.
    pub(super) fn read_again(&self) -> Result<(), String> {
        self.password().map_or(Ok(()), |mut password| password.current().map(drop).map_err(|e| e.to_string()))
    }

    /// Whether whoever sent this may ask.
    pub(super) fn admits(&self, asked: &HeaderMap) -> bool {
        let Some(password) = self.password() else { return true };
        let given = asked.get(AUTHORIZATION).and_then(|value| given(value.as_bytes()));
        given.zip(password.last_good()).is_some_and(|(given, token)| same(&given, token.as_bytes()))
    }

    fn password(&self) -> Option<MutexGuard<'_, Password>> {
        self.0.as_ref().map(|password| password.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The token in an `Authorization` header: a bearer's, or the password of whatever user.
fn given(value: &[u8]) -> Option<Vec<u8>> {
    let space = value.iter().position(|byte| *byte == b' ')?;
    let (scheme, rest) = value.split_at(space);
    let rest = rest.trim_ascii();
    if scheme.eq_ignore_ascii_case(b"bearer") {
        return Some(rest.to_vec());
    }
    let pair = scheme.eq_ignore_ascii_case(b"basic").then(|| STANDARD.decode(rest).ok())??;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    pair.get(colon + 1..).map(<[u8]>::to_vec)
}

/// Compares without telling by its time how far the two are the same.
fn same(a: &[u8], b: &[u8]) -> bool {
    let differences = a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b));
    a.len() == b.len() && std::hint::black_box(differences) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_from_a_bearer_and_from_a_browser() {
        let token = |value: &str| given(value.as_bytes()).map(|t| String::from_utf8(t).unwrap());
        assert_eq!(token("Bearer s3cret").as_deref(), Some("s3cret"));
        assert_eq!(token("bearer  s3cret ").as_deref(), Some("s3cret"));
        // any:s3:cret
        assert_eq!(token("Basic YW55OnMzOmNyZXQ=").as_deref(), Some("s3:cret"));
        for bad in ["", "Bearer", "s3cret", "Basic ???", "Basic YW55", "Digest s3cret"] {
            assert_eq!(token(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_the_same_is_the_same() {
        assert!(same(b"abc", b"abc"));
        for other in [&b"abd"[..], b"ab", b"abcd", b""] {
            assert!(!same(other, b"abc"));
        }
    }
}
