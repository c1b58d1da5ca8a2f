//! `mpp keepalived check` on this machine: its real files, users, kernel and keepalived.
#![cfg(feature = "daemon")]

use assert_cmd::Command;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

struct Ended {
    code: Option<i32>,
    said: String,
    complained: String,
}

fn check(file: &Path, options: &[&str]) -> Ended {
    let mut command = Command::cargo_bin("mpp").expect("mpp");
    let output = command.args(["keepalived", "check"]).arg(file).args(options).output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Ended { code: output.status.code(), said: text(output.stdout), complained: text(output.stderr) }
}

fn written(text: &str) -> (TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("keepalived.conf");
    fs::write(&path, text.replace("DIR", &dir.path().display().to_string())).expect("written");
    (dir, path)
}

/// A service for UDP, which no setting of this machine's kernel is asked about.
const GOOD: &str = "\
global_defs {
    enable_script_security
    script_user root
}
virtual_server 192.0.2.1 53 {
    delay_loop 1
    protocol UDP
    lvs_sched rr
    lvs_method DR
    alpha
    real_server 192.0.2.2 53 {
        weight 1
        MISC_CHECK {
            misc_path \"/usr/bin/true 192.0.2.2\"
            misc_timeout 2
            warmup 0
        }
    }
}
";

#[test]
fn a_good_configuration_is_good_on_a_real_machine_too() {
    let (_dir, path) = written(GOOD);
    let ended = check(&path, &[]);
    let good = format!("{}: 1 virtual server, 1 real server: good\n", path.display());
    assert!(ended.code == Some(0) && ended.said.starts_with(&good), "{}{}", ended.said, ended.complained);
}

#[test]
fn a_program_that_is_missing_or_may_not_be_run_is_told_although_keepalived_says_nothing() {
    let (dir, path) = written(&GOOD.replace("/usr/bin/true", "DIR/missing"));
    let ended = check(&path, &[]);
    assert!(ended.code == Some(1) && ended.said.contains(":14: error: "), "{}", ended.said);
    assert!(
        ended.said.contains("[program-missing]") && !ended.said.contains("[keepalived-t]"),
        "{}",
        ended.said
    );
    let program = dir.path().join("missing");
    fs::write(&program, "#!/bin/sh\n").expect("written");
    fs::set_permissions(&program, PermissionsExt::from_mode(0o666)).expect("allowed");
    let ended = check(&path, &[]);
    assert!(ended.said.contains("[not-executable]"), "{}", ended.said);
    fs::set_permissions(&program, PermissionsExt::from_mode(0o777)).expect("allowed");
    let ended = check(&path, &[]);
    assert!(ended.said.contains("[insecure]"), "{}", ended.said);
}

#[test]
fn a_link_is_judged_by_what_it_leads_to() {
    let (dir, path) = written(&GOOD.replace("/usr/bin/true", "DIR/link"));
    std::os::unix::fs::symlink("/usr/bin/true", dir.path().join("link")).expect("a link");
    let ended = check(&path, &[]);
    assert!(ended.code == Some(0), "{}", ended.said);
}

#[test]
fn track_files_are_looked_at_where_they_are() {
    let text = "track_file a {\n    file DIR/none/a\n}\ntrack_file b {\n    file DIR/b\n}\ntrack_file c {\n    file DIR/c\n}\n";
    let checks: String =
        ["a", "b", "c"].map(|name| format!("FILE_CHECK {{\ntrack_file {name}\nweight 0\n}}\n")).concat();
    let (dir, path) =
        written(&format!("{text}{}", GOOD.replace("MISC_CHECK {", &format!("{checks}MISC_CHECK {{"))));
    fs::write(dir.path().join("c"), "UP\n").expect("written");
    let ended = check(&path, &[]);
    for (line, rule) in [(1, "track-directory"), (4, "track-file-missing"), (7, "track-file-garbage")] {
        let told = |l: &str| l.contains(&format!(":{line}: ")) && l.contains(&format!("[{rule}]"));
        assert!(ended.said.lines().any(told), "{rule}: {}", ended.said);
    }
}

#[test]
fn what_keepalived_itself_says_is_told_at_its_line() {
    let (_dir, path) = written(&GOOD.replace("    alpha\n", "    alpha\n    alhpa\n"));
    let ended = check(&path, &[]);
    let told = format!("{}:11: error: Unknown keyword 'alhpa' [keepalived-t]", path.display());
    assert!(ended.code == Some(1) && ended.said.lines().any(|line| line == told), "{}", ended.said);
    assert_eq!(ended.said.matches("alhpa").count(), 1, "{}", ended.said);
}

