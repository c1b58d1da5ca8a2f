//! When each verdict was last asked for: `STATE.asked`, beside the published state. A word for each role of each node of
//! the nodes' directory, in its order: CLOCK_BOOTTIME in ns; 0: not since the state was made. `mppd` makes it, `mpp-check`
//! writes into it, if it may: nothing depends on that but the alert that keepalived no longer asks.

use core::ffi::CStr;

use super::verdict::Role;

/// What follows the name of the state's file.
pub const SUFFIX: &[u8] = b".asked";
/// Words of a node.
const ROLES: u64 = 3;
/// The longest path, with the zero at its end: a directory of at most 90 bytes, and a name.
const LONGEST: usize = 128;

/// Where the word for a role of node `number` is.
pub fn offset(number: u64, role: Role) -> u64 {
    let role = match role {
        Role::Rw => 0,
        Role::Ro => 1,
        Role::Geo => 2,
    };
    number.saturating_mul(ROLES).saturating_add(role).saturating_mul(8)
}

/// How long the file is for so many nodes.
pub fn len(nodes: u64) -> u64 {
    nodes * ROLES * 8
}

/// The path beside a state's, in memory of its own; `None` if that is longer than any we make.
pub struct Path([u8; LONGEST]);

impl Path {
    /// Beside this state.
    pub fn beside(state: &CStr) -> Option<Path> {
        let state = state.to_bytes();
        let mut path = [0; LONGEST];
        path.get_mut(..state.len())?.copy_from_slice(state);
        let end = state.len().checked_add(SUFFIX.len()).filter(|end| *end < LONGEST)?;
        path.get_mut(state.len()..end)?.copy_from_slice(SUFFIX);
        Some(Path(path))
    }

    /// As the kernel wants it.
    pub fn as_c_str(&self) -> Option<&CStr> {
        CStr::from_bytes_until_nul(&self.0).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_of_each_node_has_a_word_of_its_own() {
        let roles = [Role::Rw, Role::Ro, Role::Geo];
        let offsets: Vec<u64> = (0..3).flat_map(|n| roles.map(|role| offset(n, role))).collect();
        assert_eq!(offsets, (0..9).map(|word| word * 8).collect::<Vec<u64>>());
        assert_eq!(len(3), 72);
    }

    #[test]
    fn a_path_is_made_beside_the_state_or_not_at_all() {
        let path = Path::beside(c"/run/mpp/state").unwrap();
        assert_eq!(path.as_c_str(), Some(c"/run/mpp/state.asked"));
        let long = std::ffi::CString::new(vec![b'x'; LONGEST - SUFFIX.len()]).unwrap();
        assert!(Path::beside(&long).is_none());
    }
}
