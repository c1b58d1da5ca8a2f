//! What those send who can't be run here, word for word as docs/consumers.md has it, and the answers they need.

use crate::recipe;
use crate::sites::{BOUND, SITE, Sites};
use crate::support::wait_until;
use crate::web::ask;
use std::net::SocketAddr;
use std::process::Command;

/// `curl` commands and what the page shows of their answers.
fn curls() -> Vec<(String, String)> {
    let mut steps: Vec<(String, String)> = Vec::new();
    for line in recipe::console("requests").lines() {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push((command.to_owned(), String::new())),
            (None, Some(step)) => step.1 += &format!("{line}\n"),
            (None, None) => panic!("a session begins with `$ `"),
        }
    }
    steps
}

#[test]
fn the_requests_of_the_page_get_the_answers_it_shows() {
    let sites = Sites::start();
    let at = sites.sites[0].web.at().to_string();
    for (command, shown) in curls() {
        let typed = command.replace("127.0.0.1:8780", &at);
        assert_ne!(typed, command, "it asks the director");
        let output = Command::new("sh").arg("-c").arg(&typed).output().expect("a shell");
        assert_eq!(String::from_utf8_lossy(&output.stdout), shown, "{command}");
    }
}

/// A field of a monitor, as it is typed.
fn field(monitor: &str, name: &str) -> Option<String> {
    let typed = monitor.lines().find_map(|line| line.trim().strip_prefix(&format!("{name} ")))?;
    Some(typed.trim().replace("\\r", "\r").replace("\\n", "\n"))
}

/// Whether a monitor would take its server for up: its receive string is in the answer.
fn passes(monitor: &str, at: SocketAddr) -> bool {
    let send = field(monitor, "Send String").expect("a send string");
    let answer = ask(at, send.as_bytes()).expect("an answer");
    let has = |name| field(monitor, name).map(|text| answer.contains(&text));
    let up = has("Receive String").expect("a receive string");
    assert_eq!(up, answer.contains("\r\n\r\nUP: "), "{answer}");
    assert!(has("Receive Disable String").is_none_or(|disabled| disabled != up), "one of the two: {answer}");
    up
}

#[test]
fn the_monitors_for_big_ip_tell_the_active_node_and_site_from_the_other_before_and_after_a_failover() {
    let mut sites = Sites::start();
    let page = recipe::block("f5");
    let (gtm, ltm) = page.split_once("LTM monitor").expect("two monitors");
    let [one, two] = [0, 1].map(|site| sites.sites[site].web.at());
    assert!(passes(gtm, one) && !passes(gtm, two) && passes(ltm, one) && passes(ltm, two));
    sites.servers[0].kill9();
    sites.wait_up([false, true]);
    assert!(!passes(gtm, one) && passes(gtm, two));
    // A site is DOWN once its ACTIVE node has failed, the node once its agent has promoted the other.
    wait_until("db1 is DOWN at both sites", BOUND, || !passes(ltm, one) && !passes(ltm, two));
}

#[test]
fn every_path_of_the_recipes_is_answered() {
    let sites = Sites::start();
    let web = &sites.sites[0].web;
    let paths: Vec<&str> = recipe::PAGE
        .split(|c: char| c.is_whitespace() || "\"'`|".contains(c))
        .filter_map(|word| word.find("/v1/").map(|at| word[at..].trim_end_matches([',', ';'])))
        .collect();
    assert!(paths.len() > 10 && paths.contains(&SITE), "{paths:?}");
    for path in paths.into_iter().filter(|path| !path.contains("dbx")) {
        let (status, said) = web.get(&path.replace("%[srv_name]", "db1"));
        assert!(status == 200 || status == 503, "{path}: {status} {said}");
    }
}
