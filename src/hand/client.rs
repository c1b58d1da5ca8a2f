//! One write to the probe table, from the kept connection, or a fresh one, to what came of it.

use super::asked::{Asked, ask};
use super::health::Health;
use super::outcome::Outcome;
use super::probe::{Desk, Plan};
use crate::clock::now;
use crate::core::time::{Duration, Moment};
use crate::mysql::{Connection, Fault};
use crate::poll::{Dialect, Failure, Target, dialect, open};
use std::os::fd::AsFd;

/// How long a write is waited for before its connection is given up for lost, at least.
const PATIENCE: Duration = Duration::from_secs(60);

/// Writes, and keeps the connection in between.
pub(super) struct Client {
    /// Its timeout is that of a write.
    target: Target,
    /// Deadline of everything else.
    timeout: Duration,
    plan: Plan,
    kept: Option<Connection>,
    /// The server is remembered to do no TLS.
    plain: bool,
    /// How the server greeted, and in which words it is asked.
    known: Option<(String, Dialect)>,
}

impl Client {
    /// Connects to nothing yet.
    pub(super) fn new(mut target: Target, plan: Plan) -> Client {
        let timeout = std::mem::replace(&mut target.timeout, PATIENCE.max(plan.limit * 2));
        Client { target, timeout, plan, kept: None, plain: false, known: None }
    }

    /// How it is done.
    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Writes once. While the write is out `health` knows, and `desk` can cut it.
    pub(super) fn write(&mut self, health: &Health, desk: &Desk) -> Outcome {
        let (mut connection, asked) = match self.ready() {
            Ok(ready) => ready,
            Err(failure) => {
                self.plain &= !failure.answer(&self.target, false).is_offline();
                return Outcome::Unreached;
            }
        };
        if asked.read_only {
            self.kept = Some(connection);
            return Outcome::ReadOnly("the server is read-only".into());
        }
        let Ok(line) = connection.as_fd().try_clone_to_owned() else { return Outcome::Unreached };
        if !desk.take(line) {
            return Outcome::Unreached;
        }
        health.begin();
        match connection.order(&self.statement(&asked), now() + self.target.timeout) {
            Ok(()) => {
                self.kept = Some(connection);
                Outcome::Written
            }
            Err(fault) => {
                // After any other error the connection may be out of step with its answers.
                self.kept = matches!(fault, Fault::Refused(_)).then_some(connection);
                Outcome::of(&fault)
            }
        }
    }

    /// A connection whose server has just said when it is. A kept one that turns out to be closed makes room for a fresh one.
    fn ready(&mut self) -> Result<(Connection, Asked), Failure> {
        let deadline = now() + self.timeout;
        if let Some(kept) = self.kept.take() {
            match self.ask_on(kept, deadline) {
                Err(failure) if failure.is_hang_up() && now() < deadline => {}
                result => return result,
            }
        }
        let mut fresh = open(&mut self.target, &mut self.plain, deadline)?;
        self.limit_locks(&mut fresh, deadline)?;
        self.ask_on(fresh, deadline)
    }

    /// Nothing that holds a lock may keep a statement waiting on the server for longer than it is waited for here.
    fn limit_locks(&self, connection: &mut Connection, deadline: Moment) -> Result<(), Failure> {
        let longest = self.plan.limit.as_secs().max(1);
        let limits =
            format!("SET SESSION lock_wait_timeout = {longest}, innodb_lock_wait_timeout = {longest}");
        Ok(connection.order(&limits, deadline)?)
    }

    fn ask_on(
        &mut self,
        mut connection: Connection,
        deadline: Moment,
    ) -> Result<(Connection, Asked), Failure> {
        let dialect = dialect(&mut connection, &mut self.known, deadline)?;
        let asked = ask(&mut connection, dialect, self.timeout, deadline)?;
        Ok((connection, asked))
    }

    /// When it is too late there is no key, which is an error.
    fn statement(&self, asked: &Asked) -> String {
        let table = self.plan.table.replace('.', "`.`");
        format!(
            "INSERT INTO `{table}` (id, at) VALUES (IF({}, {}, NULL), UTC_TIMESTAMP(6)) \
             ON DUPLICATE KEY UPDATE at = UTC_TIMESTAMP(6)",
            asked.in_time, asked.server_id
        )
    }
}
