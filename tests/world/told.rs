//! `MPP_TRACE=1`: a history in words.

use super::{World, ms};
use mpp::core::event::{Event, Note};
use mpp::core::observation::{Answer, Channel};

impl World {
    pub(super) fn tell(&self, words: impl FnOnce() -> String) {
        if self.trace {
            eprintln!("{:>9.3} {}", ms(self.now), words());
        }
    }

    pub(super) fn tell_note(&self, note: &Note) {
        self.tell(|| {
            let node = note.node.map_or("", |n| self.pool.name(n));
            let (from, to) = (note.from.as_deref().unwrap_or(""), note.to.as_deref().unwrap_or(""));
            format!("    {node} {} {from} -> {to} req {:?}: {}", note.what.word(), note.req, note.reason)
        });
    }
}

pub(super) fn describe(event: &Event) -> String {
    let Event::Polled(node, o) = event else { return format!("{event:?}") };
    let words = match &o.answer {
        Answer::Online(f) => {
            let channels: Vec<String> = f.channels.iter().map(channel).collect();
            format!("Online gtid {} {}", f.position.gtid, channels.join(" "))
        }
        other => format!("{other:?}"),
    };
    format!("db{} (began {:.3}): {words}", node + 1, ms(o.began.0))
}

fn channel(c: &Channel) -> String {
    format!("{}/{} {:?} {}/{} {}", c.io.run, c.sql.run, c.lag, c.received, c.executed, c.received_gtid)
}
