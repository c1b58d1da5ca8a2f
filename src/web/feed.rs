//! Follows mppd's status, over one connection, for as long as somebody reads `/v1/stream`.

use super::agent::Trouble;
use super::app::Shared;
use super::picture::{News, Picture};
use super::readers::{To, event};
use crate::clock;
use crate::control::protocol::Request;
use crate::core::time::{Duration, Moment};
use axum::body::Bytes;
use tokio::time::{sleep, timeout};

/// mppd says something every 500 ms; silent for so long, it is dead or stuck.
const SILENCE: Duration = Duration::from_secs(2);
/// Between two attempts to follow it.
const AGAIN: Duration = Duration::from_millis(250);
/// How often those who want it get all of it.
const FULL: Duration = Duration::from_secs(2);
/// How old what moves all the time may be that a new reader gets: times since a pause, and until its end.
const OLDEST: Duration = Duration::from_secs(1);
/// What a reader of a silent mppd gets, so that it knows that mpp-web lives.
const COMMENT: &[u8] = b": mppd is silent\n\n";

/// For ever: follows mppd while there are readers, tells them what was published last while it is silent.
pub(super) async fn run(app: Shared) {
    let mut is_told = false;
    loop {
        if !app.readers.any(To::All) {
            app.readers.came.notified().await;
            continue;
        }
        if let Err(trouble) = follow(&app, &mut is_told).await {
            silent(&app, &trouble, is_told);
            is_told = true;
            sleep(AGAIN).await;
        }
    }
}

/// For ever: gives those who want it what moves all the time. In a task of its own: no change waits for it.
pub(super) async fn refresh(app: Shared) {
    let request = Request::Status { pool: None, follow: false };
    loop {
        sleep(FULL).await;
        if app.readers.any(To::Full) {
            // While mppd is silent, `run` says so.
            if let Ok(answer) = app.agent.ask(&request).await {
                app.readers.give(To::Full, &event("status", &answer.text));
            }
        }
    }
}

/// Follows until nobody reads any more; whoever was told of silence is told of its end.
async fn follow(app: &Shared, is_told: &mut bool) -> Result<(), Trouble> {
    let late = |_| app.agent.silent(&format!("nothing within {SILENCE:?}"));
    let mut lines = timeout(SILENCE, app.agent.follow()).await.map_err(late)??;
    let mut picture = Picture::default();
    let mut known: Option<Moment> = None;
    while app.readers.any(To::All) {
        let heard = async {
            loop {
                greet(app, &mut picture, &mut known).await?;
                tokio::select! {
                    line = lines.next() => return line,
                    // However many come, mppd is no less silent for it.
                    () = app.readers.came.notified() => {}
                }
            }
        };
        let line = timeout(SILENCE, heard).await.map_err(late)??;
        let news = take(app, &mut picture, &line)?;
        if news == News::Status {
            (known, *is_told) = (Some(clock::now()), false);
        }
        tell(app, &picture, news);
    }
    Ok(())
}

/// Those who are new get their status, once it is `known`, and since when.
async fn greet(app: &Shared, picture: &mut Picture, known: &mut Option<Moment>) -> Result<(), Trouble> {
    if let Some(since) = known
        && app.readers.any(To::New)
    {
        if clock::now().since(*since) > OLDEST {
            take(app, picture, &app.said().await?)?;
            *since = clock::now();
        }
        app.readers.give(To::New, &event("status", &picture.text()));
    }
    Ok(())
}

fn take(app: &Shared, picture: &mut Picture, line: &str) -> Result<News, Trouble> {
    picture.take(line).map_err(|e| app.agent.silent(&e))
}

fn tell(app: &Shared, picture: &Picture, news: News) {
    let event = match news {
        News::Status => event("status", &picture.text()),
        News::Pool(pool) => event("pool", &pool),
        News::Peers(peers) => event("peers", &peers),
        News::Alive => event("alive", "{}"),
    };
    app.readers.give(To::All, &event);
}

/// Tells what was published last, once; after that only that we live.
fn silent(app: &Shared, trouble: &Trouble, is_told: bool) {
    if !is_told || app.readers.any(To::New) {
        let status = app.last_published().map(|status| serde_json::to_string(&status).unwrap_or_default());
        let last = match status {
            Ok(status) => event("status", &status),
            Err(why) => {
                event("silent", &serde_json::json!({ "reason": format!("{trouble}, and {why}") }).to_string())
            }
        };
        if !is_told {
            app.counts.agent_failures.up();
            app.log.say(trouble.to_string());
            app.readers.give(To::All, &last);
        }
        app.readers.give(To::New, &last);
    }
    app.readers.give(To::All, &Bytes::from_static(COMMENT));
}
