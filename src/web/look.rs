//! mppd's status for all who ask at a time: however many there are, it is asked ten times a second at most.

use super::agent::Trouble;
use super::app::App;
use super::picture::Picture;
use crate::clock;
use crate::core::time::{Duration, Moment, Short};
use axum::body::Bytes;
use std::sync::{Arc, OnceLock};
use tokio::sync::Mutex;

/// For how long a look is good for whoever comes next.
const GOOD_FOR: Duration = Duration::from_millis(100);

/// The newest look, or why there is none.
#[derive(Default)]
pub(super) struct Looks(Mutex<Option<(Moment, Looked)>>);

/// What a look came to.
type Looked = Result<Arc<Look>, Trouble>;

/// Status as it was a moment ago.
pub(super) struct Look {
    whole: Bytes,
    /// Taken to pieces, once one of them is asked for.
    picture: OnceLock<Picture>,
}

impl Look {
    /// All of it, as JSON: one copy, whoever reads it.
    pub(super) fn whole(&self) -> Bytes {
        self.whole.clone()
    }

    /// The same with this pool alone; `None`: there is none.
    pub(super) fn pool(&self, name: &str) -> Option<String> {
        self.picture().text_of(name)
    }

    /// The names of all pools.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.picture().names()
    }

    fn picture(&self) -> &Picture {
        // It has been looked at whether it can be.
        self.picture.get_or_init(|| Picture::read(&self.whole).unwrap_or_default())
    }
}

impl App {
    /// Status: a new look, or the one of a moment ago.
    ///
    /// # Errors
    /// mppd does not answer, or says no.
    pub(super) async fn look(&self) -> Looked {
        // Whoever waits here finds the look of whoever was first.
        let mut kept = self.looks.0.lock().await;
        if let Some((_, look)) = kept.as_ref().filter(|(at, _)| clock::now().since(*at) < GOOD_FOR) {
            return look.clone();
        }
        // Two whole ones at a time would be one too many.
        *kept = None;
        let look = self.new_look().await.inspect_err(|_| self.counts.agent_failures.up());
        *kept = Some((clock::now(), look.clone()));
        look
    }

    async fn new_look(&self) -> Looked {
        let said = self.said().await?;
        Picture::check(&said).map_err(|e| self.agent.silent(&e))?;
        Ok(Arc::new(Look { whole: Bytes::from(said), picture: OnceLock::new() }))
    }

    /// Status as mppd says it, JSON. A frozen mppd is not waited for.
    ///
    /// # Errors
    /// mppd does not answer, or says no.
    pub(super) async fn said(&self) -> Result<String, Trouble> {
        if let Ok(Some(silent)) = self.published.read(|reading| reading.silent_for()) {
            return Err(self.agent.silent(&format!("its last sign of life was {} ago", Short(silent))));
        }
        self.agent.status().await
    }
}
