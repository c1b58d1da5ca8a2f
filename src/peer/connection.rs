//! How another agent is reached: HTTP or HTTPS, its token, whose word its certificate takes; and why not, in words.

use crate::config::{Password, Peer, authorities};
use std::io::{self, BufReader};
use std::time::Duration;
use thiserror::Error;
use ureq::http::StatusCode;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, BodyReader, Error as Http, Timeout};

/// How long each step may take, and how long the stream may be silent: its `mpp-web` says something every 500 ms.
pub(super) const SILENCE: Duration = Duration::from_secs(2);
/// The largest head of an answer, bytes.
const LARGEST_HEAD: usize = 16 << 10;

/// Why nothing more is heard, in the words that stand behind its name.
#[derive(Debug, Error)]
pub(super) enum Trouble {
    /// It cannot be reached.
    #[error("can't be reached: {0}")]
    Unreachable(String),
    /// It wants a token, and not this one.
    #[error("refuses the token ({0}); token_file must hold the one that its mpp-web has in web.token_file")]
    Refused(StatusCode),
    /// There is an answer, and it is no stream.
    #[error("answers {0} to /v1/stream; is url that of an mpp-web of this version?")]
    NoStream(String),
    /// The token, or the authorities, cannot be read here.
    #[error("is not asked: {0}")]
    Own(String),
    /// It hung up.
    #[error("has hung up")]
    Ended,
    /// It says nothing any more.
    #[error("has said nothing for {SILENCE:?}")]
    Silent,
    /// It says what cannot be understood.
    #[error("says what is not understood: {0}")]
    Garbage(String),
    /// Its mpp-web answers, and knows only what its mppd published last.
    #[error("has no mppd that answers: its mpp-web has only what it published last")]
    Stale,
    /// We are it.
    #[error("is this very mppd; remove it from peers, or give it the other's url")]
    Ourselves,
}

impl Trouble {
    /// What is wrong while the stream is read.
    pub(super) fn of_reading(error: io::Error) -> Trouble {
        match error.kind() {
            io::ErrorKind::TimedOut => Trouble::Silent,
            io::ErrorKind::UnexpectedEof => Trouble::Ended,
            _ => match Http::from(error) {
                Http::Timeout(_) => Trouble::Silent,
                other => Trouble::Unreachable(words(&other)),
            },
        }
    }
}

/// Connects, and gives the stream.
pub(super) fn open(peer: &Peer, token: &mut Password) -> Result<BufReader<BodyReader<'static>>, Trouble> {
    let own = |words: String| Trouble::Own(words);
    let token = match (token.current(), token.last_good()) {
        (Ok(current), _) => current,
        // A file that is being written must not cut us off.
        (Err(_), Some(last)) => last.to_owned(),
        (Err(fault), None) => return Err(own(format!("token_file: {fault}"))),
    };
    let roots = match &peer.ca {
        Some(ca) => authorities(ca).map_err(|fault| own(format!("ca: {fault}")))?,
        None => RootCerts::PlatformVerifier,
    };
    let mut request =
        agent(roots).get(format!("{}/v1/stream", peer.url)).header("Accept", "text/event-stream");
    if !token.is_empty() {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    let response = request.call().map_err(|error| Trouble::Unreachable(words(&error)))?;
    match response.status() {
        StatusCode::OK => {}
        status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => return Err(Trouble::Refused(status)),
        status => return Err(Trouble::NoStream(format!("HTTP {}", status.as_u16()))),
    }
    if response.body().mime_type() != Some("text/event-stream") {
        return Err(Trouble::NoStream("what is no stream of events".into()));
    }
    Ok(BufReader::new(response.into_body().into_reader()))
}

/// A new one for every connection: a certificate that was renewed is seen.
fn agent(roots: RootCerts) -> Agent {
    let tls = TlsConfig::builder().root_certs(roots).build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_response_header_size(LARGEST_HEAD)
        .user_agent(concat!("mppd/", env!("CARGO_PKG_VERSION")))
        .timeout_resolve(Some(SILENCE))
        .timeout_connect(Some(SILENCE))
        .timeout_send_request(Some(SILENCE))
        .timeout_recv_response(Some(SILENCE))
        .timeout_per_read(Some(SILENCE))
        .build();
    config.into()
}

/// The library's words, without the names of its types.
fn words(error: &Http) -> String {
    match error {
        Http::Timeout(Timeout::Resolve) => format!("its host name is not resolved within {SILENCE:?}"),
        Http::Timeout(Timeout::Connect) => format!("no connection within {SILENCE:?}"),
        Http::Timeout(_) => format!("no answer within {SILENCE:?}"),
        Http::Io(e) if e.kind() == io::ErrorKind::ConnectionRefused => "connection refused".into(),
        Http::Io(e) if e.kind() == io::ErrorKind::UnexpectedEof => "it has hung up without an answer".into(),
        Http::Io(e) => e.to_string(),
        Http::HostNotFound => "its host name is not known".into(),
        other => other.to_string(),
    }
}
