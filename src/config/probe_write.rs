//! `pools[].probe_write`.

use super::section::Spot;
use super::values::{ms, seconds};
use crate::core::settings::ProbeWrite;

/// Its keys.
pub(super) const KEYS: &[&str] = &["table", "every"];

/// The longest name of a database, or of a table, characters.
const LONGEST: usize = 64;

/// Where a probe writes, and how often.
pub(super) fn read(spot: &Spot<'_>) -> Option<ProbeWrite> {
    let section = spot.section(KEYS)?;
    let mut every = seconds(5);
    section.fill("every", &mut every, |spot| spot.duration(ms(100)..=seconds(3600)));
    let table = section.need("table", "name the table, as in mpp.probe; mpp config grants makes it")?;
    Some(ProbeWrite { table: name(&table)?, every })
}

/// It stands in statements as it is: nothing in it may mean anything there.
fn name(spot: &Spot<'_>) -> Option<String> {
    let text = spot.text()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$');
    let good = |name: &str| (1..=LONGEST).contains(&name.len()) && name.chars().all(plain);
    if text.split_once('.').is_some_and(|(database, table)| good(database) && good(table)) {
        return Some(text.to_owned());
    }
    spot.fault(format!(
        "{} is not a table; write DATABASE.TABLE, each 1 to {LONGEST} of A-Z a-z 0-9 _ $",
        spot.tree.shown()
    ));
    None
}
