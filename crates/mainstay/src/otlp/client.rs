//! HTTP to the collector: a connection for each request, which carries hundreds of spans.

use std::sync::Arc;
use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, Uri, uri::Scheme};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use mainstay_kernel::{Error, Result};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use secrecy::ExposeSecret as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::config::Collector;

/// How long the collector may take over a request.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Sends to one collector.
pub(super) struct Client {
    host: String,
    port: u16,
    path: String,
    headers: HeaderMap,
    tls: Option<TlsConnector>,
}

/// Why the collector did not take something.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It was not reached, or has too much to do: another time it may take it.
    Away(String),
    /// It does not want it.
    Refused(StatusCode),
}

impl Client {
    /// # Errors
    /// Internal, when the provider of TLS is not usable.
    pub(super) fn new(collector: &Collector) -> Result<Self> {
        let unreadable =
            || Error::internal("OTEL_EXPORTER_OTLP_ENDPOINT is no URL, which its check let pass");
        let uri: Uri = collector.endpoint.expose_secret().parse().map_err(|_| unreadable())?;
        let is_tls = uri.scheme() == Some(&Scheme::HTTPS);
        let host = uri.host().ok_or_else(unreadable)?;
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("mainstay/", env!("CARGO_PKG_VERSION"))));
        headers.extend(collector.headers.iter().cloned());
        let authority = uri.authority().map_or(host, |it| it.as_str());
        headers.insert(HOST, HeaderValue::from_str(authority).map_err(|_| unreadable())?);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        Ok(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 }),
            path: format!("{}/v1/traces", uri.path().trim_end_matches('/')),
            headers,
            tls: is_tls.then(connector).transpose()?,
        })
    }

    /// Sends a request and waits until the collector has taken it.
    pub(super) async fn send(&self, body: Bytes) -> Result<(), Refusal> {
        match tokio::time::timeout(TIMEOUT, self.ask(body)).await {
            Ok(Ok(status)) => judge(status),
            Ok(Err(error)) => Err(Refusal::Away(error.to_string())),
            Err(_) => Err(Refusal::Away(format!("it took longer than {} s", TIMEOUT.as_secs()))),
        }
    }

    async fn ask(&self, body: Bytes) -> Result<StatusCode, Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        match &self.tls {
            None => self.exchange(stream, body).await,
            Some(tls) => {
                let name = ServerName::try_from(self.host.clone())?;
                self.exchange(tls.connect(name, stream).await?, body).await
            }
        }
    }

    async fn exchange<S>(
        &self,
        stream: S,
        body: Bytes,
    ) -> Result<StatusCode, Box<dyn std::error::Error + Send + Sync>>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let mut request = Request::post(&self.path).body(Full::new(body))?;
        *request.headers_mut() = self.headers.clone();
        let answered = async {
            let answer = sender.send_request(request).await?;
            Ok(answer.status())
        };
        tokio::select! {
            answered = answered => answered,
            Err(error) = connection => Err(error.into()),
            else => Err("it hung up".into()),
        }
    }
}

/// What the specification says of statuses: these may be tried again.
fn judge(status: StatusCode) -> Result<(), Refusal> {
    match status.as_u16() {
        200..=299 => Ok(()),
        429 | 502..=504 => Err(Refusal::Away(format!("it answered {status}"))),
        _ => Err(Refusal::Refused(status)),
    }
}

/// TLS that proves the collector by the Mozilla roots.
fn connector() -> Result<TlsConnector> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::internal("the TLS provider is not usable").caused_by(error))?;
    Ok(TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth())))
}
