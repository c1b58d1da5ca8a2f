//! Programs that are run for events: what they get, and what those that misbehave cost.

mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;
use support::{Agent, wait_until};

const BOUND: Duration = Duration::from_secs(60);
const NOBODY_THERE: &str = "      - { name: db1, address: \"127.0.0.2:1\" }\n";

/// Writes the configuration anew, with these hooks.
fn with_hooks(agent: &Agent, hooks: &[String]) {
    agent.configure(NOBODY_THERE, "", "");
    let text = fs::read_to_string(agent.config()).expect("the configuration");
    let with = text.replace("log.sock } }", &format!("log.sock }}, hooks: [ {} ] }}", hooks.join(", ")));
    assert_ne!(with, text);
    fs::write(agent.config(), with).expect("the configuration written");
}

/// A hook for commands that runs this script, with the agent's directory as `$1`.
fn hook(agent: &Agent, name: &str, script: &str, more: &str) -> String {
    let path = agent.path(name);
    fs::write(&path, script).expect("a script");
    format!("{{ run: [/bin/sh, {}, {}], {more} }}", path.display(), agent.path("").display())
}

fn start(hooks: impl FnOnce(&Agent) -> Vec<String>) -> Agent {
    let mut agent = Agent::prepare(NOBODY_THERE, "", "");
    with_hooks(&agent, &hooks(&agent));
    agent.launch();
    agent
}

/// An event for hooks with `events: [command]`.
fn event(agent: &Agent, reason: &str) {
    let verb = if agent.flagged("paused") { "resume" } else { "pause" };
    agent.says(&[verb, "db", "--reason", reason]);
}

fn wait_file(path: &Path, words: &str) -> String {
    let text = || fs::read_to_string(path).unwrap_or_default();
    wait_until(&format!("{words:?} in {}", path.display()), BOUND, || text().contains(words));
    text()
}

fn wait_told(agent: &Agent, words: &str) {
    wait_until(&format!("{words:?} is told"), BOUND, || agent.told("hook").iter().any(|l| l.contains(words)));
}

/// Processes that have this word among their arguments.
fn processes(word: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir("/proc").expect("/proc").flatten().map(|entry| entry.path());
    let has = |path: &PathBuf| {
        let arguments = fs::read(path.join("cmdline")).unwrap_or_default();
        arguments.split(|byte| *byte == 0).any(|argument| argument == word.as_bytes())
    };
    entries.filter(has).collect()
}

#[test]
fn a_hook_gets_the_event_as_json_and_in_variables_one_event_after_the_other() {
    let agent = start(|agent| {
        let script = "mkdir \"$1/busy\"; cat >\"$1/json.new\"; env >\"$1/env\"; sleep 0.2\n\
                      mv \"$1/json.new\" \"$1/json.$MPP_SEQ\"; rmdir \"$1/busy\"\n";
        vec![hook(agent, "save", script, "events: [command]")]
    });
    for n in 0..3 {
        event(&agent, &format!("\"quoted\" \\ and $HOME `id` é {n}"));
    }
    let events = agent.says(&["events", "--json"]);
    let events = events.lines().map(|l| serde_json::from_str::<serde_json::Value>(l).expect("JSON"));
    let commands: Vec<_> = events.filter(|e| e["event"] == "command").collect();
    assert_eq!(commands.len(), 3);
    for command in &commands {
        let json = wait_file(&agent.path(&format!("json.{}", command["seq"])), "\n");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).expect("JSON"), *command);
    }
    let env = wait_file(&agent.path("env"), "é 2");
    let reason = commands[2]["reason"].as_str().expect("a reason");
    for (name, value) in [
        ("EVENT", "command"),
        ("SEVERITY", "warning"),
        ("POOL", "db"),
        ("NODE", ""),
        ("FROM", ""),
        ("TO", ""),
        ("ABOUT", ""),
        ("REQ", ""),
        ("EPOCH", "0"),
        ("REASON", reason),
        ("TIME", commands[2]["time"].as_str().expect("a time")),
        ("SEQ", &commands[2]["seq"].to_string()),
    ] {
        assert!(env.lines().any(|line| line == format!("MPP_{name}={value}")), "MPP_{name}={value}: {env}");
    }
    assert!(agent.told("hook").is_empty(), "none failed: also mkdir never did: {:?}", agent.told("hook"));
}

