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
    /// Its user name, or `uid 1000` if it has none, or is not looked up yet.
    pub name: String,
}

impl Peer {
    /// The peer of a connection; `None` if the kernel will not say. Looks no name up: that may take time.
    pub fn of(stream: &UnixStream) -> Option<Peer> {
        let credentials = getsockopt(stream, PeerCredentials).ok()?;
        let (uid, gid) = (credentials.uid(), credentials.gid());
        Some(Peer { uid, gid, name: format!("uid {uid}") })
    }

    /// With its name.
    pub fn named(self) -> Peer {
        match User::from_uid(Uid::from_raw(self.uid)) {
            Ok(Some(user)) => Peer { name: user.name, ..self },
            _ => self,
        }
    }

    /// Root, or the daemon's own user.
    pub fn is_trusted(&self) -> bool {
        self.uid == 0 || self.uid == geteuid().as_raw()
    }

    /// Root, the daemon's own user, and members of the control group may change things.
    pub fn may_change(&self, control_group: &str) -> bool {
        self.is_trusted() || self.is_in(control_group)
    }

    fn is_in(&self, group: &str) -> bool {
        let group = Group::from_name(group).ok().flatten();
        group.is_some_and(|g| g.gid.as_raw() == self.gid || g.mem.contains(&self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(uid: u32, gid: u32) -> Peer {
        Peer { uid, gid, name: format!("uid {uid}") }
    }

    #[test]
    fn root_ourselves_and_the_group_may_change_things_and_nobody_else() {
        let stranger = 4_000_000_000;
        let group = Group::from_gid(0.into()).expect("the group database").expect("the group 0");
        assert!(peer(0, 4_000_000_000).may_change("no such group"));
        assert!(peer(geteuid().as_raw(), stranger).may_change("no such group"));
        assert!(peer(stranger, 0).may_change(&group.name));
        assert!(!peer(stranger, stranger).may_change(&group.name));
        assert!(!peer(stranger, 0).may_change("no such group"));
    }
}
