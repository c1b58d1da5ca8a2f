//! Verdicts asked all the time, as keepalived asks for them.

use crate::support::Root;
use std::collections::BTreeSet;
use std::process::{Child, Stdio};

/// Asks until `/run/asked-enough` is there; then prints every different answer with how often it was given.
const ASK: &str = r#"
exec runuser -u mpp -- sh -c '
while [ ! -e /run/asked-enough ]; do
    for ask in "rw db db1" "rw db db2" "ro db db1" "ro db db2" "alive --max-age 60s"; do
        said=$(/usr/bin/mpp-check $ask 2>&1)
        echo "$ask: $? $said"
    done
done | sort | uniq -c'
"#;

/// Somebody who asks.
pub(crate) struct Watch<'a> {
    root: &'a Root,
    asking: Child,
}

impl Watch<'_> {
    /// Begins to ask.
    pub(crate) fn begin(root: &Root) -> Watch<'_> {
        let asking = root.command(ASK).stdout(Stdio::piped()).spawn().expect("a shell");
        Watch { root, asking }
    }

    /// Ends it.
    ///
    /// # Panics
    /// If one question had two answers, or nobody asked; with all answers.
    pub(crate) fn saw_one_answer_to_each_question(self) {
        self.root.says("touch /run/asked-enough");
        let output = self.asking.wait_with_output().expect("its end");
        self.root.says("rm /run/asked-enough");
        let said = String::from_utf8_lossy(&output.stdout);
        let answers: BTreeSet<&str> =
            said.lines().filter_map(|l| l.trim().split_once(' ')).map(|(_, a)| a).collect();
        let wanted =
            ["alive --max-age 60s: 0", "ro db db1: 1", "ro db db2: 0", "rw db db1: 0", "rw db db2: 1"];
        assert_eq!(answers, BTreeSet::from(wanted), "{said}");
        println!("{said}");
    }
}
