//! An answer whose parts are made while it is sent.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Bytes, HttpBody};
use http_body::Frame;
use tokio::sync::mpsc::Receiver;

/// A body that ends when its sender goes. An error cuts the connection off, so that no client takes a part for the whole.
pub(crate) struct Streamed<E>(pub(crate) Receiver<Result<Bytes, E>>);

impl<E> HttpBody for Streamed<E> {
    type Data = Bytes;
    type Error = E;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, E>>> {
        self.0
            .poll_recv(context)
            .map(|next| next.map(|part| part.map(Frame::data)))
    }
}
