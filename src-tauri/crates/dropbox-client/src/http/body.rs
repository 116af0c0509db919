//! Request bodies that know their length and can be sent again.
//!
//! Rule: a [`Payload`] is bytes in memory, never a stream: a retry sends the same bytes, and the length
//! that was declared is the length that is sent.

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use sync_core::{ContentHash, ContentHasher};
use tokio::time::{Sleep, sleep};

use super::throttle::Throttle;

/// The content of one request, in pieces. Cheap to clone.
#[derive(Clone, Default, Debug)]
pub(crate) struct Payload {
    parts: Arc<[Bytes]>,
    len: u64,
}

impl Payload {
    pub(crate) fn new(parts: Vec<Bytes>) -> Payload {
        let len = parts.iter().map(|part| part.len() as u64).sum();
        Payload { parts: parts.into(), len }
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Returns the content hash of all pieces together; hashing leaves the runtime's threads alone.
    pub(crate) async fn content_hash(&self) -> ContentHash {
        let parts = self.parts.clone();
        let hash = move || {
            let mut hasher = ContentHasher::new();
            parts.iter().for_each(|part| hasher.update(part));
            hasher.finish()
        };
        tokio::task::spawn_blocking(hash).await.expect("BUG: hashing does not panic and is not cancelled")
    }

    /// Returns a body to send; `moved` grows as it is taken.
    pub(crate) fn body(&self, throttle: Arc<Throttle>, moved: Arc<AtomicU64>) -> reqwest::Body {
        let parts = self.parts.iter().filter(|part| !part.is_empty()).cloned().collect();
        reqwest::Body::wrap(PayloadBody { parts, left: self.len, throttle, moved, wait: None })
    }
}

struct PayloadBody {
    parts: VecDeque<Bytes>,
    left: u64,
    throttle: Arc<Throttle>,
    moved: Arc<AtomicU64>,
    wait: Option<Pin<Box<Sleep>>>,
}

impl PayloadBody {
    fn cut(&mut self, len: usize) -> Bytes {
        let front = self.parts.front_mut().expect("BUG: asked for its length before");
        let piece = front.split_to(len);
        if front.is_empty() {
            self.parts.pop_front();
        }
        self.left -= len as u64;
        self.moved.fetch_add(len as u64, Ordering::Relaxed);
        piece
    }
}

impl http_body::Body for PayloadBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        loop {
            if let Some(wait) = self.wait.as_mut() {
                ready!(wait.as_mut().poll(context));
                self.wait = None;
            }
            let Some(front_len) = self.parts.front().map(Bytes::len) else { return Poll::Ready(None) };
            match self.throttle.take(front_len) {
                Ok(len) => return Poll::Ready(Some(Ok(Frame::data(self.cut(len))))),
                Err(wait) => self.wait = Some(Box::pin(sleep(wait))),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.parts.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn a_payload_sends_its_bytes_each_time_and_declares_their_length() {
        let big = Bytes::from(vec![7; super::super::throttle::SLICE_BYTES + 5]);
        let payload = Payload::new(vec![Bytes::from_static(b"ab"), Bytes::new(), big.clone()]);
        let expected = [b"ab".as_slice(), &big].concat();
        for _ in 0..2 {
            let moved = Arc::new(AtomicU64::new(0));
            let body = payload.body(Throttle::new(None).into(), moved.clone());
            assert_eq!(http_body::Body::size_hint(&body).exact(), Some(expected.len() as u64));
            assert_eq!(body.collect().await.expect("infallible").to_bytes(), expected);
            assert_eq!(moved.load(Ordering::Relaxed), expected.len() as u64);
        }
        assert_eq!(payload.content_hash().await, ContentHash::of(&expected));
    }
}
