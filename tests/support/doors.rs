//! Asks a pair of servers themselves, all the time, who takes writes: never both.

use super::server::Server;
use mysql::Conn;
use mysql::prelude::Queryable;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How often it looks.
const LOOK: Duration = Duration::from_millis(5);

/// Watches until ended.
pub struct Doors {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<u64, String>>,
}

/// Whether ordinary users may write to this server.
pub fn open(server: &Server) -> bool {
    ask(&mut server.admin().expect("an administrator"))
}

fn ask(conn: &mut Conn) -> bool {
    let read_only = conn.query_first::<String, _>("SELECT CAST(@@global.read_only AS CHAR)");
    matches!(read_only.expect("an answer").expect("a row").as_str(), "0" | "OFF")
}

impl Doors {
    /// Of two servers that live as long as it does; one is closed already.
    pub fn watch(servers: &[Server]) -> Doors {
        let conns = [&servers[0], &servers[1]].map(|server| server.admin().expect("an administrator"));
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        Doors { stop, thread: thread::spawn(move || look(conns, &told)) }
    }

    /// Ends it; how often the other one was found open.
    #[track_caller]
    pub fn end(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the watch").unwrap_or_else(|fault| panic!("{fault}"))
    }
}

fn look([mut first, mut second]: [Conn; 2], stop: &AtomicBool) -> Result<u64, String> {
    let (mut changes, mut last) = (0, None);
    while !stop.load(Ordering::Relaxed) {
        let was = ask(&mut first);
        let beside = ask(&mut second);
        // One that is open before and after was open when the other one answered.
        if was && beside && ask(&mut first) {
            return Err("both servers take writes".into());
        }
        let now = (was != beside).then_some(was);
        changes += u64::from(now.is_some() && last.is_some() && now != last);
        last = now.or(last);
        thread::sleep(LOOK);
    }
    Ok(changes)
}
