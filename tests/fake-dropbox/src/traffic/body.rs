//! Bodies that are counted, slowed down, cut off or damaged on their way.
//!
//! They keep the length that the inner body announces, so that a cut-off body is seen as one.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use futures::StreamExt as _;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Sleep, sleep_until};

use super::{Direction, Traffic};

/// The most bytes that go through at once while the bandwidth is limited.
const PIECE_BYTES: usize = 64 * 1024;

/// A body whose bytes are counted and held to the bandwidth.
pub(super) struct Metered {
    inner: Body,
    traffic: Traffic,
    direction: Direction,
    /// What came from the inner body and has not gone through.
    rest: Bytes,
    /// Until when the wire is busy with the piece before.
    busy: Option<Pin<Box<Sleep>>>,
}

impl Metered {
    pub(super) fn new(inner: Body, traffic: Traffic, direction: Direction) -> Metered {
        Metered { inner, traffic, direction, rest: Bytes::new(), busy: None }
    }

    /// Takes what is left of a request that nobody wants to read.
    ///
    /// A server that answers early and then closes would cut the client off in the middle of its sending,
    /// and the answer could be lost; the service's own front door reads on.
    fn read_on(&mut self) {
        let inner = std::mem::take(&mut self.inner);
        if inner.is_end_stream() {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let mut stream = inner.into_data_stream();
                while let Some(Ok(_)) = stream.next().await {}
            });
        }
    }

    fn next_piece(&mut self) -> Frame<Bytes> {
        let limit = if self.traffic.is_limited() { PIECE_BYTES } else { usize::MAX };
        let piece = self.rest.split_to(self.rest.len().min(limit));
        self.traffic.count(self.direction, piece.len() as u64);
        self.busy = self.traffic.reserve(piece.len() as u64).map(|until| Box::pin(sleep_until(until)));
        Frame::data(piece)
    }
}

impl Drop for Metered {
    fn drop(&mut self) {
        if self.direction == Direction::Up {
            self.read_on();
        }
    }
}

impl HttpBody for Metered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Some(busy) = &mut self.busy {
            std::task::ready!(busy.as_mut().poll(context));
            self.busy = None;
        }
        if self.rest.is_empty() {
            match std::task::ready!(Pin::new(&mut self.inner).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                end => return Poll::Ready(end),
            }
        }
        Poll::Ready(Some(Ok(self.next_piece())))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.busy.is_none() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.rest.is_empty() { self.inner.size_hint() } else { SizeHint::default() }
    }
}

/// A body that fails after so many bytes.
pub(super) struct CutOff {
    inner: Body,
    bytes_left: u64,
    /// Whether the bytes before the cut had a chance to go out.
    flushed: bool,
}

impl CutOff {
    pub(super) fn new(inner: Body, bytes: u64) -> CutOff {
        CutOff { inner, bytes_left: bytes, flushed: false }
    }

    fn fail(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.flushed {
            return Poll::Ready(Some(Err(axum::Error::new("the body was cut off on purpose"))));
        }
        // The server writes out what it has only when the body makes it wait.
        self.flushed = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl HttpBody for CutOff {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.bytes_left == 0 {
            return self.fail(context);
        }
        match std::task::ready!(Pin::new(&mut self.inner).poll_frame(context)) {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(mut data) => {
                    data.truncate(usize::try_from(self.bytes_left).unwrap_or(usize::MAX));
                    self.bytes_left -= data.len() as u64;
                    Poll::Ready(Some(Ok(Frame::data(data))))
                }
                Err(_) => self.fail(context),
            },
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
            None => self.fail(context),
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Returns the whole body with one bit in the middle turned; an empty body stays.
pub(super) async fn corrupted(body: Body) -> Result<Body, axum::Error> {
    let mut bytes = axum::body::to_bytes(body, usize::MAX).await?.to_vec();
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 1;
    }
    Ok(Body::from(bytes))
}
