//! The command line of `mpp-check`.

use core::ffi::CStr;
use core::fmt;

use super::line::Shown;
use crate::state::verdict::Role;

/// The state that is read unless `--state` says another.
pub const DEFAULT_STATE: &CStr = c"/run/mpp/state";
/// The oldest heartbeat that `alive` takes for life unless `--max-age` says another, ns.
pub const DEFAULT_MAX_AGE_NS: u64 = 3_000_000_000;

/// What `--help` prints.
pub const HELP: &str = "\
Answers keepalived from the state that mppd publishes.

Usage: mpp-check [--state FILE] [--dynamic] ROLE POOL NODE
       mpp-check [--state FILE] alive [--max-age 3s]

  ROLE            rw, ro or geo
  POOL            name of the pool
  NODE            name or address:port of the node
  alive           is mppd publishing?
  --state FILE    the published state (/run/mpp/state)
  --dynamic       for keepalived's misc_dynamic: exit with the weight plus 2
  --max-age TIME  the oldest heartbeat that counts as alive: 250ms, 3s, 2m (3s)

Exit codes: 0 UP or alive; 1 DOWN, not alive, or any fault.
With --dynamic: 1 DOWN or any fault, 2 to 255 UP with the weight 0 to 253.
";

/// What `--version` prints.
pub const VERSION: &str = concat!("mpp-check ", env!("CARGO_PKG_VERSION"), "\n");

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// `--help`.
    Help,
    /// `--version`.
    Version,
    /// A verdict of the state in this file.
    Verdict(&'a CStr, Ask<'a>),
    /// Whether the state in this file has a heartbeat of at most this age, ns.
    Alive(&'a CStr, u64),
}

/// Whose verdict, and how to say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask<'a> {
    /// For which role.
    pub role: Role,
    /// The pool's name.
    pub pool: &'a [u8],
    /// The node's name or address.
    pub node: &'a [u8],
    /// Whether UP is said as weight plus 2.
    pub dynamic: bool,
}

/// A command line that can't be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage<'a> {
    /// An option that does not exist, or not for this command.
    Option(&'a [u8]),
    /// An option without its value.
    NoValue(&'a [u8]),
    /// Not a duration.
    Age(&'a [u8]),
    /// Not a role.
    Role(&'a [u8]),
    /// An argument too few.
    Missing,
    /// An argument too many.
    Extra(&'a [u8]),
}

impl fmt::Display for Usage<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option(option) => write!(out, "unknown option `{}` here", Shown(option)),
            Self::NoValue(option) => write!(out, "`{}` needs a value", Shown(option)),
            Self::Age(age) => write!(out, "`{}` is no duration such as 250ms, 3s or 2m", Shown(age)),
            Self::Role(role) => write!(out, "unknown role `{}`: rw, ro or geo", Shown(role)),
            Self::Missing => out.write_str("ROLE POOL NODE or alive expected"),
            Self::Extra(extra) => write!(out, "`{}` is an argument too many", Shown(extra)),
        }?;
        out.write_str(" (see mpp-check --help)")
    }
}

/// The options, as far as they were given.
#[derive(Default)]
struct Options<'a> {
    state: Option<&'a CStr>,
    dynamic: bool,
    max_age: Option<&'a [u8]>,
}

/// Understands `args`, the program's name left out.
pub fn parse<'a>(mut args: impl Iterator<Item = &'a CStr>) -> Result<Request<'a>, Usage<'a>> {
    let mut options = Options::default();
    let mut words: [Option<&[u8]>; 3] = [None; 3];
    let mut only_words = false;
    while let Some(arg) = args.next() {
        let bytes = arg.to_bytes();
        let mut value = || args.next().ok_or(Usage::NoValue(bytes));
        match bytes {
            b"--" if !only_words => only_words = true,
            b"--help" | b"-h" if !only_words => return Ok(Request::Help),
            b"--version" | b"-V" if !only_words => return Ok(Request::Version),
            b"--dynamic" if !only_words => options.dynamic = true,
            b"--state" if !only_words => options.state = Some(value()?),
            b"--max-age" if !only_words => options.max_age = Some(value()?.to_bytes()),
            [b'-', ..] if !only_words => return Err(Usage::Option(bytes)),
            _ => {
                let free = words.iter_mut().find(|word| word.is_none());
                *free.ok_or(Usage::Extra(bytes))? = Some(bytes);
            }
        }
    }
    options.request(words)
}

