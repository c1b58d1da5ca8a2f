//! Whether each node answers the monitor's question, and how.

use super::facts::{NodeFacts, PoolFacts};
use super::finding::{Judgement, Kind, Step};
use super::grants::is_for_want_of_a_privilege;
use super::node::{Node, judge};
use super::rule::{DENIED, NO_TLS, NOT_EXAMINED, NOT_SERVING, Rule, SLOW, UNREACHABLE};
use crate::config::PasswordSource;
use crate::core::observation::Answer;
use crate::core::time::Short;

/// What a node's answer, or the lack of one, says; nothing where the rule about privileges says it better.
pub(super) fn answer(pool: &PoolFacts, at: usize) -> Option<Judgement> {
    let (place, node) = (pool.place(at), &pool.nodes[at]);
    if is_for_want_of_a_privilege(&node.answer) && node.server.is_ok() {
        return None;
    }
    let bad = |rule: &'static Rule, words: &str, advice: Vec<Step>| {
        judge(&place, false, rule, format!("{}: {words}", node.access.address), || advice)
    };
    Some(match &node.answer {
        Answer::Online(facts) if node.tries > 1 => {
            let timeout = Short(pool.settings.nodes[at].pace.timeout);
            let words =
                format!("answered at try {}, each of at most {timeout}; {}", node.tries, facts.version);
            bad(&SLOW, &words, vec![Step::words(&place, SLOW_HELP)])
        }
        Answer::Online(facts) => {
            let trip = facts.round_trip.as_secs_f64() * 1000.0;
            judge(&place, true, &SLOW, format!("answers in {trip:.1} ms; {}", facts.version), Vec::new)
        }
        Answer::Offline(offline) => bad(&UNREACHABLE, &offline.reason, vec![Step::shell(&place, way(node))]),
        Answer::Overdue => bad(&UNREACHABLE, "no answer", vec![Step::shell(&place, way(node))]),
        Answer::Saturated(why) => bad(&NOT_SERVING, why, vec![Step::words(&place, serving(why))]),
        Answer::Denied(why) => bad(&DENIED, why, entry(&place, node, why)),
    })
}

const SLOW_HELP: &str = "look for what holds it up: load, name lookups (skip_name_resolve), packet loss; or raise \
     monitor.timeout";

/// What to look at where nobody answers.
fn way(node: &NodeFacts) -> [String; 3] {
    let port = node.access.address.port();
    [
        "systemctl status mariadb mysql".into(),
        format!("ss -ltn 'sport = :{port}'   # bind_address, skip_networking"),
        format!("nft list ruleset | grep -w {port}"),
    ]
}

fn serving(why: &str) -> &'static str {
    match why.split(' ').next() {
        Some("1040" | "1203") => {
            "raise max_connections, or find out who holds its connections: SHOW PROCESSLIST"
        }
        Some("3032") => "SET GLOBAL offline_mode = OFF",
        _ => "look into the server's error log",
    }
}

/// What lets the monitor in.
fn entry(place: &str, node: &NodeFacts, why: &str) -> Vec<Step> {
    let user = &node.access.user;
    match why.split([' ', ':']).next() {
        Some("1129") => vec![
            Step::sql(place, ["FLUSH HOSTS;"]),
            Step::words(
                place,
                "and skip_name_resolve = ON in its configuration, so that it does not happen again",
            ),
        ],
        Some("1820" | "1862") => {
            vec![Step::sql(place, [format!("ALTER USER '{user}' PASSWORD EXPIRE NEVER;")])]
        }
        Some("3118" | "4151") => vec![Step::sql(place, [format!("ALTER USER '{user}' ACCOUNT UNLOCK;")])],
        Some("1226") => vec![Step::sql(place, [format!("ALTER USER '{user}' WITH MAX_USER_CONNECTIONS 0;")])],
        Some("1142" | "1227" | "1044") => vec![Step::shell("this machine", ["mpp config grants"])],
        Some("no") => password(node),
        Some("tls") | Some("the") => {
            vec![Step::words(
                place,
                "let the server do TLS (ssl_cert, ssl_key), with a certificate that names its address; or change monitor.tls",
            )]
        }
        _ => vec![Step::shell(
            "this machine",
            [format!("mpp config grants   # and the password of {user} in password_file")],
        )],
    }
}

/// What makes the password readable.
fn password(node: &NodeFacts) -> Vec<Step> {
    let line = match &node.access.password {
        PasswordSource::File(path) => {
            format!("mpp doctor   # as root: this user cannot read {}", path.display())
        }
        PasswordSource::Credential(name) => {
            format!("systemd-run --pipe --wait -p LoadCredential={name}:PATH mpp doctor")
        }
        PasswordSource::None => "mpp config check".into(),
    };
    vec![Step::shell("this machine", [line])]
}

/// Whether the closer look succeeded, of a node that does answer.
pub(super) fn examined(pool: &PoolFacts, at: usize) -> Option<Judgement> {
    let node = &pool.nodes[at];
    let why = node.server.as_ref().err().filter(|_| node.answer.facts().is_some())?;
    let place = pool.place(at);
    let advice =
        || vec![Step::shell("this machine", [format!("mpp doctor {}   # again", pool.settings.name)])];
    Some(judge(&place, false, &NOT_EXAMINED, why.as_str(), advice))
}

/// Encryption, where somebody could listen.
pub(super) fn tls(node: &Node<'_>) -> Option<Judgement> {
    let cipher = node.server.status.get("ssl_cipher")?;
    let loopback = node.pool.nodes[node.at].access.address.ip().is_loopback();
    let words = match cipher {
        "" => "the connection is in clear".to_owned(),
        cipher => format!("the connection is encrypted: {cipher}"),
    };
    let advice = || {
        let ssl =
            ["ssl_ca = /etc/mysql/ca.pem", "ssl_cert = /etc/mysql/db.pem", "ssl_key = /etc/mysql/db.key"];
        vec![
            Step::new(&node.place(), Kind::MyCnf, ssl),
            Step::new(
                "this machine",
                Kind::File("mpp.yaml".into()),
                ["monitor: { tls: verify, ca: /etc/mpp/ca.pem }"],
            ),
        ]
    };
    Some(node.judge(!cipher.is_empty() || loopback, &NO_TLS, words, advice))
}
