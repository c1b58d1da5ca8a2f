//! keepalived's language is read as keepalived reads it: statement for statement, line for line.
//!
//! keepalived names what it does not know. So files are made of words it does not know, and both must name the same.
#![cfg(feature = "daemon")]

use mpp::keepalived::conf::{Disk, Limits, Statement, read};
use proptest::prelude::*;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

/// Every keyword and brace that keepalived finds, as `FILE:LINE WORD`. `None`: it reads in circles, or dies.
fn theirs(dir: &Path) -> Option<Vec<String>> {
    let mut command = Command::new("timeout");
    command.current_dir(dir).args(["5", "keepalived", "-t", "-i", "here", "-f", "main.conf"]);
    let mut keepalived =
        command.stderr(Stdio::piped()).spawn().expect("keepalived, from Debian's keepalived");
    let mut said = Vec::new();
    // What reads in circles also says so, without end.
    keepalived.stderr.take().expect("piped").take(1 << 20).read_to_end(&mut said).expect("its output");
    if keepalived.wait().expect("its end").code().is_none_or(|code| code >= 100) {
        return None;
    }
    let said = String::from_utf8_lossy(&said).into_owned();
    let found: Vec<String> = said.lines().filter_map(keyword).collect();
    // Each of its processes reads it, the first in its own way: what the others read is what they do.
    let last = found.rsplit(|line| line == "main.conf:1 BEGIN").next();
    Some(last.unwrap_or_else(|| panic!("{said}")).to_vec())
}

/// `(FILE: Line 1) Unknown keyword 'a'`, or the same of `{`.
fn keyword(line: &str) -> Option<String> {
    let (place, what) = line.strip_prefix('(')?.split_once(") Un")?;
    let (file, line) = place.split_once(": ").unwrap_or(("main.conf", place));
    let word = what.split_once('\'')?.1.rsplit_once('\'')?.0;
    Some(format!("{file}:{} {word}", line.strip_prefix("Line ")?))
}

fn ours(dir: &Path) -> Vec<String> {
    let path = dir.join("main.conf");
    let conf = read(&path, "here", &Disk, Limits::default()).expect("readable");
    let mut found = Vec::new();
    flat(&conf.statements, &mut found);
    let folder = format!("{}/", dir.display());
    // Where a block ends is nowhere kept: no rule is about that.
    found.into_iter().skip(1).map(|line| line.replace(&folder, "")).collect()
}

fn flat(statements: &[Statement], found: &mut Vec<String>) {
    for statement in statements {
        let place = &statement.place;
        if !statement.words.is_empty() {
            found.push(format!("{place} {}", statement.keyword()));
        }
        flat(statement.inside(), found);
    }
}

#[track_caller]
fn compare(files: &[(&str, &str)]) {
    let dir = tempfile::tempdir().expect("a directory");
    for (name, text) in files {
        let begin = if *name == "main.conf" { "BEGIN\n" } else { "" };
        fs::write(dir.path().join(name), format!("{begin}{text}")).expect("written");
    }
    let ours = ours(dir.path());
    let Some(mut theirs) = theirs(dir.path()) else { return };
    theirs.retain(|line| !line.ends_with(" {") && !line.ends_with(" }"));
    assert_eq!(ours, theirs, "{files:#?}");
}

#[test]
fn braces_stand_for_themselves_wherever_they_are() {
    compare(&[("main.conf", "a { b { c } d } e\nf{g}h\ni\n{\nj\n}\nk \"{ l\" m\n\"n { o\" {\np\n}\n")]);
}

#[test]
fn comments_quotes_and_escapes_are_seen_as_keepalived_sees_them() {
    compare(&[(
        "main.conf",
        "a ! b\n # c\nd \"# e\" # f\ng\\# h\n\"i j\" k\nl\\ m\n\n\to\tp\nq 'r # s'\nt\r\nu",
    )]);
}

#[test]
fn lines_for_other_machines_are_left_out() {
    compare(&[(
        "main.conf",
        "@here a\n@there b\n@^here c\n@^there d\n@here\n@here @there e\n$X=@here\n$X f\n",
    )]);
}

#[test]
fn parameters_are_replaced_when_they_are_used() {
    let text = "$A=1.${B}\n$B=0\nx${A}\n$B=2\nx${A}\nx$A\ny $A\n$A\n${C}\n$_X=y z\n$_X w\n$D=\nv${D}w\n";
    compare(&[("main.conf", text)]);
}

#[test]
fn a_parameter_may_stand_for_lines() {
    let text = "$A= \\\n a1 { \\\n  a2 ${N} \\\n b${N} \\\n }\n$N=1\n$A\n$N=2\n$A\n$B=x \\\n ! \\\n y\nz $B\n$C= \\\n $A \\\n c\n$C\n";
    compare(&[("main.conf", text)]);
}

#[test]
fn repeated_lines_are_repeated() {
    let text = "~SEQ(N, 2) a${N}\n~SEQ(N, 3, -1, 1) b${N}\n~SEQx(M, 0x0e, 0x10) c${M}\n~LST(L, x, y) d$L\n\
        ~LST({P, Q}, {1,2}, {3,4}) e${P}${Q}\n~SEQ(X, 1, 2) ~SEQ(Y, 3, 4) f${X}${Y}\n";
    compare(&[("main.conf", text)]);
}

#[test]
fn included_files_are_read_in_place() {
    let others = [
        ("b.conf", "b1\ninclude sub*.x\nb2\n"),
        ("sub1.x", "s1 {\n"),
        ("sub2.x", "s2 }\n"),
        (".sub.x", "no\n"),
    ];
    let mut files = vec![("main.conf", "a\ninclude b.conf\nc\nincluder {b,sub1}.[xc]*\n}\n")];
    files.extend(others);
    compare(&files);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_lines_are_read_as_keepalived_reads_them(lines in prop::collection::vec(line(), 1..12)) {
        compare(&[("main.conf", &(lines.join("\n") + "\n"))]);
    }
}

/// Words that mean something to the reader, in any order; and definitions, none of itself: those read in circles.
fn line() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "a",
        "b c",
        "{",
        "}",
        "\"d e\"",
        "# f",
        "$A",
        "${A}",
        "${B}g",
        "@here ",
        "@there ",
        "@^there ",
        "h\\#",
        "!",
        "i",
        "~SEQ(C, 1, 2) ",
        "~LST(C, x, y) ",
        "$C",
    ]);
    let definition = prop::sample::select(vec!["$A=j", "$B=k ${A}", "@there $A=l", "$B=n \"o p\""]);
    prop_oneof![
        3 => prop::collection::vec(word, 1..5).prop_map(|words| words.join(" ")),
        1 => definition.prop_map(str::to_owned),
    ]
}
