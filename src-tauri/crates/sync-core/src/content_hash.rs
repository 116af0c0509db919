//! Dropbox's content hash: SHA-256 over the concatenated SHA-256 digests of each 4 MiB block.
//!
//! Source: Dropbox's "Content hash" page; the test vectors below were recomputed independently.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Bytes in one block of the content hash.
pub const BLOCK_BYTES: usize = 4 * 1024 * 1024;

/// The content hash of one file; written as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContentHash(pub [u8; 32]);

/// The text is not 64 hex digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a content hash is 64 hex digits, got {0:?}")]
pub struct BadContentHash(String);

impl ContentHash {
    /// Returns the hash of a whole content that is already in memory.
    pub fn of(content: &[u8]) -> ContentHash {
        let mut hasher = ContentHasher::new();
        hasher.update(content);
        hasher.finish()
    }

    /// Returns the hash of so many zeros, without reading them all: each whole block has the same digest.
    pub fn of_zeros(bytes: u64) -> ContentHash {
        let (blocks, rest) = (bytes / BLOCK_BYTES as u64, (bytes % BLOCK_BYTES as u64) as usize);
        let mut whole = Sha256::new();
        if blocks > 0 {
            let digest = Sha256::digest(vec![0; BLOCK_BYTES]);
            (0..blocks).for_each(|_| whole.update(digest));
        }
        if rest > 0 {
            whole.update(Sha256::digest(vec![0; rest]));
        }
        ContentHash(whole.finalize().into())
    }

    /// Reads the 64 hex digits that Dropbox sends.
    pub fn from_hex(text: &str) -> Result<ContentHash, BadContentHash> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)
            .map_err(|_| BadContentHash(text.chars().take(80).collect()))?;
        Ok(ContentHash(bytes))
    }

    /// Returns the 64 lower-case hex digits.
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", &self.to_hex()[..8])
    }
}

impl TryFrom<String> for ContentHash {
    type Error = BadContentHash;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        ContentHash::from_hex(&text)
    }
}

impl From<ContentHash> for String {
    fn from(hash: ContentHash) -> String {
        hash.to_hex()
    }
}

/// Computes a content hash from pieces of any length.
#[derive(Clone)]
pub struct ContentHasher {
    whole: Sha256,
    block: Sha256,
    in_block: usize,
}

impl ContentHasher {
    /// Starts at the first byte of a content.
    pub fn new() -> ContentHasher {
        ContentHasher { whole: Sha256::new(), block: Sha256::new(), in_block: 0 }
    }

    /// Takes the next bytes of the content.
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let take = bytes.len().min(BLOCK_BYTES - self.in_block);
            let (now, later) = bytes.split_at(take);
            self.block.update(now);
            self.in_block += take;
            bytes = later;
            if self.in_block == BLOCK_BYTES {
                self.close_block();
            }
        }
    }

    /// Lets another hasher take the same bytes. Each byte is hashed once when both stand at the start of a block.
    pub fn update_with(&mut self, other: &mut ContentHasher, bytes: &[u8]) {
        if self.in_block != 0 || other.in_block != 0 {
            self.update(bytes);
            other.update(bytes);
            return;
        }
        for block in bytes.chunks(BLOCK_BYTES) {
            self.block.update(block);
            self.in_block = block.len();
            other.block.clone_from(&self.block);
            other.in_block = self.in_block;
            if self.in_block == BLOCK_BYTES {
                let digest = std::mem::take(&mut self.block).finalize();
                self.take_block(digest.as_slice());
                other.take_block(digest.as_slice());
            }
        }
    }

    /// Returns the hash of everything taken so far.
    pub fn finish(mut self) -> ContentHash {
        if self.in_block > 0 {
            self.close_block();
        }
        ContentHash(self.whole.finalize().into())
    }

    fn close_block(&mut self) {
        let digest = std::mem::take(&mut self.block).finalize();
        self.take_block(digest.as_slice());
    }

    fn take_block(&mut self, digest: &[u8]) {
        self.block = Sha256::new();
        self.whole.update(digest);
        self.in_block = 0;
    }
}

impl Default for ContentHasher {
    fn default() -> Self {
        ContentHasher::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting(len: usize) -> Vec<u8> {
        (0..len).map(|i| (i % 256) as u8).collect()
    }

    #[test]
    fn published_vectors_are_met() {
        let a = |len: usize| vec![b'A'; len];
        let cases: Vec<(Vec<u8>, &str)> = vec![
            (vec![], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (b"abc".to_vec(), "4f8b42c22dd3729b519ba6f68d2da7cc5b2d606d05daed5ad5128cc03e6c6358"),
            (b"Hello Dropbox!".to_vec(), "16dff8700700b9aa627e24bbf832940c084b41ade5c5d6fe5417963a547ed9c2"),
            (a(4_194_303), "647c8627d70f7a7d13ce96b1e7710a771a55d41a62c3da490d92e56044d311fa"),
            (a(4_194_304), "d4d63bac5b866c71620185392a8a6218ac1092454a2d16f820363b69852befa3"),
            (a(4_194_305), "8f553da8d00d0bf509d8470e242888be33019c20c0544811f5b2b89e98360b92"),
            (a(8_388_608), "e08b3ba1f538804075c5f939accdeaa9efc7b5c01865c94a41e78ca6550a88e7"),
            (counting(10_485_760), "7e714a7698696fbd2bddcf581af3a88241a2deff2efdf6ce083709e07985bdff"),
        ];
        for (content, expected) in cases {
            assert_eq!(ContentHash::of(&content).to_hex(), expected, "{} bytes", content.len());
        }
    }

    #[test]
    fn zeros_are_known_without_being_read() {
        for len in
            [0, 1, 4097, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 2 * BLOCK_BYTES, 2 * BLOCK_BYTES + 7]
        {
            assert_eq!(ContentHash::of_zeros(len as u64), ContentHash::of(&vec![0; len]), "{len} bytes");
        }
    }

    #[test]
    fn the_cut_into_pieces_does_not_matter() {
        let content = counting(BLOCK_BYTES + 4097);
        let mut hasher = ContentHasher::new();
        for piece in content.chunks(1_000_003) {
            hasher.update(piece);
        }
        assert_eq!(hasher.finish(), ContentHash::of(&content));
    }

    #[test]
    fn two_hashers_that_take_the_same_bytes_each_have_their_own_hash() {
        let content = counting(3 * BLOCK_BYTES + 4097);
        for start in [0, 5, BLOCK_BYTES, 2 * BLOCK_BYTES] {
            let (mut whole, mut rest) = (ContentHasher::new(), ContentHasher::new());
            whole.update(&content[..start]);
            whole.update_with(&mut rest, &content[start..]);
            assert_eq!(whole.finish(), ContentHash::of(&content), "from {start}");
            assert_eq!(rest.finish(), ContentHash::of(&content[start..]), "from {start}");
        }
    }

    #[test]
    fn text_that_is_no_hash_is_refused() {
        for text in ["", "abc", &"g".repeat(64), &"a".repeat(66)] {
            assert!(ContentHash::from_hex(text).is_err(), "{text:?}");
        }
    }
}
