//! One connection: hyper reads requests and writes responses until the client leaves, or until a subscription is accepted.
//! Then the socket is taken out of hyper, whose buffers and state are freed, and handed to the hub.

use super::{Accepted, Answer, Front};
use crate::hub::{Socket, StreamStart};
use crate::sse;
use hyper::Version;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;

/// How long a request's head may take to arrive, and how long a connection may be idle before it.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The largest head of a request: room for a hundred topics, or for a token with a thousand.
const MAX_HEAD: usize = 128 * 1024;

/// How long, and for how many bytes, a client that was refused before it had sent everything is listened to: closing at
/// once would make its system throw our answer away.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: u64 = 64 * 1024 * 1024;

/// Serves a connection until it ends or becomes a stream. `socket` turns what came out of hyper into what the hub takes.
pub(in crate::hub) async fn drive<S>(
    front: Arc<Front>,
    stream: S,
    socket: fn(S) -> Socket,
    mut shutdown: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let accepted = Arc::new(Mutex::new(None));
    let (handler, accept) = (Arc::clone(&front), Arc::clone(&accepted));
    let service = service_fn(move |request| {
        let (front, accept) = (Arc::clone(&handler), Arc::clone(&accept));
        // Boxed, because a connection can only be taken apart if it can be moved.
        Box::pin(async move {
            match front.answer(request).await {
                Answer::Response(response) => Ok::<_, Infallible>(response),
                Answer::Stream(stream) => {
                    *accept.lock().unwrap_or_else(PoisonError::into_inner) = Some(stream);
                    // hyper is to write nothing: the connection is taken from it below.
                    pending().await
                }
            }
        })
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_header_size(MAX_HEAD)
        // A client may close its sending half and wait for the answer.
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service);

    let stopping = async {
        // An error means that the sender is gone, and the hub with it.
        let _ = shutdown.wait_for(|stop| *stop).await;
    };
    tokio::pin!(stopping);
    let mut stopped = false;
    let accepted = loop {
        // The handler runs inside the connection's poll, so what it accepts is there as soon as that returns.
        let served = poll_fn(|context| {
            let polled = connection.poll_without_shutdown(context);
            match accepted.lock().unwrap_or_else(PoisonError::into_inner).take() {
                Some(stream) => Poll::Ready(Some(stream)),
                // Its errors are the client's doing, and it has been answered where that was possible.
                None => polled.map(|_| None),
            }
        });
        tokio::select! {
            served = served => break served,
            () = &mut stopping, if !stopped => {
                stopped = true;
                std::pin::Pin::new(&mut connection).graceful_shutdown();
            }
        }
    };
    // What was read beyond the request is dropped: nothing can follow a subscription on its connection.
    let mut stream = connection.into_parts().io.into_inner();
    match accepted {
        Some(accepted) => front.hub.attach(accepted.start(socket(stream))),
        // A hub that stops waits for nobody.
        None if stopped => {}
        None => linger(&mut stream).await,
    }
}

/// Ends our half and reads until the client has ended its own, so that it gets to read our answer.
async fn linger(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    let drained = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(LINGER_BYTES), &mut tokio::io::sink()).await
    };
    // Whatever happens, the connection ends here.
    let _ = tokio::time::timeout(LINGER, drained).await;
}

impl Accepted {
    fn start(self, socket: Socket) -> StreamStart {
        // HTTP/1.0 knows no chunks: the body ends with the connection.
        let chunked = self.version != Version::HTTP_10;
        let mut head = head(&self.response, chunked);
        let mut write = |event: &sse::Event| match chunked {
            true => head.extend_from_slice(event.chunk()),
            false => head.extend_from_slice(&event.body()),
        };
        // Some clients and proxies wait for the body's first byte before they show that the stream is open.
        write(&sse::HEARTBEAT);
        if self.is_page {
            write(&sse::Event::position(&self.position.last_event_id));
        }
        StreamStart {
            socket,
            head,
            chunked,
            subscriber: self.subscriber,
            position: self.position,
        }
    }
}

/// Status line and headers (RFC 9112, 4 and 5).
fn head(response: &hyper::Response<()>, chunked: bool) -> Vec<u8> {
    let mut head = Vec::with_capacity(768);
    let status = response.status();
    let version = if chunked { "HTTP/1.1" } else { "HTTP/1.0" };
    head.extend_from_slice(version.as_bytes());
    head.extend_from_slice(b" ");
    head.extend_from_slice(status.as_str().as_bytes());
    head.extend_from_slice(b" ");
    head.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    head.extend_from_slice(b"\r\n");
    let date = httpdate::fmt_http_date(SystemTime::now());
    let framing = chunked.then_some(("transfer-encoding", "chunked".as_bytes()));
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()));
    for (name, value) in headers.chain([("date", date.as_bytes())]).chain(framing) {
        head.extend_from_slice(name.as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value);
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}
