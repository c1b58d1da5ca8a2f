//! In which words a server is asked, by its version.

use super::failure::shorten;
use super::fields::{Odd, Sets};
use super::{mariadb, mysql8};
use crate::core::observation::Facts;
use crate::core::time::Duration;
use crate::mysql::Set;

/// The words a server understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// MariaDB from 10.5 on.
    MariaDb,
    /// MySQL from 8.0.22 on.
    MySql80,
    /// MySQL from 8.2 on.
    MySql82,
}

impl Dialect {
    /// By the server's `@@version`, such as `10.11.19-MariaDB-log` or `8.0.36`. Errors: it is too old, or none we know.
    pub fn of(version: &str) -> Result<Dialect, Odd> {
        let numbers = numbers(version).ok_or_else(|| {
            Odd(format!("answers `{}` for version: neither MySQL nor MariaDB", shorten(version)))
        })?;
        match (version.to_ascii_lowercase().contains("mariadb"), numbers) {
            (true, numbers) if numbers >= [10, 5, 0] => Ok(Dialect::MariaDb),
            (true, _) => Err(too_old("MariaDB", version, "10.5")),
            (false, numbers) if numbers >= [8, 2, 0] => Ok(Dialect::MySql82),
            (false, numbers) if numbers >= [8, 0, 22] => Ok(Dialect::MySql80),
            (false, _) => Err(too_old("MySQL", version, "8.0.22")),
        }
    }

    /// Everything in one round trip: three statements, three sets of rows.
    pub fn question(self) -> &'static str {
        match self {
            Dialect::MariaDb => mariadb::QUESTION,
            Dialect::MySql80 => mysql8::QUESTION_BEFORE_8_2,
            Dialect::MySql82 => mysql8::QUESTION,
        }
    }

    /// The facts in the three sets of rows that answer it. Errors: something is missing, or is not what it should be.
    pub fn facts(self, sets: &[Set], round_trip: Duration) -> Result<Facts, Odd> {
        let sets = Sets::of(sets)?;
        match self {
            Dialect::MariaDb => mariadb::facts(&sets, round_trip),
            Dialect::MySql80 | Dialect::MySql82 => mysql8::facts(&sets, round_trip),
        }
    }
}

/// The three numbers a version begins with.
fn numbers(version: &str) -> Option<[u32; 3]> {
    let mut parts = version.splitn(3, '.');
    let (major, minor, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let patch = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    Some([major.parse().ok()?, minor.parse().ok()?, patch.parse().ok()?])
}

fn too_old(product: &str, version: &str, oldest: &str) -> Odd {
    Odd(format!("{} is too old: {product} {oldest} or later is needed", shorten(version)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_asked_in_the_words_of_its_version() {
        use Dialect::{MariaDb, MySql80, MySql82};
        for (version, dialect) in [
            ("10.5.23-MariaDB-0+deb11u1", MariaDb),
            ("10.6.19-15-MariaDB-enterprise-log", MariaDb),
            ("11.8.9-MariaDB", MariaDb),
            ("12.0.2-MariaDB-ubu2404", MariaDb),
            ("8.0.22", MySql80),
            ("8.0.36-28", MySql80),
            ("8.1.0", MySql80),
            ("8.2.0", MySql82),
            ("8.4.6-0ubuntu0", MySql82),
            ("9.7.4-2", MySql82),
            ("10.0.1", MySql82),
        ] {
            assert_eq!(Dialect::of(version), Ok(dialect), "{version}");
        }
    }

    #[test]
    fn a_server_that_is_too_old_is_told_its_version_and_what_is_needed() {
        for (version, words) in [
            ("5.7.44-log", "5.7.44-log is too old: MySQL 8.0.22 or later is needed"),
            ("8.0.21", "8.0.21 is too old: MySQL 8.0.22 or later is needed"),
            ("8.0.11-TiDB-v7.5.0", "8.0.11-TiDB-v7.5.0 is too old: MySQL 8.0.22 or later is needed"),
            ("10.4.34-MariaDB", "10.4.34-MariaDB is too old: MariaDB 10.5 or later is needed"),
            ("five", "answers `five` for version: neither MySQL nor MariaDB"),
        ] {
            assert_eq!(Dialect::of(version), Err(Odd(words.into())), "{version}");
        }
    }
}
