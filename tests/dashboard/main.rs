//! The dashboard of `mpp-web`, looked at with a real Chromium.
#![cfg(feature = "web")]
// A program: what is `pub` is so between its files.
#![allow(unreachable_pub)]
// Tests wait by the clock and print the logs of what failed.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

#[path = "../support/mod.rs"]
mod support;

mod played;
mod scenes;

use played::Played;
use serde_json::{Value, json};
use std::path::Path;
use support::browser::{Browser, Page};
use support::browser::{DESK, Look, PHONE};
use support::mpp_web::MppWeb;
use support::{Play, Stage};

/// Where the dashboard is.
fn url(web: &MppWeb) -> String {
    format!("http://{}/", web.address())
}

#[test]
fn a_failover_is_seen_and_the_death_of_mppd_and_of_mpp_web_and_their_return() {
    let mut stage = Stage::pair(Play::Plain, "");
    let mut web = MppWeb::beside(&stage.agent, "");
    let browser = Browser::start();
    let page = browser.open(&url(&web), DESK);
    page.wait("all is well", |text| {
        ["All is well", "db1 is ACTIVE, for ", "STANDBY", "live, "].iter().all(|words| text.contains(words))
    });
    page.evaluate("window.sameLoad = true");

    stage.servers[0].kill9();
    page.wait("the failover", |text| {
        [
            "needs attention: db",
            "db2 is ACTIVE, for ",
            "FAIL_OFFLINE",
            "mpp recover db/db1",
            "db2 promoted",
            "failover",
        ]
        .iter()
        .all(|words| text.contains(words))
    });
    assert_eq!(page.evaluate("document.title"), "! The pool needs attention: db - MPP");
    let spoken = page.evaluate("document.getElementById('spoken').textContent");
    assert_eq!(spoken, "The pool needs attention: db", "for those who hear it");

    stage.agent.kill9();
    page.wait("stale", |text| text.contains("STALE for ") && !text.contains("live, "));
    assert!(page.text().contains("mppd does not answer"), "{}", page.text());
    stage.agent.launch();
    page.wait("fresh again", |text| !text.contains("STALE") && text.contains("db2 is ACTIVE, for "));

    let own = |asked: &String| asked.starts_with(&url(&web));
    assert!(page.requests().iter().all(own), "{:?}", page.requests());
    assert_eq!(page.faults(), Vec::<String>::new());
    web.kill9();
    page.wait("no connection", |text| text.contains("CONNECTION LOST") && !text.contains("live, "));
    web.launch(&stage.agent);
    page.wait("a connection", |text| !text.contains("CONNECTION LOST") && text.contains("live, "));
    assert_eq!(page.evaluate("window.sameLoad"), true);
    assert_eq!(page.faults(), Vec::<String>::new());
}

#[test]
fn whatever_a_server_says_is_shown_as_text_and_nothing_can_make_it_more() {
    let evil = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\">";
    let mut pool = scenes::well("db", 0);
    for place in ["name", "active", "active_how", "status"] {
        pool[place] = evil.into();
    }
    pool["flags"] = json!([evil]);
    for place in ["name", "message", "state", "status", "address"] {
        pool["nodes"][0][place] = evil.into();
    }
    pool["troubles"] = json!([scenes::trouble("failed", Some(evil), "alert", evil, evil)]);
    let peer = json!({ "name": evil, "url": "javascript:document.title='taken'", "same_site": true, "reachable": true, "since": evil });
    let events =
        json!([{ "seq": 1, "time": evil, "severity": evil, "event": evil, "pool": evil, "reason": evil }]);
    let played = Played::start(scenes::status(&[pool], &[peer]), events);
    let web = MppWeb::beside(&played.place, "");
    let browser = Browser::start();
    let page = browser.open(&url(&web), DESK);
    page.wait("it is shown", |text| text.matches("<script>").count() > 12 && text.contains("Last events"));
    assert_eq!(
        page.evaluate("document.querySelectorAll('img, script:not([src]), a[href^=javascript]').length"),
        0
    );
    assert_ne!(page.evaluate("document.title"), "taken");
    assert_eq!(page.faults(), Vec::<String>::new());

    for forbidden in ["document.body.innerHTML = '<b>x</b>'", "document.write('x')"] {
        let refused =
            page.evaluate(&format!("(() => {{ try {{ {forbidden} }} catch (e) {{ return e.name }} }})()"));
        assert_eq!(refused, "TypeError", "{forbidden}");
    }
    let elsewhere = "fetch('http://127.0.0.9:9/').then(() => 'sent', () => 'forbidden')";
    assert_eq!(page.evaluate(elsewhere), "forbidden");
    assert!(page.faults().iter().any(|fault| fault.contains("connect-src")), "{:?}", page.faults());
}

#[test]
fn with_a_token_the_page_goes_on_by_what_the_browser_was_given() {
    let played = Played::start(scenes::status(&[scenes::well("db", 0)], &[]), json!([]));
    let token = played.token("s3cret");
    let web = MppWeb::beside(&played.place, &format!("token_file: {}", token.display()));
    let browser = Browser::start();
    let page = browser.open(&url(&web).replace("//", "//anybody:s3cret@"), DESK);
    page.wait("it is let in", |text| text.contains("All is well") && text.contains("none yet"));
    let without =
        "fetch(location.origin + '/v1/status', { credentials: 'omit' }).then((answer) => answer.status)";
    assert_eq!(page.evaluate(without), 401);
    assert_eq!(page.faults(), Vec::<String>::new());
}

/// A thousand pools, two of which are not well.
fn thousand() -> Vec<Value> {
    let mut pools: Vec<Value> = (0..1000).map(|n| scenes::well(&format!("pool{n}"), n)).collect();
    pools[700] = scenes::failed_over("pool700", 700);
    pools[800] = scenes::worked_on("pool800", 800);
    pools
}

