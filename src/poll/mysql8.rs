//! The question in MySQL's words, and how its answer reads. Understood by MySQL 8.0.22 and later.

use super::failure::shorten;
use super::fields::{Fields, Odd, Sets};
use crate::core::observation::{Channel, Facts};
use crate::core::position::{GtidSet, Gtids, Position};
use crate::core::time::Duration;

/// What every version is asked, in one round trip.
macro_rules! question {
    ($binlog:literal) => {
        concat!(
            "SELECT @@global.server_id AS server_id, @@version AS version, @@global.server_uuid AS server_uuid, ",
            "@@global.read_only AS read_only, @@global.super_read_only AS super_read_only, ",
            "@@global.gtid_mode AS gtid_mode, @@global.gtid_executed AS gtid_executed; ",
            "SHOW REPLICA STATUS; ",
            $binlog
        )
    };
}

/// Everything in one round trip: three statements, three sets of rows. From 8.2 on.
pub(super) const QUESTION: &str = question!("SHOW BINARY LOG STATUS");
/// The same before 8.2.
pub(super) const QUESTION_BEFORE_8_2: &str = question!("SHOW MASTER STATUS");

/// Longest GTID set taken, bytes: those of a thousand servers, or three thousand gaps; the sets of real servers are of
/// some hundreds. It is remembered several times over. A longer one is not refused, for a server that has grown
/// too many gaps is no failed server: it counts as saying none, and its place in the binary log is asked instead.
const LONGEST_SET: usize = 64 << 10;

/// The facts in the three sets of rows. Errors: something is missing, or is not what it should be.
pub(super) fn facts(sets: &Sets<'_>, round_trip: Duration) -> Result<Facts, Odd> {
    let server = &sets.server;
    // With anything but ON some transactions have no GTID: a set that is covered would prove nothing.
    let complete = server.text("gtid_mode")? == "ON";
    Ok(Facts {
        server_id: server.parsed("server_id")?,
        version: shorten(server.text("version")?),
        read_only: server.on("read_only")? || server.on("super_read_only")?,
        position: Position {
            gtid: gtids(server, "gtid_executed", complete)?,
            binlog: sets.end_of_binlog()?,
            uuid: Some(server.parsed("server_uuid")?),
            ..Position::default()
        },
        channels: sets.channels.iter().map(|row| channel(row, complete)).collect::<Result<_, _>>()?,
        round_trip,
    })
}

fn channel(row: &Fields<'_>, complete: bool) -> Result<Channel, Odd> {
    Ok(Channel {
        name: shorten(row.text("Channel_Name")?),
        source_host: shorten(row.text("Source_Host")?),
        source_port: row.parsed("Source_Port")?,
        source_id: row.parsed("Source_Server_Id")?,
        io: row.thread("Replica_IO_Running", "Last_IO_Errno", "Last_IO_Error")?,
        sql: row.thread("Replica_SQL_Running", "Last_SQL_Errno", "Last_SQL_Error")?,
        lag: row.parsed_optional("Seconds_Behind_Source")?.map(Duration::from_secs),
        received: row.coordinate("Source_Log_File", "Read_Source_Log_Pos")?,
        executed: row.coordinate("Relay_Source_Log_File", "Exec_Source_Log_Pos")?,
        received_gtid: gtids(row, "Retrieved_Gtid_Set", complete)?,
    })
}

fn gtids(row: &Fields<'_>, name: &str, complete: bool) -> Result<Gtids, Odd> {
    let text = row.whole(name)?;
    match complete && text.len() <= LONGEST_SET {
        true => Ok(Gtids::Set(GtidSet::parse(text)?)),
        false => Ok(Gtids::default()),
    }
}
