//! One connection, from its first byte to its end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;

use axum::extract::ConnectInfo;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::edge::EdgeService;
use crate::head_timer::HeadTimer;
use crate::sending::Sending;
use crate::server::ServerConfig;
use crate::socket::{ClientSocket, MaySend};

/// What hyper keeps of a connection besides its headers.
const MIN_BUFFER_BYTES: usize = 64 * 1024;

/// The HTTP/1.1 settings that all connections share. Each adds a timer of its own.
pub(crate) fn protocol(config: &ServerConfig) -> http1::Builder {
    let mut protocol = http1::Builder::new();
    protocol
        .header_read_timeout(config.header_timeout)
        .max_header_size(config.max_header_bytes)
        .max_buf_size(MIN_BUFFER_BYTES.max(2 * config.max_header_bytes));
    protocol
}

/// Answers requests until the client leaves, breaks the protocol or is too slow. Once draining
/// begins, an idle connection is closed at once, a busy one after the answer it is working on.
pub(crate) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    edge: EdgeService,
    mut protocol: http1::Builder,
    config: ServerConfig,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%peer, %error, "cannot set TCP_NODELAY");
    }
    let may_send = MaySend::default();
    let socket = ClientSocket::new(stream, config.write_stall_timeout, may_send.clone());
    protocol.timer(HeadTimer::default());
    let shutdown = edge.shutdown().clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let edge = edge.clone();
        let mut request = request.map(|body| Sending::new(body, may_send.clone()));
        request.extensions_mut().insert(ConnectInfo(peer));
        async move { Ok::<_, Infallible>(edge.answer(request).await) }
    });
    let mut connection = pin!(protocol.serve_connection(TokioIo::new(socket), service).with_upgrades());
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.draining() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, error = &error as &dyn std::error::Error, "connection ended early");
    }
}
