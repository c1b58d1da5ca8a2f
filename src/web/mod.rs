//! `mpp-web`: HTTP, in a process of its own that has no privileges and decides nothing.
//!
//! - `start`: from the command line to the listening sockets, and its end
//! - `app`: what every answer is made from
//! - `published`: the published state, mapped; `agent`: mppd's control socket; `look`: what that said a moment ago
//! - `listener`, `seats` (`seat`), `connection`, `watched`: who is connected, how many, for how long
//! - `service`: one request; `route`, `router`: what there is to ask for, and who answers it
//! - `asked`: the names and keys in a request
//! - `answer`, `kept`: how an answer looks, and what it holds until it is sent
//! - `verdict`, `site`, `health`, `status`, `metrics`, `page`: the answers
//! - `stream`: status as it changes; `feed` follows mppd, `picture` has all of it, `readers` get it
//! - `tls`, `token`: who may ask; `secrets`: their files, as they change
//! - `counts`, `log`: what it counts of itself, and says

mod agent;
mod answer;
mod app;
mod asked;
mod connection;
mod counts;
mod feed;
mod health;
mod kept;
mod listener;
mod log;
mod look;
mod metrics;
mod page;
mod picture;
mod published;
mod readers;
mod route;
mod router;
mod seat;
mod seats;
mod secrets;
mod service;
mod site;
mod start;
mod status;
mod stream;
mod tls;
mod token;
mod verdict;
mod watched;

pub use start::web_main;
