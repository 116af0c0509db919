//! Secrets that a service was sent: it may repeat them, and what it says is shown and logged.

use secrecy::{ExposeSecret, SecretString};

/// Anything shorter guards nothing, and would be found in every other sentence.
const SHORTEST_SECRET: usize = 8;

/// What may not be read in the words of a service.
#[derive(Clone, Default)]
pub(crate) struct Sent(Vec<SecretString>);

impl Sent {
    pub(crate) fn new<'s>(secrets: impl IntoIterator<Item = &'s SecretString>) -> Sent {
        Sent(secrets.into_iter().filter(|s| s.expose_secret().len() >= SHORTEST_SECRET).cloned().collect())
    }

    /// Returns what was said without them. To be done before anything is cut off: a half is too much as well.
    pub(crate) fn left_out_of(&self, said: &str) -> String {
        self.0.iter().fold(said.to_owned(), |said, secret| said.replace(secret.expose_secret(), "…"))
    }

    /// Tells whether a text repeats one of them.
    pub(crate) fn is_in(&self, said: &str) -> bool {
        self.0.iter().any(|secret| said.contains(secret.expose_secret()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_left_out_wherever_it_is_repeated() {
        let secrets: Vec<SecretString> = ["first-secret", "second/secret", "", "a"].map(Into::into).into();
        let sent = Sent::new(&secrets);
        let said = "a token first-secret, again first-secret, and second/secret";
        assert_eq!(sent.left_out_of(said), "a token …, again …, and …");
        assert!(sent.is_in(said) && !sent.is_in("a word that is no secret"));
    }
}
