//! One page for all who ask at a time: however many scrape, and however slowly they read, mppd is asked once a second at
//! most, and there are few copies.

use super::changes::Changes;
use super::own::Own;
use super::picture::Picture;
use super::text::Format;
use crate::clock;
use crate::core::time::{Duration, Moment};
use crate::web::app::App;
use axum::body::Bytes;
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

/// For how long a page is good for whoever comes next.
const GOOD_FOR: Duration = Duration::from_secs(1);
/// Pages at a time, those included that somebody is still reading.
const AT_A_TIME: usize = 4;

/// The pages there are.
pub(in crate::web) struct Pages {
    kept: Mutex<Kept>,
    places: Arc<Semaphore>,
}

/// What one page leaves for the next.
#[derive(Default)]
struct Kept {
    changes: Changes,
    /// How long it was, bytes.
    length: usize,
    page: Option<(Format, Moment, Bytes)>,
}

/// A page, which gives its place back when its last reader has it.
struct Page {
    text: Box<str>,
    _place: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Page {
    fn as_ref(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

impl Default for Pages {
    fn default() -> Pages {
        Pages { kept: Mutex::default(), places: Arc::new(Semaphore::new(AT_A_TIME)) }
    }
}

impl Pages {
    /// The page in this format: a new one, or the one of a moment ago.
    ///
    /// # Errors
    /// In words: there are too many already that nobody reads to the end.
    pub(super) async fn page(&self, app: &App, format: Format) -> Result<Bytes, &'static str> {
        // Whoever waits here finds the page of whoever was first.
        let mut kept = self.kept.lock().await;
        let good = |at: Moment| clock::now().since(at) < GOOD_FOR;
        if let Some((_, _, page)) = kept.page.as_ref().filter(|(of, at, _)| *of == format && good(*at)) {
            return Ok(page.clone());
        }
        kept.page = None;
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place =
            place.map_err(|_| "too many who ask for /metrics do not read the answer; try again later")?;
        // Not by a look, which is kept: of a thousand pools it is large.
        let said = app.said().await.inspect_err(|_| app.counts.agent_failures.up());
        let age = app.published.read(|reading| reading.age).ok();
        let (state, own) = (app.published.path().to_owned(), Own::of(&app.counts, app.started));
        // A copy: whoever asks may go away while this is going on.
        let (changes, room) = (kept.changes.clone(), kept.length + kept.length / 8);
        // Of a thousand pools it is some work; verdicts do not wait for it.
        let drawn = spawn_blocking(move || {
            let picture = Picture::of(said.ok(), &state, age, own, changes);
            picture.render(format, room)
        });
        let (text, changes) = drawn.await.map_err(|_| "mpp-web is ending")?;
        (kept.changes, kept.length) = (changes, text.len());
        let page = Bytes::from_owner(Page { text: text.into_boxed_str(), _place: place });
        kept.page = Some((format, clock::now(), page.clone()));
        Ok(page)
    }
}
