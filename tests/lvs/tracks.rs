//! The files that tell keepalived at once what mppd has published, written by the test in mppd's stead.

use super::conf::VirtualServer;
use crate::support::Background;
use mpp::state::{NodeRecord, Role, Snapshot, Verdict};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

/// How often it looks whether something has changed.
const LOOK: Duration = Duration::from_millis(2);

/// Writes `<virtual server>:<node>:down` and `<virtual server>:<node>:weight-1` in a folder; goes on after mppd's death.
pub struct Tracks(#[allow(dead_code, reason = "it is there to be dropped")] Background<()>);

impl Tracks {
    /// Begins with what is published now, in a folder that is not there yet.
    pub fn start(state: &Path, folder: &Path, virtual_servers: &[VirtualServer]) -> Tracks {
        fs::create_dir_all(folder).expect("the folder");
        let mut files = Files { folder: folder.to_owned(), written: HashMap::new() };
        let (state, virtual_servers) = (state.to_owned(), virtual_servers.to_owned());
        files.follow(&state, &virtual_servers);
        Tracks(Background::start(move |stop| {
            while !stop.load(Ordering::Relaxed) {
                files.follow(&state, &virtual_servers);
                thread::sleep(LOOK);
            }
        }))
    }
}

struct Files {
    folder: PathBuf,
    written: HashMap<String, String>,
}

impl Files {
    /// Who goes DOWN does so before anybody comes UP.
    fn follow(&mut self, state: &Path, virtual_servers: &[VirtualServer]) {
        let Ok(snapshot) = Snapshot::read(state) else { return };
        let nodes = &snapshot.pool("db").expect("the pool").record.nodes;
        for up in [false, true] {
            for vs in virtual_servers {
                let of = |(node, record): (_, &NodeRecord)| (node, verdict(record, vs.role));
                for ((node, _), verdict) in vs.named_nodes().zip(nodes).map(of).filter(|(_, v)| v.up == up) {
                    // The weight of who is DOWN is nobody's business: 0 would be loaded before it is gone.
                    if up {
                        self.write(format!("{}:{node}:weight-1", vs.name()), i32::from(verdict.weight) - 1);
                    }
                    self.write(format!("{}:{node}:down", vs.name()), i32::from(!up));
                }
            }
        }
    }

    /// Under another name first: whoever reads it finds the whole.
    fn write(&mut self, name: String, value: i32) {
        let text = value.to_string();
        if self.written.get(&name) == Some(&text) {
            return;
        }
        let new = self.folder.join(format!(".{name}.new"));
        fs::write(&new, &text).expect("written");
        fs::rename(new, self.folder.join(&name)).expect("renamed");
        self.written.insert(name, text);
    }
}

fn verdict(record: &NodeRecord, role: Role) -> Verdict {
    match role {
        Role::Rw => record.rw,
        Role::Ro => record.ro,
        Role::Geo => record.geo,
    }
}