#[test]
fn a_thousand_pools_are_shown_the_worst_first_and_a_change_touches_one_of_them() {
    let played = Played::start(scenes::status(&thousand(), &[]), json!([]));
    let web = MppWeb::beside(&played.place, "");
    let browser = Browser::start();
    let page = browser.open(&url(&web), DESK);
    page.wait_words("2 of 1000 pools need attention: pool700, pool800");
    assert_eq!(page.evaluate("document.querySelectorAll('.pool').length"), 1000);
    assert_eq!(
        page.evaluate("document.querySelectorAll('.pool[open]').length"),
        2,
        "the others are a line each"
    );

    page.evaluate(
        "window.touched = new Set(); new MutationObserver((seen) => seen.forEach(({ target }) => {
             const pool = (target.closest ? target : target.parentElement)?.closest('.pool')?.querySelector('h2');
             pool && touched.add(pool.textContent);
         })).observe(document, { subtree: true, childList: true, attributes: true, characterData: true })",
    );
    let worse = scenes::isolated("pool3", 3);
    played.change(worse);
    page.wait_words("3 of 1000 pools need attention: pool3, pool700, pool800");
    // Their ages go on, and what is open says them to the second; a line says them in days.
    let touched =
        page.evaluate("[...touched].filter((name) => !['pool3', 'pool700', 'pool800'].includes(name))");
    assert_eq!(touched, json!([]));

    page.key("/");
    page.types("pool99");
    page.wait("the filter", |text| {
        text.contains("989 pools not shown: pool99") && !text.contains("pool700 ")
    });
    assert_eq!(page.evaluate("location.hash"), "#q=pool99");
    page.evaluate("document.querySelector('summary').focus()");
    page.key("Enter");
    page.wait("it opens by the keyboard", |text| text.contains("db1 is ACTIVE, for "));
    page.evaluate("document.getElementById('filter').focus()");
    page.key("Escape");
    page.wait("all of them", |text| !text.contains("not shown") && text.contains("pool700"));
}

#[test]
fn it_fits_and_can_be_read_on_a_phone_and_at_a_desk_by_day_and_by_night() {
    let mut pools = [
        scenes::failed_over("db", 0),
        scenes::isolated("shop", 1),
        scenes::worked_on("mail", 2),
        scenes::well("log", 3),
    ];
    pools[0]["nodes"][0]["address"] = "[2001:db8:85a3:8d3:1319:8a2e:370:7348]:3306".into();
    pools[0]["nodes"][1]["message"] = "held: no_candidate_has_all_that_was_shown ".repeat(6).into();
    pools[2]["name"] = "a_pool_with_a_name_as_long_as_anybody_would_give_to_a_pool_of_theirs".into();
    let played = Played::start(scenes::status(&pools, &scenes::peers()), scenes::events("db"));
    let mut web = MppWeb::beside(&played.place, "");
    let browser = Browser::start();
    let page = browser.open(&url(&web), DESK);
    page.wait("all of it", |text| {
        [
            "3 of 4 pools need attention: db, shop, a_pool",
            "cut off since",
            "db1 has stepped down",
            "edge:icmp:203.0.113.1:default",
            "the WAN to it is cut",
            "paused by root: switch firmware, for 1h55m more",
            "db1 hands over to db2 (ada: kernel update)",
            "drained by ada: new disk, for 59m",
            "db1 has weight 0 in the kernel, decided 1; ipvsadm -Ln",
            "\u{2260} weight 0",
            "site-two does not answer, for ",
            "OK CRITICAL \u{2192} FAIL: connection refused",
        ]
        .iter()
        .all(|words| text.contains(words))
    });
    for dark in [false, true] {
        for size in [(1920, 1080), (1400, 800), DESK.size, (1000, 700), (700, 900), PHONE.size, (320, 640)] {
            fits_and_can_be_read(&page, Look { size, dark });
        }
    }
    web.kill9();
    page.wait_words("CONNECTION LOST");
    fits_and_can_be_read(&page, PHONE);
}

fn fits_and_can_be_read(page: &Page<'_>, look: Look) {
    page.look(look);
    let cut = include_str!("wider.js");
    assert_eq!(page.evaluate(cut), json!([]), "{look:?}: what is wider than its box");
    let contrast = page.evaluate(include_str!("contrast.js"));
    assert!(contrast["looked"].as_u64() > Some(100), "{contrast}");
    assert_eq!(contrast["faults"], json!([]), "{look:?}");
}

/// `make pictures`.
#[test]
#[ignore = "draws docs/images"]
fn pictures() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/images");
    std::fs::create_dir_all(&folder).expect("a folder");
    let browser = Browser::start();
    let draw = |pools: &[Value], look, words: &str, name: &str| {
        let played = Played::start(scenes::status(pools, &scenes::peers()[..1]), scenes::events("orders"));
        let web = MppWeb::beside(&played.place, "");
        let page = browser.open(&url(&web), look);
        page.wait(words, |text| text.contains(words) && text.contains("no_redundancy"));
        page.picture(&folder.join(name));
    };
    let names = ["billing", "users", "search", "stock", "mail", "log", "tax", "chat"].into_iter();
    let mut pools: Vec<Value> = (0..).zip(names).map(|(n, name)| scenes::well(name, n)).collect();
    pools.insert(0, scenes::failed_over("orders", 20));
    draw(&pools, Look { size: (1380, 650), dark: false }, "orders", "dashboard.png");
    draw(
        &[scenes::isolated("shop", 1)],
        Look { size: (390, 760), dark: true },
        "shop",
        "dashboard-phone.png",
    );
}
