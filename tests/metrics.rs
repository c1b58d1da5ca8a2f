//! `/metrics` of a real `mpp-web`: taken by `promtool`, told in docs/metrics.md, and true.

mod state_support;
mod support;

use mpp::state::Writer;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use support::{Agent, MppWeb, Play, Stage, wait_until};

const BOUND: Duration = Duration::from_secs(60);
/// Names that must be escaped.
const ODD: [&str; 2] = [r#"a "b" \ c"#, "zwei\nZeilen, grün"];

fn metrics(web: &MppWeb) -> String {
    let answer = web.get("/metrics", "*/*");
    assert_eq!(answer.code, 200, "{}", answer.head);
    assert!(answer.head.contains("text/plain; version=0.0.4"), "{}", answer.head);
    answer.body
}

/// The value of a series, by its name and labels as they are written.
fn value(text: &str, series: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.and_then(|value| value.parse().ok())
}

#[track_caller]
fn wait_for(web: &MppWeb, series: &str, wanted: f64) -> String {
    let mut text = String::new();
    wait_until(&format!("{series} is {wanted}"), BOUND, || {
        text = metrics(web);
        value(&text, series) == Some(wanted)
    });
    text
}

/// Runs promtool with this on its standard input; it must have nothing to say.
#[track_caller]
fn promtool(args: &[&str], input: &str) {
    let mut command = Command::new("promtool");
    let child =
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("promtool: tests/support/install.sh");
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("read");
    let output = child.wait_with_output().expect("its end");
    let said =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success(), "promtool {args:?}: {said}");
    assert!(args[0] != "check" || args[1] != "metrics" || said.is_empty(), "promtool {args:?}: {said}");
}

fn docs(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(file)
}

