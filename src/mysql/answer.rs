//! The rows of an answer, in text.

use super::fault::{Fault, Refusal};
use super::packets::Packets;
use super::set::Set;
use mysql_common::constants::{CapabilityFlags, StatusFlags};
use mysql_common::io::ParseBuf;
use mysql_common::packets::ErrPacket;
use std::io::{Read, Write};

/// What a packet begins with that is no row.
pub(super) const OK: u8 = 0x00;
const ERROR: u8 = 0xff;
const END: u8 = 0xfe;
/// In place of a length: there is no value.
const NULL: u8 = 0xfb;
/// An end has so many bytes at most; a row that begins like one has more.
const LONGEST_END: usize = 8;
/// Most columns of a row: what servers can have in a table.
const MOST_COLUMNS: usize = 4096;
/// Most names and values of a statement: ten times what a server has variables. A NULL of one byte takes twelve here.
const MOST_WORDS: usize = 1 << 16;
/// Most statements of a question.
const MOST_SETS: usize = 16;
/// So many bytes the name of a column has at most, nearly always; and a value, in the mean.
const NAME: usize = 24;
const VALUE: usize = 16;
/// What comes before the name in the description of a column: catalog, database, table, table of origin.
const BEFORE_NAME: usize = 4;

/// All rows of all statements. A statement without rows is an empty set.
pub(super) fn sets<S: Read + Write>(packets: &mut Packets<S>) -> Result<Vec<Set>, Fault> {
    let mut sets = Vec::with_capacity(3);
    while sets.len() < MOST_SETS {
        let (rows, more) = set(packets)?;
        sets.push(rows);
        if !more {
            return Ok(sets);
        }
    }
    Err(Fault::senseless("more answers than questions"))
}

/// The next packet; an error of the server's is one.
pub(super) fn answered<S: Read + Write>(packets: &mut Packets<S>) -> Result<&[u8], Fault> {
    match packets.next()? {
        error @ [ERROR, ..] => Err(refusal(error)),
        packet => Ok(packet),
    }
}

/// The rows of one statement, and whether another one follows.
fn set<S: Read + Write>(packets: &mut Packets<S>) -> Result<(Set, bool), Fault> {
    let head = answered(packets)?;
    let mut rest = ParseBuf(head);
    let columns = match head.first() {
        Some(&OK) => return Ok((Set::default(), more(done(head))?)),
        _ => rest.checked_eat_lenenc_int(),
    };
    let columns = columns.and_then(|columns| usize::try_from(columns).ok());
    let columns = columns.filter(|columns| *columns <= MOST_COLUMNS && rest.is_empty());
    let columns = columns.ok_or_else(|| Fault::senseless("no number of columns"))?;
    let mut set = Set::of(columns);
    names(packets, columns, &mut set)?;
    loop {
        let packet = answered(packets)?;
        match packet.first() {
            Some(&END) if packet.len() <= LONGEST_END => return Ok((set, more(ended(packet))?)),
            _ if set.words() >= MOST_WORDS => return Err(Fault::senseless("rows without end")),
            _ => values(packet, columns, &mut set)?,
        }
    }
}

/// The columns' names, up to the end of their descriptions.
fn names<S: Read + Write>(packets: &mut Packets<S>, columns: usize, set: &mut Set) -> Result<(), Fault> {
    // Most answers have one row.
    set.reserve(columns * 2, columns * (NAME + VALUE));
    for _ in 0..columns {
        let mut packet = ParseBuf(answered(packets)?);
        let mut name = None;
        for _ in 0..=BEFORE_NAME {
            name = packet.checked_eat_lenenc_str();
        }
        set.push(Some(name.ok_or_else(|| Fault::senseless("a column without a name"))?));
    }
    match answered(packets)? {
        [END, ..] => Ok(()),
        _ => Err(Fault::senseless("more columns than it said")),
    }
}

/// The values of a row.
fn values(packet: &[u8], columns: usize, set: &mut Set) -> Result<(), Fault> {
    let mut rest = ParseBuf(packet);
    for _ in 0..columns {
        let value = match rest.0.first() {
            Some(&NULL) => rest.checked_eat_u8().and(None),
            _ => {
                Some(rest.checked_eat_lenenc_str().ok_or_else(|| Fault::senseless("a row that breaks off"))?)
            }
        };
        set.push(value);
    }
    if rest.is_empty() { Ok(()) } else { Err(Fault::senseless("a row with more than its columns")) }
}

/// What the server says of itself once a statement without rows is done.
fn done(packet: &[u8]) -> Option<u16> {
    let mut packet = ParseBuf(&packet[1..]);
    packet.checked_eat_lenenc_int()?;
    packet.checked_eat_lenenc_int()?;
    packet.checked_eat_u16_le()
}

/// The same after the last row, behind a number of warnings.
fn ended(packet: &[u8]) -> Option<u16> {
    let mut packet = ParseBuf(&packet[1..]);
    packet.checked_eat_u16_le()?;
    packet.checked_eat_u16_le()
}

/// Whether another answer follows.
fn more(status: Option<u16>) -> Result<bool, Fault> {
    let status = status.ok_or_else(|| Fault::senseless("an end that breaks off"))?;
    Ok(StatusFlags::from_bits_truncate(status).contains(StatusFlags::SERVER_MORE_RESULTS_EXISTS))
}

/// The error in this packet.
fn refusal(packet: &[u8]) -> Fault {
    // Before the login it comes without SQLSTATE.
    let protocol = match packet.get(3) {
        Some(b'#') => CapabilityFlags::CLIENT_PROTOCOL_41,
        _ => CapabilityFlags::empty(),
    };
    match ParseBuf(packet).parse::<ErrPacket>(protocol) {
        Ok(ErrPacket::Error(error)) => Fault::Refused(Refusal {
            code: error.error_code(),
            state: error.sql_state_ref().map_or(String::new(), |state| state.as_str().into_owned()),
            message: error.message_str().into_owned(),
        }),
        _ => Fault::senseless("an error that breaks off"),
    }
}
