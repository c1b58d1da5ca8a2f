//! Configurations of keepalived, each with the whole of what an operator must be told.
//!
//! `tests/cases/keepalived/NAME/keepalived.conf` is checked on a machine where all is well, but for what `machine` beside
//! it says, and against the pools of `mpp.yaml` if there is one. `expected` is what must be found: nothing else.
#![cfg(feature = "daemon")]

mod support;

use mpp::config::{self, Version};
use mpp::keepalived::conf::{Disk, Limits, read};
use mpp::keepalived::lint::{Machine, Program, RULES, User, Watched, gather, lint};
use std::fs;
use std::path::{Path, PathBuf};
use support::director::sound;
use support::expected::differs;

const CASES: &str = "tests/cases/keepalived";

fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = fs::read_dir(CASES).unwrap().map(|e| e.unwrap().path()).collect();
    cases.sort();
    cases
}

fn findings(case: &Path) -> String {
    let path = case.join("keepalived.conf");
    let conf = read(&path, "here", &Disk, Limits::default()).expect("readable");
    let mut machine = sound(gather(&conf, Some(Version(2, 2, 7))));
    for line in fs::read_to_string(case.join("machine")).unwrap_or_default().lines() {
        change(&mut machine, line);
    }
    let yaml = case.join("mpp.yaml");
    let settings = yaml.exists().then(|| config::load(&yaml).unwrap_or_else(|faults| panic!("{faults}")));
    let mut findings = lint(&conf, &machine, settings.as_ref());
    findings.sort_by_key(|f| (f.file.clone(), f.line));
    findings.iter().map(|f| format!("{f}\n")).collect::<String>().replace(&format!("{}/", case.display()), "")
}

/// Makes something of it as the line says.
fn change(machine: &mut Machine, line: &str) {
    let words: Vec<&str> = line.split(' ').collect();
    let number = |word: &str| word.parse().expect(line);
    match words[..] {
        ["version", major, minor, patch] => {
            machine.version = Some(Version(number(major) as u16, number(minor) as u16, number(patch) as u16));
        }
        ["sysctl", name, value] => _ = machine.sysctls.insert(name.into(), number(value)),
        ["user", name, "none"] => _ = machine.users.insert(name.into(), None),
        ["user", name, id] => {
            let id = number(id) as u32;
            machine.users.insert(name.into(), Some(User { uid: id, gid: id }));
        }
        ["program", path, "none"] => {
            *machine.programs.get_mut(Path::new(path)).expect(line) =
                Program::Missing("No such file or directory".into());
        }
        ["program", path, part, uid, mode] => {
            let Program::Found(components) = machine.programs.get_mut(Path::new(path)).expect(line) else {
                panic!("{line}")
            };
            let component = components.iter_mut().find(|c| c.path == Path::new(part)).expect(line);
            (component.uid, component.mode) = (number(uid) as u32, u32::from_str_radix(mode, 8).expect(line));
        }
        ["watched", path, ref text @ ..] => {
            *machine.watched.get_mut(Path::new(path)).expect(line) = match text {
                ["no", "directory"] => Watched::NoDirectory,
                ["no", "file"] => Watched::NoFile,
                text => Watched::Text(text.join(" ")),
            };
        }
        _ => panic!("{line}"),
    }
}

/// Set MPP_BLESS=1 to write the expected output anew; then read the difference.
#[test]
fn every_case_says_what_is_expected() {
    let mut wrong = Vec::new();
    for case in cases() {
        wrong.extend(differs(&case, &case.join("expected"), &findings(&case)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_a_case() {
    let told: String =
        cases().iter().map(|case| fs::read_to_string(case.join("expected")).unwrap()).collect();
    let unheard: Vec<&str> =
        RULES.iter().map(|rule| rule.name).filter(|name| !told.contains(&format!("[{name}]"))).collect();
    assert!(unheard.is_empty(), "{unheard:?}");
}

#[test]
fn the_page_has_every_rule_and_no_other() {
    let page = fs::read_to_string("docs/keepalived-check.md").unwrap();
    let mut rows: Vec<(&str, &str)> = page
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| `")?.split(" | ");
            Some((cells.next()?.strip_suffix('`')?, cells.next()?))
        })
        .collect();
    let mut rules: Vec<(&str, &str)> = RULES.iter().map(|rule| (rule.name, rule.severity.word())).collect();
    rules.push(("keepalived-t", "error or warning"));
    rows.sort_unstable();
    rules.sort_unstable();
    assert_eq!(rows, rules);
}