#[test]
fn a_pair_is_told_as_it_is_and_promtool_takes_it() {
    let mut stage = Stage::pair(Play::Plain, "");
    let web = MppWeb::beside(&stage.agent, "");
    let text = wait_for(&web, r#"mpp_node_state{pool="db",node="db2",state="STANDBY"}"#, 1.0);
    promtool(&["check", "metrics"], &text);
    for (series, wanted) in [
        ("mpp_up", 1.0),
        (r#"mpp_pool_has_active{pool="db"}"#, 1.0),
        (r#"mpp_pool_epoch{pool="db"}"#, 1.0),
        (r#"mpp_pool_active_changes_total{pool="db"}"#, 0.0),
        (r#"mpp_pool_flag{pool="db",flag="paused"}"#, 0.0),
        (r#"mpp_node_state{pool="db",node="db1",state="ACTIVE"}"#, 1.0),
        (r#"mpp_node_state{pool="db",node="db1",state="STANDBY"}"#, 0.0),
        (r#"mpp_node_read_only{pool="db",node="db1"}"#, 0.0),
        (r#"mpp_verdict_up{pool="db",node="db1",role="rw"}"#, 1.0),
        (r#"mpp_verdict_weight{pool="db",node="db2",role="rw"}"#, 0.0),
    ] {
        assert_eq!(value(&text, series), Some(wanted), "{series}\n{text}");
    }
    assert!(value(&text, r#"mpp_node_round_trip_seconds{pool="db",node="db1"}"#).is_some_and(|s| s < 1.0));
    told_in_the_documentation(&text);

    stage.agent.orders(&["pause", "db"]);
    wait_for(&web, r#"mpp_pool_flag{pool="db",flag="paused"}"#, 1.0);
    stage.agent.orders(&["resume", "db"]);
    stage.agent.switches_to("db2");
    wait_for(&web, r#"mpp_pool_active_changes_total{pool="db"}"#, 1.0);

    stage.agent.kill9();
    let text = wait_for(&web, "mpp_up", 0.0);
    promtool(&["check", "metrics"], &text);
    assert_eq!(value(&text, r#"mpp_node_state{pool="db",node="db2",state="ACTIVE"}"#), Some(1.0), "{text}");
    assert_eq!(value(&text, r#"mpp_pool_active_changes_total{pool="db"}"#), Some(1.0), "{text}");
    let age = value(&text, "mpp_state_age_seconds").expect("its age");
    wait_until("its state grows old", BOUND, || {
        value(&metrics(&web), "mpp_state_age_seconds").is_some_and(|now| now > age)
    });
    stage.agent.launch();
    wait_for(&web, "mpp_up", 1.0);
}

#[test]
fn names_that_must_be_escaped_do_not_break_the_format() {
    let agent = Agent::prepare("", "", "");
    let _writer = publish(&agent.state_file(), &ODD.map(|name| (name, 2)));
    let web = MppWeb::beside(&agent, "");
    let text = metrics(&web);
    promtool(&["check", "metrics"], &text);
    for escaped in [r#"mpp_pool_epoch{pool="a \"b\" \\ c"}"#, r#"mpp_pool_epoch{pool="zwei\nZeilen, grün"}"#]
    {
        assert!(value(&text, escaped).is_some(), "{text}");
    }
    // Who asks for OpenMetrics gets the same in it.
    let answer = web.get("/metrics", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
    assert!(answer.head.contains("application/openmetrics-text; version=1.0.0"), "{}", answer.head);
    assert!(
        answer.body.ends_with("# EOF\n") && answer.body.contains(r#"{pool="a \"b\" \\ c"}"#),
        "{}",
        answer.body
    );

    // Nothing at all is known: it says so, and lives on.
    fs::remove_file(agent.state_file()).expect("the state removed");
    wait_until("it knows nothing any more", BOUND, || !metrics(&web).contains("mpp_pool_epoch{"));
    let text = metrics(&web);
    promtool(&["check", "metrics"], &text);
    assert_eq!(value(&text, "mpp_up"), Some(0.0), "{text}");
    assert!(value(&text, "process_open_fds").is_some(), "{text}");
}

/// A published state of these pools, of this boot, whose writer has fallen silent.
fn publish(path: &Path, pools: &[(&str, usize)]) -> Writer {
    fs::create_dir_all(path.parent().expect("a folder")).expect("the runtime directory");
    let mut spec = state_support::spec(pools);
    spec.boot_id = mpp::clock::boot_id().expect("this boot");
    let mut writer = Writer::create(path, &spec).expect("a state");
    for pool in 0..pools.len() {
        writer.publish(pool, &state_support::record(1, 2)).expect("published");
    }
    writer.heartbeat(mpp::clock::boottime_ns());
    writer.reveal().expect("revealed");
    writer
}

#[test]
fn the_rules_are_good_and_each_fires_when_it_should() {
    let folder = docs("prometheus");
    let path = |file: &str| folder.join(file).display().to_string();
    promtool(&["check", "rules", &path("mpp.rules.yml")], "");
    promtool(&["test", "rules", &path("mpp.rules.test.yml")], "");
    // Each alert is tried, and told in the page; each metric it asks for is one.
    let [rules, tests, page] = ["prometheus/mpp.rules.yml", "prometheus/mpp.rules.test.yml", "metrics.md"]
        .map(|file| fs::read_to_string(docs(file)).expect("a file"));
    let alerts: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() > 20);
    for alert in alerts {
        assert!(tests.contains(&format!("        alertname: {alert}\n")), "{alert} is not tried");
        assert!(page.contains(&format!("`{alert}`")), "docs/metrics.md does not tell {alert}");
    }
    let known = in_the_table();
    for word in
        rules.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|w| w.starts_with("mpp_"))
    {
        assert!(known.contains_key(word), "{word} is no metric");
    }
}

#[test]
fn the_scrape_configuration_of_the_page_is_taken() {
    let page = fs::read_to_string(docs("metrics.md")).expect("the page");
    let (_, rest) = page.split_once("```yml prometheus\n").expect("its configuration");
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("prometheus.yml");
    fs::write(&path, rest.split_once("```").expect("its end").0).expect("written");
    fs::copy(docs("prometheus/mpp.rules.yml"), folder.path().join("mpp.rules.yml"))
        .expect("the rules beside it");
    // The token's file is not on this machine.
    promtool(&["check", "config", "--syntax-only", &path.display().to_string()], "");
}

/// The metrics of the table in docs/metrics.md: name to type and labels.
fn in_the_table() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let page = fs::read_to_string(docs("metrics.md")).expect("the page");
    let rows = page.lines().filter(|line| line.starts_with("| `mpp_") || line.starts_with("| `process_"));
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let labels = cells[3].split(", ").filter(|l| !l.is_empty()).map(str::to_owned).collect();
        (cells[1].trim_matches('`').to_owned(), (cells[2].to_owned(), labels))
    };
    rows.map(row).collect()
}

/// Each metric stands in the table with its type and its labels, and the table has no other.
#[track_caller]
fn told_in_the_documentation(text: &str) {
    let table = in_the_table();
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let told: BTreeMap<&str, &str> = types.collect();
    let names = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(names(told.keys().copied().collect()), table.keys().cloned().collect(), "docs/metrics.md");
    for (name, kind) in told {
        let (wanted, labels) = &table[name];
        assert_eq!(kind, wanted, "{name}");
        let Some(series) = text.lines().find(|line| line.starts_with(&format!("{name}{{"))) else { continue };
        let inside = series.split_once('{').and_then(|(_, rest)| rest.rsplit_once('}')).expect("labels").0;
        // In a pool `db` no value has a quotation mark or a comma in it but a server's version.
        let used =
            inside.split("\",").filter_map(|label| label.split_once('=').map(|(name, _)| name.to_owned()));
        assert_eq!(&used.collect::<BTreeSet<_>>(), labels, "{name}");
    }
}

#[test]
fn those_who_scrape_at_once_share_their_pages() {
    let agent = Agent::start("      - { name: db1, address: \"127.0.0.2:1\" }\n", "");
    let web = MppWeb::beside(&agent, "");
    let pages: BTreeSet<String> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..20).map(|_| scope.spawn(|| metrics(&web))).collect();
        all.into_iter().map(|one| one.join().expect("a page")).collect()
    });
    assert!(pages.len() < 20, "each has its own");
}
