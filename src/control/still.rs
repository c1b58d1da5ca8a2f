//! A pool's look without what moves all the time: two of these are equal as long as there is no news.

use super::status::{Checkpoint, Flag, Node, Pool, Trouble};
use crate::core::words::Status;

/// The same pool, as far as a change of it is worth telling: without times, ages, measured values and numbers in words.
pub fn still(pool: &Pool) -> Pool {
    let mut pool = pool.clone();
    // By the clock on the wall, which is set now and then; the epoch tells another reign.
    pool.active_since = None;
    quieten(&mut pool.waits_for);
    pool.pause.iter_mut().for_each(still_flag);
    pool.isolation.iter_mut().for_each(|isolation| isolation.since.clear());
    pool.nodes.iter_mut().for_each(still_node);
    pool.checkpoints.iter_mut().for_each(still_checkpoint);
    pool.troubles.iter_mut().for_each(still_trouble);
    for virtual_server in &mut pool.virtual_servers {
        virtual_server.faults.iter_mut().for_each(|words| *words = without_numbers(words));
        virtual_server.real_servers.iter_mut().for_each(|real| real.connections = None);
    }
    pool
}

fn still_node(node: &mut Node) {
    (node.last_request, node.lag_s, node.round_trip_ms) = (None, None, None);
    node.req = still_req(node.req, &node.status);
    node.message = without_numbers(&node.message);
    node.drain.iter_mut().for_each(|drain| still_flag(&mut drain.flag));
}

/// What has failed fails on, with every question.
fn still_req(req: u32, status: &str) -> u32 {
    if status == Status::Fail.word() { 1 } else { req }
}

fn still_checkpoint(checkpoint: &mut Checkpoint) {
    checkpoint.last_request = None;
    checkpoint.req = still_req(checkpoint.req, &checkpoint.status);
    checkpoint.message = without_numbers(&checkpoint.message);
}

fn still_trouble(trouble: &mut Trouble) {
    trouble.words = without_numbers(&trouble.words);
    quieten(&mut trouble.help);
}

fn still_flag(flag: &mut Flag) {
    flag.age_s = 0.0;
    flag.left_s = flag.left_s.map(|_| 0.0);
}

fn quieten(words: &mut Option<String>) {
    *words = words.take().map(|words| without_numbers(&words));
}

/// `lag 41.5s on db1` becomes `lag s on db1`: a number that belongs to a name stays.
fn without_numbers(words: &str) -> String {
    let mut still = String::with_capacity(words.len());
    let mut number = false;
    for c in words.chars() {
        let in_name = still.ends_with(|before: char| before.is_alphanumeric() || before == '_');
        number = if c.is_ascii_digit() { number || !in_name } else { number && c == '.' };
        if !number {
            still.push(c);
        }
    }
    still
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(state: &str, message: &str, lag_s: f64) -> Pool {
        let (state, message) = (state.into(), message.into());
        let node = Node { name: "db1".into(), state, message, lag_s: Some(lag_s), ..Node::default() };
        Pool { name: "db".into(), nodes: vec![node], ..Pool::default() }
    }

    #[test]
    fn what_moves_all_the_time_is_no_news_and_everything_else_is() {
        let before = still(&pool("STANDBY", "lag 1.5s", 1.5));
        assert_eq!(before, still(&pool("STANDBY", "lag 12s", 12.0)));
        let failing = |status: &str, req| {
            let mut pool = pool("ACTIVE", "refused", 0.0);
            pool.nodes.iter_mut().for_each(|node| (node.status, node.req) = (status.into(), req));
            still(&pool)
        };
        assert_eq!(failing("FAIL", 4), failing("FAIL", 5));
        assert_ne!(failing("OK WARN", 2), failing("OK WARN", 3));
        assert_ne!(before, still(&pool("ACTIVE", "lag 1.5s", 1.5)));
        assert_ne!(before, still(&pool("STANDBY", "SQL thread has stopped", 1.5)));
    }

    #[test]
    fn numbers_go_and_names_keep_theirs() {
        let words = |words| without_numbers(words);
        assert_eq!(words("db1 is 41.5s behind, of 3"), "db1 is s behind, of ");
        assert_eq!(words("db_2: errno 111"), "db_2: errno ");
        assert_eq!(words(""), "");
    }
}
