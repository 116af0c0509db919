//! Bytes of files: cut into blocks of 4 MiB, each named by its SHA-256, kept in memory or on disk.
//!
//! Own code on purpose: a mistake in the client's content hash must not be repeated here.
//!
//! Rule: all blocks of a content are full, except the last. So its content hash is the SHA-256 of the
//! blocks' digests, and no byte is hashed twice.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Bytes in a full block.
pub const BLOCK_BYTES: usize = 4 * 1024 * 1024;

/// One block: its digest, its length and, unless it is on disk, its bytes.
#[derive(Clone, Serialize, Deserialize)]
pub struct Block {
    /// SHA-256 as hex.
    digest: String,
    /// Bytes in it.
    len: usize,
    /// Absent when the store keeps it on disk.
    #[serde(skip)]
    memory: Option<Bytes>,
}

/// The digest is the block; where its bytes are kept is not.
impl PartialEq for Block {
    fn eq(&self, other: &Block) -> bool {
        self.digest == other.digest
    }
}

impl Eq for Block {}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Block({} bytes)", self.len)
    }
}

/// The bytes of one revision, or of a session so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    blocks: Vec<Block>,
}

impl Content {
    /// Returns the size in bytes.
    pub fn size(&self) -> u64 {
        self.blocks.iter().map(|block| block.len as u64).sum()
    }

    /// Returns Dropbox's content hash as 64 hex digits.
    pub fn hash(&self) -> String {
        let mut whole = Sha256::new();
        for block in &self.blocks {
            whole.update(hex::decode(&block.digest).expect("BUG: a digest is hex"));
        }
        hex::encode(whole.finalize())
    }

    /// Returns the pieces that hold the bytes `from..to`, each a block with a range inside it.
    pub fn pieces(&self, from: u64, to: u64) -> Vec<(Block, std::ops::Range<usize>)> {
        let block_bytes = BLOCK_BYTES as u64;
        let mut pieces = Vec::new();
        let mut at = from;
        while at < to {
            let index = (at / block_bytes) as usize;
            let start = (at % block_bytes) as usize;
            let end = (to - index as u64 * block_bytes).min(block_bytes) as usize;
            pieces.push((self.blocks[index].clone(), start..end));
            at = (index as u64 + 1) * block_bytes;
        }
        pieces
    }

    /// Appends another content, provided this one ends at a block's end.
    ///
    /// Returns false, and changes nothing, when it does not.
    pub fn append_aligned(&mut self, other: &Content) -> bool {
        if self.blocks.last().is_some_and(|block| block.len < BLOCK_BYTES) && !other.blocks.is_empty() {
            return false;
        }
        self.blocks.extend(other.blocks.iter().cloned());
        true
    }
}

/// Where blocks are kept; clones share.
#[derive(Debug, Clone)]
pub struct BlockStore {
    /// Nothing means memory.
    folder: Option<Arc<Path>>,
}

impl BlockStore {
    /// Keeps blocks in memory.
    pub fn memory() -> BlockStore {
        BlockStore { folder: None }
    }

    /// Keeps blocks below a folder, which is made when absent.
    pub fn folder(path: PathBuf) -> io::Result<BlockStore> {
        fs::create_dir_all(&path)?;
        Ok(BlockStore { folder: Some(path.into()) })
    }

    /// Tells whether keeping and reading block the thread.
    pub fn is_on_disk(&self) -> bool {
        self.folder.is_some()
    }

    /// Cuts bytes into blocks and keeps them.
    pub fn keep(&self, bytes: Bytes) -> io::Result<Content> {
        let mut builder = ContentBuilder::default();
        builder.push(self, &bytes)?;
        builder.finish(self)
    }

    /// Joins two contents, reading back only the last block of the first.
    pub fn join(&self, first: &Content, second: &Content) -> io::Result<Content> {
        let mut joined = first.clone();
        if joined.append_aligned(second) {
            return Ok(joined);
        }
        let tail = joined.blocks.pop().expect("BUG: not aligned means a last block");
        let mut builder = ContentBuilder { blocks: joined.blocks, tail: BytesMut::new() };
        builder.push(self, &self.read(&tail)?)?;
        for block in &second.blocks {
            builder.push(self, &self.read(block)?)?;
        }
        builder.finish(self)
    }

    /// Returns the bytes of a block.
    pub fn read(&self, block: &Block) -> io::Result<Bytes> {
        match (&block.memory, &self.folder) {
            (Some(bytes), _) => Ok(bytes.clone()),
            (None, Some(folder)) => fs::read(place(folder, &block.digest)).map(Bytes::from),
            (None, None) => Err(io::Error::new(io::ErrorKind::NotFound, "the block is not in memory")),
        }
    }