#[test]
fn a_hook_that_hangs_is_killed_with_all_it_started_and_the_next_event_goes_on() {
    let long = format!("9{:08}", std::process::id());
    let agent = start(|agent| {
        let script = format!(
            "echo . >>\"$1/runs\"\nfor i in $(seq 20); do sleep {long} & setsid sleep {long} >/dev/null 2>&1 & done\n\
             echo started >>\"$1/started\"\n[ $(wc -l <\"$1/runs\") -gt 2 ] || sleep {long}\n"
        );
        let other = hook(agent, "other", "echo \"$MPP_REASON\" >>\"$1/other\"\n", "events: [hook]");
        vec![hook(agent, "hang", &script, "events: [command, hook], timeout: 5s"), other]
    });
    (0..3).for_each(|n| event(&agent, &format!("{n}")));
    wait_told(&agent, "/bin/sh: was not done in 5s; told once, until it works again");
    wait_file(&agent.path("runs"), ".\n.\n.\n");
    wait_told(&agent, "was not done");
    wait_until("nothing is left", BOUND, || {
        let over = fs::read_to_string(agent.path("started")).is_ok_and(|text| text.lines().count() == 3);
        over && processes(&long).is_empty()
    });
    assert_eq!(agent.told("hook").len(), 1, "{:#?}", agent.told("hook"));
}

#[test]
fn a_hook_that_fails_is_told_once_with_its_last_words_and_again_when_it_works() {
    let agent = start(|agent| {
        let fails = "[ -e \"$1/works\" ] && exit\necho first; echo 'no such \"host\"' >&2; exit 7\n";
        let talks = "head -c 1G /dev/zero >&2; echo done >\"$1/never\"\n";
        fs::write(agent.path("plain"), "#!/bin/sh\n").expect("a file");
        vec![
            hook(agent, "fails", fails, "events: [command]"),
            hook(agent, "talks", talks, "events: [command], timeout: 1m"),
            "{ run: [/nonexistent/hook], events: [command] }".into(),
            format!("{{ run: [{}], events: [command] }}", agent.path("plain").display()),
        ]
    });
    event(&agent, "first");
    for words in [
        "event=hook about=/bin/sh reason=\"/bin/sh: ended with exit status: 7: no such \\\"host\\\"; told once",
        "reason=\"/bin/sh: said more than 65536 bytes; told once",
        "about=/nonexistent/hook reason=\"/nonexistent/hook: can't be run: No such file",
        "can't be run: Permission denied",
    ] {
        wait_told(&agent, words);
    }
    fs::write(agent.path("works"), "").expect("a file");
    event(&agent, "second");
    wait_told(&agent, "/bin/sh: works again");
    assert_eq!(agent.told("hook").len(), 5, "{:#?}", agent.told("hook"));
    assert!(!agent.path("never").exists());
}

#[test]
fn a_hook_that_does_not_keep_up_costs_what_does_not_fit_its_queue_and_says_so() {
    let agent = start(|agent| {
        let script = "echo \"$MPP_EVENT $MPP_REASON\" >>\"$1/got\"; [ -e \"$1/go\" ] || { sleep 0.2; exec tail -F \"$1/go\"; }\n";
        vec![hook(agent, "slow", script, "events: [command], timeout: 2s")]
    });
    // Twenty of a kind and second are told as they are: in floods there would be less to drop.
    let socket = agent.path("run/mpp.sock");
    let mut sent = 0;
    while agent.told("command").len() < 300 {
        for _ in 0..18 {
            for cmd in ["pause", "resume"] {
                let mut stream = std::os::unix::net::UnixStream::connect(&socket).expect("connected");
                writeln!(stream, "{{\"v\":1,\"cmd\":\"{cmd}\",\"pool\":\"db\"}}").expect("asked");
                let mut answer = String::new();
                stream.read_to_string(&mut answer).expect("an answer");
                assert!(answer.contains("\"ok\":true"), "{answer}");
                sent += 1;
            }
        }
        thread::sleep(Duration::from_secs(1));
    }
    assert!(sent >= 300);
    fs::write(agent.path("go"), "").expect("a file");
    let got = wait_file(&agent.path("got"), "dropped ");
    let dropped = got.lines().find(|l| l.starts_with("dropped ")).expect("a line");
    assert!(dropped.ends_with("events were dropped: the hook does not keep up; mpp events"), "{dropped}");
}

