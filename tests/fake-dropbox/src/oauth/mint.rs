//! Draws secrets that nobody can guess from outside and a test can repeat.
//!
//! Not meant to be safe: whoever knows the seed knows every secret.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256, Sha512};

/// A stream of secrets; the same seed gives the same stream, also across a restart.
#[derive(Clone, Serialize, Deserialize)]
pub struct Mint {
    /// What the whole stream depends on.
    seed: u64,
    /// How many secrets have been drawn.
    drawn: u64,
}

impl Mint {
    /// Starts the stream of a seed.
    pub fn new(seed: u64) -> Mint {
        Mint { seed, drawn: 0 }
    }

    /// Returns the next secret: `length` characters (at most 86) of the URL-safe base64 alphabet.
    pub fn draw(&mut self, length: usize) -> String {
        self.drawn += 1;
        let digest = Sha512::new()
            .chain_update(self.seed.to_be_bytes())
            .chain_update(self.drawn.to_be_bytes())
            .finalize();
        let mut text = URL_SAFE_NO_PAD.encode(digest);
        text.truncate(length);
        text
    }

    /// Returns the beginning of every secret drawn so far.
    pub fn drawn(&self, length: usize) -> Vec<String> {
        let mut again = Mint::new(self.seed);
        (0..self.drawn).map(|_| again.draw(length)).collect()
    }
}

/// Returns the S256 challenge of a PKCE verifier: base64url without padding of its SHA-256.
pub fn s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_repeats_and_another_differs() {
        let (mut a, mut b, mut other) = (Mint::new(7), Mint::new(7), Mint::new(8));
        let first = a.draw(43);
        assert_eq!(first, b.draw(43));
        assert_ne!(first, a.draw(43));
        assert_ne!(first, other.draw(43));
        assert_eq!(first.len(), 43);
        assert_eq!(b.drawn(20), [first[..20].to_owned()], "what was drawn can be recognised");
    }

    #[test]
    fn the_challenge_of_the_pkce_standard_is_met() {
        // RFC 7636, appendix B.
        assert_eq!(
            s256("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
