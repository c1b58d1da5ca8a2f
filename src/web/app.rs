//! What every answer is made from.

use super::agent::Agent;
use super::counts::Counts;
use super::log::Log;
use super::look::Looks;
use super::metrics::Pages;
use super::published::Published;
use super::readers::Readers;
use super::seats::Seats;
use super::tls::Tls;
use super::token::Token;
use crate::clock;
use crate::config::Web;
use crate::core::time::Moment;
use std::path::Path;
use std::sync::Arc;

/// One for the whole program.
pub(super) struct App {
    /// `web` of the configuration.
    pub(super) settings: Web,
    /// What mppd publishes.
    pub(super) published: Published,
    /// What mppd answers.
    pub(super) agent: Agent,
    /// What it answered a moment ago.
    pub(super) looks: Looks,
    /// Who is connected.
    pub(super) seats: Arc<Seats>,
    /// Who reads the stream.
    pub(super) readers: Readers,
    /// Who may ask.
    pub(super) token: Token,
    /// How connections are encrypted; `None`: not.
    pub(super) tls: Option<Tls>,
    /// What is counted.
    pub(super) counts: Arc<Counts>,
    /// What outsiders cause.
    pub(super) log: Log,
    /// What was told at `/metrics` last.
    pub(super) metrics: Pages,
    /// When the program started.
    pub(super) started: Moment,
}

/// As handlers share it.
pub(super) type Shared = Arc<App>;

impl App {
    /// Of mppd with this `runtime_dir`.
    ///
    /// # Errors
    /// In words: the token's file, a certificate or its key cannot be used.
    pub(super) fn new(runtime_dir: &Path, settings: Web, boot_id: [u8; 16]) -> Result<App, String> {
        let counts = Arc::<Counts>::default();
        Ok(App {
            published: Published::new(runtime_dir.join("state"), boot_id),
            agent: Agent::new(runtime_dir.join("mpp.sock")),
            looks: Looks::default(),
            seats: Seats::new(&settings, &counts),
            readers: Readers::new(settings.max_streams, &counts),
            token: Token::of(settings.token_file.as_deref()).map_err(|e| format!("web.token_file: {e}"))?,
            tls: settings.tls.as_ref().map(Tls::of).transpose().map_err(|e| format!("web.tls: {e}"))?,
            log: Log::default(),
            metrics: Pages::default(),
            started: clock::now(),
            settings,
            counts,
        })
    }
}
