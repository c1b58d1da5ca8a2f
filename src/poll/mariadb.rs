//! The question in MariaDB's words, and how its answer reads. Understood by MariaDB 10.5 and later.

use super::failure::shorten;
use super::fields::{Fields, Odd, Sets};
use crate::core::observation::{Channel, Facts};
use crate::core::position::{Domains, Gtids, Position, parse_written};
use crate::core::time::Duration;

/// Everything in one round trip: three statements, three sets of rows.
pub(super) const QUESTION: &str = "SELECT @@global.server_id AS server_id, @@version AS version, \
     @@global.read_only AS read_only, @@global.gtid_binlog_pos AS gtid_binlog_pos, \
     @@global.gtid_slave_pos AS gtid_slave_pos, @@global.gtid_binlog_state AS gtid_binlog_state; \
     SHOW ALL SLAVES STATUS; SHOW MASTER STATUS";

/// The facts in the three sets of rows. Errors: something is missing, or is not what it should be.
pub(super) fn facts(sets: &Sets<'_>, round_trip: Duration) -> Result<Facts, Odd> {
    let server = &sets.server;
    Ok(Facts {
        server_id: server.parsed("server_id")?,
        version: shorten(server.text("version")?),
        // 12.0 made it a word with shades.
        read_only: server.on("read_only")?,
        position: Position {
            gtid: domains(server, "gtid_binlog_pos")?.union(&domains(server, "gtid_slave_pos")?).into(),
            binlog: sets.end_of_binlog()?,
            written: parse_written(server.text("gtid_binlog_state")?)?,
            uuid: None,
        },
        channels: sets.channels.iter().map(channel).collect::<Result<_, _>>()?,
        round_trip,
    })
}

fn channel(row: &Fields<'_>) -> Result<Channel, Odd> {
    let with_gtid = row.text("Using_Gtid")? != "No";
    Ok(Channel {
        name: shorten(row.text("Connection_name")?),
        source_host: shorten(row.text("Master_Host")?),
        source_port: row.parsed("Master_Port")?,
        source_id: row.parsed("Master_Server_Id")?,
        io: row.thread("Slave_IO_Running", "Last_IO_Errno", "Last_IO_Error")?,
        sql: row.thread("Slave_SQL_Running", "Last_SQL_Errno", "Last_SQL_Error")?,
        lag: row.parsed_optional("Seconds_Behind_Master")?.map(Duration::from_secs),
        received: row.coordinate("Master_Log_File", "Read_Master_Log_Pos")?,
        executed: row.coordinate("Relay_Master_Log_File", "Exec_Master_Log_Pos")?,
        received_gtid: if with_gtid { domains(row, "Gtid_IO_Pos")?.into() } else { Gtids::default() },
    })
}

fn domains(row: &Fields<'_>, name: &str) -> Result<Domains, Odd> {
    Ok(Domains::parse(row.text(name)?)?)
}
