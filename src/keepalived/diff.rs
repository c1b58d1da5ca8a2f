//! What differs between two configurations, for people: line by line, and in words.

use super::conf::{Alone, Disk, Files, Limits, Statement, Unread, read};
use similar::TextDiff;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

/// How long the shortest difference is looked for; after that a longer one does.
const EFFORT: Duration = Duration::from_secs(2);

/// What would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Line by line, as diff -u writes it.
    pub lines: String,
    /// A line each for what comes, goes or changes; empty if only comments and order do.
    pub words: Vec<String>,
}

impl fmt::Display for Difference {
    /// In words, then line by line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = if self.words.is_empty() {
            "only comments, or their order, change"
        } else {
            &self.words.join("\n")
        };
        write!(f, "{words}\n\n{}", self.lines)
    }
}

/// What a deploy of `fresh` would change in an installed file; `None`: nothing. A file that is not there is empty.
///
/// # Errors
/// It is there and can't be read.
pub fn against(installed: &Path, fresh: &str) -> Result<Option<Difference>, Unread> {
    let name = installed.display().to_string();
    let old = match Disk.read(installed, Limits::default().bytes) {
        Err(Unread::Io(e)) if e.kind() == ErrorKind::NotFound => String::new(),
        other => other?,
    };
    Ok(diff((&name, &old), ("rendered now", fresh)))
}

/// What changes from `old` to `new`; `None`: nothing. The names are those in the head of the lines.
pub fn diff(old: (&str, &str), new: (&str, &str)) -> Option<Difference> {
    if old.1 == new.1 {
        return None;
    }
    let texts = TextDiff::configure().timeout(EFFORT).diff_lines(old.1, new.1);
    let lines = texts.unified_diff().context_radius(3).header(old.0, new.0).to_string();
    let (before, after) = (statements(old.1), statements(new.1));
    let mut words = Vec::new();
    blocks(&before.iter().collect::<Vec<_>>(), &after.iter().collect::<Vec<_>>(), "", &mut words);
    Some(Difference { lines, words })
}

fn statements(text: &str) -> Vec<Statement> {
    let conf = read(Path::new(""), "", &Alone(text), Limits::default());
    conf.map(|conf| conf.statements).unwrap_or_default()
}

/// Compares blocks by what stands before their braces; `of` is the virtual server they are in.
fn blocks(old: &[&Statement], new: &[&Statement], of: &str, words: &mut Vec<String>) {
    let (before, after) = (named(old), named(new));
    let mut told = BTreeSet::new();
    for name in old.iter().chain(new).map(|s| title(s)).filter(|name| told.insert(name.clone())) {
        match (before.get(&name), after.get(&name)) {
            (None, Some(new)) => words.push(format!("{name}{of} comes{}", with(new))),
            (Some(old), None) => words.push(format!("{name}{of} goes{}", with(old))),
            (Some(old), Some(new)) => changed(old, new, &format!("{name}{of}"), words),
            (None, None) => {}
        }
    }
}

fn named<'s>(statements: &[&'s Statement]) -> HashMap<String, &'s Statement> {
    statements.iter().map(|s| (title(s), *s)).collect()
}

fn changed(old: &Statement, new: &Statement, name: &str, words: &mut Vec<String>) {
    let (before, after) = (settings(old), settings(new));
    let keywords: BTreeSet<&str> =
        before.symmetric_difference(&after).filter_map(|line| line.split(' ').next()).collect();
    if !keywords.is_empty() {
        words.push(format!("{name} changes: {}", keywords.into_iter().collect::<Vec<_>>().join(", ")));
    }
    let servers = |s| Statement::all(s, "real_server").collect::<Vec<_>>();
    blocks(&servers(old), &servers(new), &format!(" of {name}"), words);
}

/// What a block says, but for its real servers, which have names of their own.
fn settings(block: &Statement) -> BTreeSet<String> {
    block.inside().iter().filter(|s| s.keyword() != "real_server").map(flat).collect()
}

/// The block as one line.
fn flat(statement: &Statement) -> String {
    let mut line = statement.words.join(" ");
    for inner in statement.inside() {
        line.push(' ');
        line.push_str(&flat(inner));
    }
    line
}

fn title(statement: &Statement) -> String {
    statement.words.join(" ").replacen("virtual_server ", "virtual server ", 1).replacen(
        "real_server ",
        "real server ",
        1,
    )
}

fn with(statement: &Statement) -> String {
    match statement.all("real_server").count() {
        0 => String::new(),
        1 => ", with 1 real server".into(),
        n => format!(", with {n} real servers"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "\
# made by mpp 1
track_file a {
    file /a
}
virtual_server 192.0.2.1 3306 {
    delay_loop 1
    real_server 10.0.0.1 3306 {
        weight 1
    }
    real_server 10.0.0.2 3306 {
        weight 1
    }
}
virtual_server 192.0.2.2 3306 {
    real_server 10.0.0.1 3306 {
    }
}
";

    fn words(new: &str) -> Option<Vec<String>> {
        diff(("old", OLD), ("new", new)).map(|difference| difference.words)
    }

    #[test]
    fn what_comes_goes_and_changes_is_said_in_words() {
        let new = OLD
            .replace("delay_loop 1", "delay_loop 0.5\n    alpha")
            .replace(
                "    real_server 10.0.0.2 3306 {\n        weight 1\n",
                "    real_server 10.0.0.3 3306 {\n",
            )
            .replacen("        weight 1\n", "        weight 2\n", 1)
            .replace("192.0.2.2", "192.0.2.3");
        let expected = [
            "virtual server 192.0.2.1 3306 changes: alpha, delay_loop",
            "real server 10.0.0.1 3306 of virtual server 192.0.2.1 3306 changes: weight",
            "real server 10.0.0.2 3306 of virtual server 192.0.2.1 3306 goes",
            "real server 10.0.0.3 3306 of virtual server 192.0.2.1 3306 comes",
            "virtual server 192.0.2.2 3306 goes, with 1 real server",
            "virtual server 192.0.2.3 3306 comes, with 1 real server",
        ];
        assert_eq!(words(&new).expect("they differ"), expected);
    }

    #[test]
    fn lines_are_told_as_diff_tells_them() {
        let difference =
            diff(("old", OLD), ("new", &OLD.replace("delay_loop 1", "delay_loop 2"))).expect("they differ");
        let head = "--- old\n+++ new\n@@ -3,7 +3,7 @@\n";
        assert!(difference.lines.starts_with(head), "{}", difference.lines);
        assert!(
            difference.lines.contains("\n-    delay_loop 1\n+    delay_loop 2\n"),
            "{}",
            difference.lines
        );
    }

    #[test]
    fn what_is_not_installed_yet_comes() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("mpp.conf");
        let difference = against(&path, OLD).expect("readable").expect("they differ");
        let expected = [
            "track_file a comes",
            "virtual server 192.0.2.1 3306 comes, with 2 real servers",
            "virtual server 192.0.2.2 3306 comes, with 1 real server",
        ];
        assert_eq!(difference.words, expected);
        assert!(difference.to_string().starts_with(&format!("{}\n\n--- ", expected.join("\n"))));
        std::fs::write(&path, OLD).expect("written");
        assert_eq!(against(&path, OLD).expect("readable"), None);
        assert!(against(dir.path(), OLD).is_err());
    }

    #[test]
    fn a_comment_changes_nothing_and_the_same_is_no_difference() {
        assert_eq!(words(&OLD.replace("mpp 1", "mpp 2")), Some(Vec::new()));
        assert_eq!(words(OLD), None);
    }
}