#[test]
fn hooks_and_syslog_change_at_a_reload() {
    let agent = start(|agent| {
        vec![hook(agent, "old", "echo \"$MPP_REASON\" >>\"$1/old.txt\"\n", "events: [command]")]
    });
    event(&agent, "one");
    wait_file(&agent.path("old.txt"), "one");
    let new = hook(&agent, "new", "echo \"$MPP_REASON\" >>\"$1/new.txt\"\n", "events: [command]");
    with_hooks(&agent, &[new]);
    let text = fs::read_to_string(agent.config()).expect("the configuration");
    fs::write(agent.config(), text.replace("log.sock", "second.sock")).expect("written");
    let second = support::Rsyslog::start(&agent.path(""), "second");
    agent.says(&["reload"]);
    event(&agent, "two");
    wait_file(&agent.path("new.txt"), "two");
    second.wait("two");
    second.wait("one");
    assert!(!fs::read_to_string(agent.path("old.txt")).expect("a file").contains("two"));
}

#[test]
fn a_hook_that_runs_when_the_daemon_ends_is_ended_too() {
    let long = format!("8{:08}", std::process::id());
    let mut agent = start(|agent| {
        let script = format!("setsid sleep {long} & echo >\"$1/runs\"; sleep {long}\n");
        vec![hook(agent, "hang", &script, "events: [command], timeout: 10m")]
    });
    event(&agent, "one");
    wait_until("it runs", BOUND, || agent.path("runs").exists() && processes(&long).len() == 2);
    assert_eq!(agent.stop(), Some(0));
    wait_until("it is ended", BOUND, || processes(&long).is_empty());
}

/// One of the ready-made hooks.
fn example(name: &str) -> String {
    format!("{}/examples/hooks/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_ready_made_hooks_mail_and_post_what_happened() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/hooks/secret", listener.local_addr().expect("its address"));
    let posted = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        while !String::from_utf8_lossy(&request).trim_end().ends_with("\"}") {
            let count = stream.read(&mut buffer).expect("a request");
            assert!(count > 0, "{}", String::from_utf8_lossy(&request));
            request.extend_from_slice(&buffer[..count]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").expect("answered");
        String::from_utf8(request).expect("UTF-8")
    });
    let agent = start(|agent| {
        fs::write(agent.path("url"), url).expect("a file");
        let sendmail = agent.path("sendmail");
        fs::write(&sendmail, format!("#!/bin/sh\ncat >{}\n", agent.path("mail").display()))
            .expect("a script");
        let env = format!("SENDMAIL={}", sendmail.display());
        fs::set_permissions(&sendmail, std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .expect("its mode");
        vec![
            format!("{{ run: [/usr/bin/env, {env}, {}, a@x, b@x], events: [command] }}", example("mail.sh")),
            format!(
                "{{ run: [/usr/bin/env, no_proxy=127.0.0.1, {}, \"@{}\"], events: [command] }}",
                example("chat.sh"),
                agent.path("url").display()
            ),
        ]
    });
    event(&agent, "say \"no\" \\ é");
    let mail = wait_file(&agent.path("mail"), "mpp why db");
    assert!(mail.starts_with("To: a@x, b@x\nSubject: MPP warning: command, pool db\n"), "{mail}");
    assert!(mail.contains("say \"no\" \\ é\n"), "{mail}");
    let request = posted.join().expect("a request");
    let (head, body) = request.split_once("\r\n\r\n").expect("a body");
    assert!(head.starts_with("POST /hooks/secret "), "{head}");
    let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
    let text = body["text"].as_str().expect("a text");
    assert!(
        text.starts_with("MPP warning: command, pool db on ") && text.ends_with("say \"no\" \\ é"),
        "{text}"
    );
    assert!(agent.told("hook").is_empty(), "{:?}", agent.told("hook"));
}
