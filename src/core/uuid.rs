//! By which name MySQL's transactions go: a server's UUID, or a group's.

use super::gtids::BadGtid;
use std::fmt;
use std::str::FromStr;

/// A server's, or a group's, UUID.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "daemon", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "daemon", serde(try_from = "String", into = "String"))]
pub struct Uuid(u128);

impl FromStr for Uuid {
    type Err = BadGtid;

    fn from_str(text: &str) -> Result<Uuid, BadGtid> {
        let lengths = text.split('-').map(str::len);
        let digits = text.replace('-', "");
        let plain = digits.bytes().all(|b| b.is_ascii_hexdigit());
        let number = u128::from_str_radix(&digits, 16).ok();
        let shaped = lengths.eq([8, 4, 4, 4, 12]) && plain;
        number.filter(|_| shaped).map(Uuid).ok_or_else(|| BadGtid(text.to_owned()))
    }
}

impl TryFrom<String> for Uuid {
    type Error = BadGtid;

    fn try_from(text: String) -> Result<Uuid, BadGtid> {
        text.parse()
    }
}

impl From<Uuid> for String {
    fn from(uuid: Uuid) -> String {
        uuid.to_string()
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:032x}", self.0);
        let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
        f.write_str(&parts.join("-"))
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_reads_back_in_lower_case() {
        let uuid: Uuid = "3E11FA47-71ca-11e1-9e33-00000a429562".parse().expect("a UUID");
        assert_eq!(uuid.to_string(), "3e11fa47-71ca-11e1-9e33-00000a429562");
        for bad in [
            "",
            "3e11fa4771ca11e19e33c80aa9429562",
            "+e11fa47-71ca-11e1-9e33-c80aa9429562",
            "3e11fa47-71ca-11e1-9e33-c80aa942956",
        ] {
            assert!(bad.parse::<Uuid>().is_err(), "{bad}");
        }
    }
}
