//! Why there is nothing to write.

use crate::config::Version;

/// What the settings, or the keepalived they are for, do not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderFault {
    /// Nothing is asked for.
    #[error(
        "no virtual servers are configured; write some, such as\n\
         keepalived:\n  virtual_servers:\n    - {{ name: db-rw, pool: {pool}, role: rw, address: \"192.168.2.1:3306\" }}"
    )]
    NoVirtualServers {
        /// The first pool of the file.
        pool: String,
    },
    /// The weight of a node here and elsewhere cannot differ without weight files.
    #[error(
        "virtual server {server}: node {node} has a weight of its own, which keepalived {version} cannot be told; \
         remove it, or upgrade keepalived (2.1.0 and later, but not 2.3.0 to 2.3.2)"
    )]
    OwnWeight {
        /// The virtual server's name.
        server: String,
        /// The node's.
        node: String,
        /// What it was to be written for.
        version: Version,
    },
    /// Too old for checks that are often enough.
    #[error(
        "keepalived {0} checks once a second at most; upgrade it to 2.0.13 or later, or write target_version if the \
         fragment is for another machine"
    )]
    TooOld(Version),
}
