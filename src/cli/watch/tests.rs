//! Whole screens, as they are in `tests/cases/watch`; `MPP_BLESS=1` writes them anew: then read the difference.

use super::ask::Answer;
use super::sample::{answer, events, failed_over, held, pass, pool, status, view, virtual_server};
use super::screen::screen;
use super::view::View;
use crate::cli::look::Look;
use crate::control::status::{Node, Peer, Pool};
use std::fs;
use std::path::PathBuf;

type Size = (u16, u16);

const SIZES: [Size; 3] = [(80, 24), (60, 10), (200, 60)];

fn healthy() -> View {
    let mut view = view();
    view.take(answer(vec![pool("db")]));
    events().into_iter().take(1).for_each(|event| view.tell(event));
    view
}

/// Two seconds after ACTIVE has moved.
fn just_failed_over() -> View {
    let mut view = healthy();
    pass(&mut view, 1);
    view.take(answer(vec![failed_over("db")]));
    events().into_iter().skip(1).for_each(|event| view.tell(event));
    pass(&mut view, 2);
    view
}

fn being_held() -> View {
    let mut view = view();
    view.take(answer(vec![held("db")]));
    view
}

/// Thirty pools: one held, one failed over some time ago, all others well.
fn thirty() -> View {
    let of = |n: usize| match format!("shop{n:02}") {
        name if n == 11 => failed_over(&name),
        name if n == 23 => held(&name),
        name => pool(&name),
    };
    let mut view = view();
    view.take(answer((1..=30).map(of).collect()));
    events().into_iter().for_each(|event| view.tell(event));
    view
}

/// One director answers, one does not, of one nothing is known yet.
fn with_peers() -> View {
    let fault = "can't be reached: connection refused".to_owned();
    let peer = |name: &str, same_site, reachable, fault| Peer {
        name: name.into(),
        url: "https://10.0.0.12:8780".into(),
        same_site,
        reachable,
        since: "2026-11-24T03:00:13Z".into(),
        fault,
    };
    let mut status = status(vec![pool("db")]);
    status.peers = vec![
        peer("lb2", true, Some(true), None),
        peer("dc2", false, Some(false), Some(fault)),
        peer("dc3", false, None, None),
    ];
    let mut view = view();
    view.take(Answer::Status(status.into()));
    view
}

/// What the kernel has is not what is decided.
fn with_virtual_servers() -> View {
    let fault = "mysql-ro 198.18.2.1:3306: db2 is not loaded, for 12s; is keepalived running? (systemctl status keepalived)";
    let virtual_servers = vec![virtual_server("rw", &[]), virtual_server("ro", &[fault])];
    let mut view = view();
    view.take(answer(vec![Pool { virtual_servers, ..pool("db") }]));
    view
}

fn handing_over() -> View {
    let words = "db1 is DOWN for rw since 2.0s; db2 executes all that db1 has, up to 0-1-3";
    let waits_for = Some(words.to_owned());
    let mut view = healthy();
    pass(&mut view, 1);
    let flags = vec!["handover".into()];
    let pool = Pool { active: None, active_since: None, active_how: None, waits_for, flags, ..pool("db") };
    view.take(answer(vec![pool]));
    view
}

/// mppd has been dead for 41 s.
fn stale() -> View {
    let mut view = just_failed_over();
    let mut published = status(vec![Pool {
        active_since: None,
        active_how: None,
        troubles: Vec::new(),
        ..failed_over("db")
    }]);
    (published.daemon.stale, published.daemon.stale_s) = (true, Some(40.2));
    let problem = "can't reach mppd at /run/mpp/mpp.sock: Connection refused (os error 111); is it running? (systemctl status mppd)";
    view.take(Answer::Published(published.into(), problem.into()));
    pass(&mut view, 1);
    view
}

fn nothing() -> View {
    let mut view = view();
    let problem = "can't reach mppd at /run/mpp/mpp.sock: No such file or directory (os error 2); is it running? (systemctl status mppd); and there is no published state: /run/mpp/state: No such file or directory";
    view.take(Answer::Nothing(problem.into()));
    view
}

/// As a terminal without any colour shows it.
fn text(view: &View, size: Size) -> Vec<String> {
    let lines = screen(view, size).lines;
    lines
        .iter()
        .map(|line| line.spans().map(|(_, text)| text).collect::<String>().trim_end().to_owned())
        .collect()
}