/// Run by root, keepalived 2.2 ends itself in the middle if a check has a user of its own.
const ENDS_ITSELF: &str = "vrrp_instance V {\n    nonsense\n}\n";

#[test]
fn keepalived_tests_to_the_end_also_where_checks_have_a_user_of_their_own() {
    let (_dir, path) = written(&(GOOD.replace("script_user root", "script_user nobody") + ENDS_ITSELF));
    let ended = check(&path, &[]);
    assert!(ended.said.contains("Unknown keyword 'nonsense'"), "{}", ended.said);
}

#[test]
fn a_root_that_may_not_unshare_is_told_that_the_rest_was_not_tested() {
    let (_dir, path) = written(&(GOOD.replace("script_user root", "script_user nobody") + ENDS_ITSELF));
    let mut command = std::process::Command::new("setpriv");
    if nix::unistd::Uid::effective().is_root() {
        command.args(["--bounding-set=-sys_admin", "--inh-caps=-sys_admin"]);
    }
    command.arg(env!("CARGO_BIN_EXE_mpp")).args(["keepalived", "check"]).arg(&path);
    let output = command.output().expect("setpriv, of Debian's util-linux");
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    // Anybody else, or another version, tests it to the end.
    let whole = said.contains("Unknown keyword 'nonsense'");
    let told = said.contains("note: keepalived -t ended itself in the middle");
    assert!(whole != told, "{said}");
}

#[test]
fn a_user_that_does_not_exist_is_told() {
    let (_dir, path) = written(&GOOD.replace("script_user root", "script_user no_such_user"));
    let ended = check(&path, &[]);
    assert!(ended.code == Some(1) && ended.said.contains("[no-user]"), "{}", ended.said);
}

#[test]
fn warnings_alone_are_no_failure_and_are_told() {
    let (_dir, path) = written(&GOOD.replace("            warmup 0\n", ""));
    let ended = check(&path, &[]);
    assert!(
        ended.code == Some(0) && ended.said.contains("nothing that would bite, 1 warning"),
        "{}",
        ended.said
    );
}

#[test]
fn a_file_that_is_not_there_is_bad_configuration() {
    let ended = check(Path::new("/nonexistent/keepalived.conf"), &[]);
    assert_eq!((ended.code, &*ended.said), (Some(78), ""));
    assert!(
        ended.complained.starts_with("/nonexistent/keepalived.conf: No such file"),
        "{}",
        ended.complained
    );
}

#[test]
fn pools_are_compared_with_the_file_that_is_named() {
    let (dir, path) = written(&GOOD.replace("/usr/bin/true 192.0.2.2", "/usr/bin/mpp-check ro bd db1"));
    let yaml = dir.path().join("mpp.yaml");
    fs::write(
        &yaml,
        "monitor: { user: mpp }\npools: [{ name: db, nodes: [{ name: db1, address: \"192.0.2.2:53\" }] }]\n",
    )
    .expect("written");
    let ended = check(&path, &["--config", &yaml.display().to_string()]);
    assert!(ended.said.contains("[unknown-pool]") && !ended.said.contains("note: "), "{}", ended.said);
    fs::write(&yaml, "pools: 1\n").expect("written");
    let ended = check(&path, &["--config", &yaml.display().to_string()]);
    assert!(ended.code == Some(78) && ended.complained.contains("mpp.yaml:1:"), "{}", ended.complained);
}

#[test]
fn scripts_read_one_object() {
    let (_dir, path) = written(&GOOD.replace("            warmup 0\n", ""));
    let ended = check(&path, &["--json"]);
    let report: serde_json::Value = serde_json::from_str(&ended.said).expect("JSON");
    assert_eq!(report["file"], path.display().to_string());
    let numbers =
        ["virtual_servers", "real_servers", "errors", "warnings", "more"].map(|key| report[key].as_u64());
    assert_eq!(numbers, [1, 1, 0, 1, 0].map(Some));
    let finding = &report["findings"][0];
    assert_eq!(
        (&finding["rule"], &finding["severity"], &finding["line"]),
        (&"warmup".into(), &"warning".into(), &13.into())
    );
    for key in ["file", "found", "would", "write"] {
        assert!(finding[key].as_str().is_some_and(|text| !text.is_empty()), "{key}: {finding}");
    }
    assert!(report["notes"].is_array());
}
