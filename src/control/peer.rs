//! Who is at the other end of the socket, by the kernel's word.

use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use nix::unistd::{Group, Uid, User, geteuid};
use std::os::unix::net::UnixStream;

/// A peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its user id.
    pub uid: u32,
    /// Its group id.
    pub gid: u32,
    /// Its user name, or `uid 1000` if it has none.
    pub name: String,
}

impl Peer {
    /// The peer of a connection; `None` if the kernel will not say.
    pub fn of(stream: &UnixStream) -> Option<Peer> {
        let credentials = getsockopt(stream, PeerCredentials).ok()?;
        let uid = credentials.uid();
        let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
        let name = user.map_or_else(|| format!("uid {uid}"), |u| u.name);
        Some(Peer { uid, gid: credentials.gid(), name })
    }

    /// Root, the daemon's own user, and members of the control group may change things.
    pub fn may_change(&self, control_group: &str) -> bool {
        self.uid == 0 || self.uid == geteuid().as_raw() || self.is_in(control_group)
    }

    fn is_in(&self, group: &str) -> bool {
        let group = Group::from_name(group).ok().flatten();
        group.is_some_and(|g| g.gid.as_raw() == self.gid || g.mem.contains(&self.name))
    }
}