    /// Returns the whole content.
    pub fn read_all(&self, content: &Content) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(content.size() as usize);
        for block in &content.blocks {
            bytes.extend_from_slice(&self.read(block)?);
        }
        Ok(bytes)
    }

    fn keep_block(&self, bytes: Bytes) -> io::Result<Block> {
        let digest = hex::encode(Sha256::digest(&bytes));
        let len = bytes.len();
        let Some(folder) = &self.folder else {
            return Ok(Block { digest, len, memory: Some(bytes) });
        };
        let path = place(folder, &digest);
        if !path.exists() {
            write_atomically(&path, &bytes)?;
        }
        Ok(Block { digest, len, memory: None })
    }
}

/// Collects a content from pieces of any length; holds at most one block.
#[derive(Default)]
pub struct ContentBuilder {
    blocks: Vec<Block>,
    tail: BytesMut,
}

impl ContentBuilder {
    /// Takes the next bytes.
    pub fn push(&mut self, store: &BlockStore, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let take = bytes.len().min(BLOCK_BYTES - self.tail.len());
            let (now, later) = bytes.split_at(take);
            self.tail.extend_from_slice(now);
            bytes = later;
            if self.tail.len() == BLOCK_BYTES {
                self.blocks.push(store.keep_block(self.tail.split().freeze())?);
            }
        }
        Ok(())
    }

    /// Tells whether the next `more` bytes would complete a block.
    pub fn would_keep(&self, more: usize) -> bool {
        self.tail.len() + more >= BLOCK_BYTES
    }

    /// Returns everything taken.
    pub fn finish(mut self, store: &BlockStore) -> io::Result<Content> {
        if !self.tail.is_empty() {
            self.blocks.push(store.keep_block(self.tail.split().freeze())?);
        }
        Ok(Content { blocks: self.blocks })
    }
}

fn place(folder: &Path, digest: &str) -> PathBuf {
    folder.join(&digest[..2]).join(digest)
}

/// Writes a file whole or not at all: a temporary name beside it, then a rename.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().expect("BUG: data files lie in a folder");
    fs::create_dir_all(folder)?;
    let mut name = path.file_name().expect("BUG: data files have a name").to_os_string();
    name.push(format!(".{:?}.part", std::thread::current().id()));
    let part = folder.join(name);
    let mut file = File::create(&part)?;
    file.write_all(bytes)?;
    file.sync_data()?;
    fs::rename(&part, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting(len: usize) -> Vec<u8> {
        (0..len).map(|i| (i % 256) as u8).collect()
    }

    #[test]
    fn published_hashes_are_met() {
        let cases = [
            (vec![], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (b"abc".to_vec(), "4f8b42c22dd3729b519ba6f68d2da7cc5b2d606d05daed5ad5128cc03e6c6358"),
            (vec![b'A'; 4_194_305], "8f553da8d00d0bf509d8470e242888be33019c20c0544811f5b2b89e98360b92"),
            (vec![b'A'; 8_388_608], "e08b3ba1f538804075c5f939accdeaa9efc7b5c01865c94a41e78ca6550a88e7"),
            (counting(10_485_760), "7e714a7698696fbd2bddcf581af3a88241a2deff2efdf6ce083709e07985bdff"),
        ];
        let store = BlockStore::memory();
        for (bytes, hash) in cases {
            let content = store.keep(bytes.clone().into()).expect("memory");
            assert_eq!((content.hash().as_str(), content.size()), (hash, bytes.len() as u64));
        }
    }

    #[test]
    fn joining_gives_what_one_piece_would_have_given() {
        let store = BlockStore::memory();
        let whole = counting(BLOCK_BYTES * 2 + 17);
        for cut in [0, 5, BLOCK_BYTES, BLOCK_BYTES + 1, whole.len()] {
            let first = store.keep(whole[..cut].to_vec().into()).expect("memory");
            let second = store.keep(whole[cut..].to_vec().into()).expect("memory");
            let joined = store.join(&first, &second).expect("memory");
            assert_eq!(joined, store.keep(whole.clone().into()).expect("memory"), "cut at {cut}");
        }
    }

    #[test]
    fn a_range_is_made_of_pieces_across_blocks() {
        let store = BlockStore::memory();
        let whole = counting(BLOCK_BYTES + 100);
        let content = store.keep(whole.clone().into()).expect("memory");
        for (from, to) in [(0, 10), (BLOCK_BYTES - 3, BLOCK_BYTES + 3), (0, whole.len()), (7, 7)] {
            let mut bytes = Vec::new();
            for (block, range) in content.pieces(from as u64, to as u64) {
                bytes.extend_from_slice(&store.read(&block).expect("memory")[range]);
            }
            assert_eq!(bytes, &whole[from..to]);
        }
    }
}