#[track_caller]
fn is_as_recorded(name: &str, view: &View, size: Size) {
    let file = PathBuf::from(format!("{}/tests/cases/watch", env!("CARGO_MANIFEST_DIR")))
        .join(format!("{name}-{}x{}", size.0, size.1));
    let found = text(view, size).join("\n") + "\n";
    if std::env::var_os("MPP_BLESS").is_some() {
        fs::write(&file, &found).expect("written");
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    assert!(found == expected, "{}\n--- expected\n{expected}--- found\n{found}", file.display());
}

#[test]
fn every_situation_is_told_in_the_room_there_is() {
    for size in SIZES {
        is_as_recorded("healthy", &healthy(), size);
        is_as_recorded("failover", &just_failed_over(), size);
        is_as_recorded("held", &being_held(), size);
        is_as_recorded("thirty", &thirty(), size);
    }
    let size = SIZES[0];
    is_as_recorded("virtual-servers", &with_virtual_servers(), size);
    is_as_recorded("peers", &with_peers(), size);
    is_as_recorded("handover", &handing_over(), size);
    is_as_recorded("stale", &stale(), size);
    is_as_recorded("nothing", &nothing(), size);
}

#[test]
fn no_screen_is_larger_than_its_terminal() {
    for view in [view(), healthy(), just_failed_over(), thirty(), with_virtual_servers(), stale(), nothing()]
    {
        for width in (0..=120).step_by(8) {
            for height in (0..=12).chain([24, 40]) {
                let lines = screen(&view, (width, height)).lines;
                assert!(lines.len() <= height.into(), "{width}x{height}");
                assert!(lines.iter().all(|line| line.width() <= width.into()), "{width}x{height}");
            }
        }
    }
}

#[test]
fn what_changed_is_marked_in_words_too_and_only_for_a_while() {
    let changed = |view: &View| -> Vec<String> {
        let lines = screen(view, (120, 40)).lines;
        let spans = lines.iter().flat_map(|line| line.spans()).filter(|(look, _)| *look == Look::Changed);
        spans.map(|(_, text)| text.trim().to_owned()).collect()
    };
    assert_eq!(changed(&healthy()), Vec::<String>::new(), "what is seen first has not changed");
    let mut view = just_failed_over();
    let marked =
        ["*db2 ACTIVE for 2s, was db1", "FAIL", "FAIL_OFFLINE", "--", "--", "ACTIVE", "rw ro geo", "yes"];
    assert_eq!(changed(&view), marked);
    let lines = text(&view, (120, 40)).join("\n");
    for words in ["*FAIL_OFFLINE", "was ACTIVE 2s ago; connection refused", "was STANDBY 2s ago"] {
        assert!(lines.contains(words), "{words}\n{lines}");
    }
    pass(&mut view, 15);
    view.take(answer(vec![failed_over("db")]));
    assert_eq!(changed(&view), Vec::<String>::new());
}

#[test]
fn every_pool_can_be_reached_and_nothing_lies_beyond_the_last() {
    let mut view = thirty();
    let mut seen = String::new();
    loop {
        let drawn = screen(&view, (80, 24));
        seen += &text(&view, (80, 24)).join("\n");
        view.top = drawn.top + drawn.page;
        if screen(&view, (80, 24)).top == drawn.top {
            break;
        }
    }
    for n in 1..=30 {
        assert!(seen.contains(&format!("[ shop{n:02} ]")), "{n}\n{seen}");
    }
    view.top = usize::MAX;
    assert!(text(&view, (80, 24)).join("\n").contains(" 0 below"));
}

#[test]
fn an_answer_that_grows_old_is_called_stale_whatever_keeps_the_next_one() {
    let mut view = healthy();
    pass(&mut view, 5);
    assert_eq!(view.stale(), None);
    pass(&mut view, 36);
    assert_eq!(
        view.stale().as_deref(),
        Some("STALE 41s: mppd (pid 4711) does not answer; this was its last answer")
    );
    view.take(answer(vec![pool("db")]));
    assert_eq!(view.stale(), None);
}

#[test]
fn what_servers_and_operators_write_cannot_move_the_cursor() {
    let mut pool = pool("db");
    let message = "\x1b[2J\x1b]0;title\x07 1045 \u{202e}denied".to_owned();
    pool.nodes[1] = Node { message, ..pool.nodes[1].clone() };
    let mut view = view();
    view.take(answer(vec![pool]));
    assert!(text(&view, (80, 24)).iter().all(|line| line.is_ascii() && !line.contains('\x1b')));
}
