//! The question in MariaDB's words, and how its answer reads. MySQL will have a file of its own beside this
//! one, chosen by the version the server gives, once per node.

use super::failure::{Failure, shorten};
use crate::core::observation::{Channel, Facts, Run, Thread};
use crate::core::position::{Coordinate, Gtids, Position, Written, parse_written};
use crate::core::time::Duration;
use ::mysql::{Row, Value};
use std::str::FromStr;

/// Everything in one round trip: three statements, three sets of rows. Understood by MariaDB 10.5 and later.
pub(super) const QUESTION: &str = "SELECT @@global.server_id AS server_id, @@version AS version, \
     @@global.read_only AS read_only, @@global.gtid_binlog_pos AS gtid_binlog_pos, \
     @@global.gtid_slave_pos AS gtid_slave_pos, @@global.gtid_binlog_state AS gtid_binlog_state; \
     SHOW ALL SLAVES STATUS; SHOW MASTER STATUS";

/// Longest text taken for one value, bytes: a GTID position of a thousand domains.
const LONGEST_VALUE: usize = 32 << 10;
/// Longest file name, bytes: FN_REFLEN of the servers.
const LONGEST_NAME: usize = 512;
/// Most channels of a server.
const MOST_CHANNELS: usize = 64;

/// The facts in the three sets of rows. Errors: something is missing, or is not what it should be.
pub(super) fn facts(sets: &[Vec<Row>], round_trip: Duration) -> Result<Facts, Failure> {
    let [variables, channels, binlog] = sets else {
        return Err(Failure::Unexpected(format!("answers {} sets of rows instead of 3", sets.len())));
    };
    if channels.len() > MOST_CHANNELS {
        return Err(Failure::Unexpected(format!("has {} channels, at most {MOST_CHANNELS}", channels.len())));
    }
    let server = Fields(variables.first().ok_or_else(|| missing("server_id"))?);
    let server_id = server.parsed("server_id")?;
    Ok(Facts {
        server_id,
        version: shorten(&server.text("version")?),
        // 12.0 made it a word with shades: everything but "no" is read-only.
        read_only: !matches!(server.text("read_only")?.as_str(), "0" | "OFF"),
        position: Position {
            gtid: server.gtids("gtid_binlog_pos")?.union(&server.gtids("gtid_slave_pos")?),
            binlog: binlog.first().map(|row| Fields(row).coordinate("File", "Position")).transpose()?,
            written: written(&server.text("gtid_binlog_state")?)?,
        },
        channels: channels.iter().map(|row| channel(&Fields(row))).collect::<Result<_, _>>()?,
        round_trip,
    })
}

fn channel(row: &Fields<'_>) -> Result<Channel, Failure> {
    let lag = row.optional("Seconds_Behind_Master").map(|text| parse(&text, "Seconds_Behind_Master"));
    let with_gtid = row.text("Using_Gtid")? != "No";
    Ok(Channel {
        name: shorten(&row.text("Connection_name")?),
        source_host: shorten(&row.text("Master_Host")?),
        source_port: row.parsed("Master_Port")?,
        source_id: row.parsed("Master_Server_Id")?,
        io: row.thread("Slave_IO_Running", "Last_IO_Errno", "Last_IO_Error")?,
        sql: row.thread("Slave_SQL_Running", "Last_SQL_Errno", "Last_SQL_Error")?,
        lag: lag.transpose()?.map(Duration::from_secs),
        received: row.coordinate("Master_Log_File", "Read_Master_Log_Pos")?,
        executed: row.coordinate("Relay_Master_Log_File", "Exec_Master_Log_Pos")?,
        received_gtid: if with_gtid { row.gtids("Gtid_IO_Pos")? } else { Gtids::default() },
    })
}

/// A row by its columns' names.
struct Fields<'a>(&'a Row);

impl Fields<'_> {
    /// `None` for NULL, and for a column that is not there.
    fn optional(&self, name: &str) -> Option<String> {
        let index = self.0.columns_ref().iter().position(|c| c.name_ref() == name.as_bytes())?;
        match self.0.as_ref(index)? {
            Value::NULL => None,
            Value::Bytes(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            number => Some(number.as_sql(true)),
        }
    }

    fn text(&self, name: &str) -> Result<String, Failure> {
        let text = self.optional(name).ok_or_else(|| missing(name))?;
        bounded(text, name, LONGEST_VALUE)
    }

    fn parsed<T: FromStr>(&self, name: &str) -> Result<T, Failure> {
        parse(&self.text(name)?, name)
    }

    fn gtids(&self, name: &str) -> Result<Gtids, Failure> {
        gtids(&self.text(name)?)
    }

    fn coordinate(&self, file: &str, offset: &str) -> Result<Coordinate, Failure> {
        let name = bounded(self.text(file)?, file, LONGEST_NAME)?;
        Ok(Coordinate { file: name, offset: self.parsed(offset)? })
    }

    fn thread(&self, run: &str, number: &str, error: &str) -> Result<Thread, Failure> {
        let run = match self.text(run)?.as_str() {
            "Yes" => Run::Yes,
            "No" => Run::No,
            _ => Run::Connecting,
        };
        let number = self.parsed(number)?;
        let error = shorten(&self.text(error)?);
        Ok(Thread { run, error: (number != 0).then_some((number, error)) })
    }
}

/// What a server says is remembered and published: it must be of a size that servers say.
fn bounded(text: String, name: &str, most: usize) -> Result<String, Failure> {
    if text.len() <= most {
        return Ok(text);
    }
    Err(Failure::Unexpected(format!("answers {} bytes for {name}, at most {most}", text.len())))
}

fn gtids(text: &str) -> Result<Gtids, Failure> {
    Gtids::parse(text).map_err(|bad| Failure::Unexpected(format!("answers `{}` for a GTID", bad.0)))
}

fn written(text: &str) -> Result<Written, Failure> {
    parse_written(text).map_err(|bad| Failure::Unexpected(format!("answers `{}` for a GTID", bad.0)))
}

fn parse<T: FromStr>(text: &str, name: &str) -> Result<T, Failure> {
    text.parse().map_err(|_| Failure::Unexpected(format!("answers `{}` for {name}", shorten(text))))
}

fn missing(name: &str) -> Failure {
    Failure::Unexpected(format!("answers without {name}"))
}