impl<'a> Options<'a> {
    fn request(self, words: [Option<&'a [u8]>; 3]) -> Result<Request<'a>, Usage<'a>> {
        let state = self.state.unwrap_or(DEFAULT_STATE);
        match words {
            [Some(b"alive"), Some(extra), _] => Err(Usage::Extra(extra)),
            [Some(b"alive"), None, _] if self.dynamic => Err(Usage::Option(b"--dynamic")),
            [Some(b"alive"), None, _] => {
                let max_age = self.max_age.map_or(Ok(DEFAULT_MAX_AGE_NS), nanoseconds)?;
                Ok(Request::Alive(state, max_age))
            }
            [Some(role), pool, node] => {
                let role = Role::from_name(role).ok_or(Usage::Role(role))?;
                let (pool, node) = pool.zip(node).ok_or(Usage::Missing)?;
                if self.max_age.is_some() {
                    return Err(Usage::Option(b"--max-age"));
                }
                Ok(Request::Verdict(state, Ask { role, pool, node, dynamic: self.dynamic }))
            }
            [None, ..] => Err(Usage::Missing),
        }
    }
}

/// A duration such as `250ms`, `3s`, `2m` or `1h` in ns.
fn nanoseconds(text: &[u8]) -> Result<u64, Usage<'_>> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        b"ms" => Some(1_000_000),
        b"s" => Some(1_000_000_000),
        b"m" => Some(60_000_000_000),
        b"h" => Some(3_600_000_000_000_u64),
        _ => None,
    };
    let number = str::from_utf8(number).ok().and_then(|number| number.parse::<u64>().ok());
    number.zip(unit).and_then(|(number, unit)| number.checked_mul(unit)).ok_or(Usage::Age(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed<'a>(args: &[&'a CStr]) -> Result<Request<'a>, Usage<'a>> {
        parse(args.iter().copied())
    }

    const DB1: Ask<'_> = Ask { role: Role::Rw, pool: b"db", node: b"db1", dynamic: false };

    #[test]
    fn role_pool_and_node_are_enough() {
        let request = parsed(&[c"rw", c"db", c"db1"]);
        assert_eq!(request, Ok(Request::Verdict(DEFAULT_STATE, DB1)));
    }

    #[test]
    fn options_may_stand_anywhere() {
        let wanted = Request::Verdict(c"/s", Ask { dynamic: true, ..DB1 });
        for args in [
            [c"--state", c"/s", c"--dynamic", c"rw", c"db", c"db1"],
            [c"rw", c"--state", c"/s", c"db", c"--dynamic", c"db1"],
            [c"rw", c"db", c"db1", c"--dynamic", c"--state", c"/s"],
        ] {
            assert_eq!(parsed(&args), Ok(wanted));
        }
    }

    #[test]
    fn behind_two_dashes_everything_is_a_word() {
        let wanted = Ask { pool: b"--dynamic", node: b"--", ..DB1 };
        let request = parsed(&[c"--", c"rw", c"--dynamic", c"--"]);
        assert_eq!(request, Ok(Request::Verdict(DEFAULT_STATE, wanted)));
    }

    #[test]
    fn alive_takes_a_duration() {
        for (age, ns) in [(c"250ms", 250_000_000), (c"3s", 3_000_000_000), (c"2m", 120_000_000_000)] {
            let request = parsed(&[c"alive", c"--max-age", age]);
            assert_eq!(request, Ok(Request::Alive(DEFAULT_STATE, ns)));
        }
        assert_eq!(parsed(&[c"alive"]), Ok(Request::Alive(DEFAULT_STATE, DEFAULT_MAX_AGE_NS)));
        for age in [c"", c"3", c"s", c"-1s", c"3 s", c"99999999999999999999s", c"18446744073709551615h"] {
            let fault = Usage::Age(age.to_bytes());
            assert_eq!(parsed(&[c"alive", c"--max-age", age]), Err(fault));
        }
    }

    #[test]
    fn what_can_not_be_understood_is_named() {
        let cases: [(&[&CStr], Usage<'_>); 10] = [
            (&[], Usage::Missing),
            (&[c"rw", c"db"], Usage::Missing),
            (&[c"RW", c"db", c"db1"], Usage::Role(b"RW")),
            (&[c"rw", c"db", c"db1", c"db2"], Usage::Extra(b"db2")),
            (&[c"alive", c"db"], Usage::Extra(b"db")),
            (&[c"--stat", c"/s"], Usage::Option(b"--stat")),
            (&[c"-x"], Usage::Option(b"-x")),
            (&[c"alive", c"--dynamic"], Usage::Option(b"--dynamic")),
            (&[c"rw", c"db", c"db1", c"--max-age", c"3s"], Usage::Option(b"--max-age")),
            (&[c"rw", c"db", c"db1", c"--state"], Usage::NoValue(b"--state")),
        ];
        for (args, fault) in cases {
            assert_eq!(parsed(args), Err(fault), "{args:?}");
        }
    }

    #[test]
    fn help_and_version_win_over_the_rest() {
        assert_eq!(parsed(&[c"rw", c"--help"]), Ok(Request::Help));
        assert_eq!(parsed(&[c"--version"]), Ok(Request::Version));
    }
}
