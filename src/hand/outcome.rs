//! What came of a write to the probe table: the server's fault, the operator's, or nobody's.

use crate::mysql::{Fault, Refusal};
use crate::poll::shorten;

/// What came of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was written.
    Written,
    /// The server is read-only, in words.
    ReadOnly(String),
    /// The server could not write, and why.
    Failed(String),
    /// The probe is not set up right, and how: that says nothing of the server.
    Blind(String),
    /// Nothing is known: the server could not be reached, or has died, or was frozen.
    Unreached,
}

/// read_only, read-only mode, a read-only transaction by default.
const READ_ONLY: [u16; 3] = [1290, 1836, 1792];
/// No value for the key, for it was too late; the server is shutting down.
const NOT_WRITTEN: [u16; 2] = [1048, 1053];
/// Classes of SQLSTATE that tell of a table or an account that is not as the probe needs it: syntax and privileges, values,
/// their number, constraints, logins, what is not supported.
const OF_THE_PROBE: [&str; 6] = ["42", "22", "21", "23", "28", "0A"];
/// The same among those without a class: a view, a column without default, a value, a table that a group refuses.
const OF_THE_PROBE_TOO: [u16; 5] = [1288, 1364, 1366, 1471, 3098];

impl Outcome {
    /// Of a write that ended with an error.
    pub(super) fn of(fault: &Fault) -> Outcome {
        match fault {
            Fault::Refused(refusal) => refused(refusal),
            _ => Outcome::Unreached,
        }
    }
}

fn refused(refusal: &Refusal) -> Outcome {
    let words = format!("{} {}", refusal.code, shorten(&refusal.message));
    let class = refusal.state.get(..2).unwrap_or_default();
    match refusal.code {
        code if NOT_WRITTEN.contains(&code) => Outcome::Unreached,
        code if READ_ONLY.contains(&code) => Outcome::ReadOnly(format!("the server is read-only ({words})")),
        code if OF_THE_PROBE_TOO.contains(&code) => Outcome::Blind(words),
        _ if OF_THE_PROBE.contains(&class) => Outcome::Blind(words),
        _ => Outcome::Failed(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_the_servers_fault_or_the_operators() {
        let of = |code, state: &str| {
            let refusal = Refusal { state: state.into(), message: "no".into(), code };
            Outcome::of(&Fault::Refused(refusal))
        };
        for (code, state) in
            [(1021, "HY000"), (1114, "HY000"), (1030, "HY000"), (1205, "HY000"), (1213, "40001")]
        {
            assert_eq!(of(code, state), Outcome::Failed(format!("{code} no")));
        }
        let blind = [
            (1146, "42S02"),
            (1142, "42000"),
            (1054, "42S22"),
            (1264, "22003"),
            (1364, "HY000"),
            (1644, "0A000"),
        ];
        for (code, state) in blind {
            assert_eq!(of(code, state), Outcome::Blind(format!("{code} no")));
        }
        for (code, state) in [(1290, "HY000"), (1836, "HY000"), (1792, "25006")] {
            assert!(matches!(of(code, state), Outcome::ReadOnly(_)), "{code}");
        }
        assert_eq!(of(1048, "23000"), Outcome::Unreached);
        assert_eq!(Outcome::of(&Fault::NoTls), Outcome::Unreached);
    }
}
