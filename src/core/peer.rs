//! Other agents that look after the same pool: what they say of it, and what follows from that here (docs/peers.md).

use super::event::Author;
use super::time::Duration;

/// What a peer says of this pool. Nodes go by name: the peer's configuration may have them in another order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Its epoch.
    pub epoch: u64,
    /// Who is ACTIVE there.
    pub active: Option<String>,
    /// It answers there, without errors, and is served as far as that is known.
    pub active_answers: bool,
    /// A planned change under way there.
    pub handover: Option<Passing>,
    /// It is cut off.
    pub isolated: bool,
    /// It has made no change since its reboot: its epoch is only a mark.
    pub fresh: bool,
    /// Of the two agents it is the one that goes first where both would do the same.
    pub leads: bool,
    /// Rises with every command of an operator: the higher one's flags are the newer ones.
    pub revision: u64,
    /// `mpp pause`.
    pub pause: Option<FlagView>,
    /// No automatic failback.
    pub failback_off: bool,
    /// Because an operator chose the ACTIVE node.
    pub chosen: bool,
    /// Too many changes.
    pub flapping: bool,
    /// At which revision that was acknowledged last.
    pub acked: u64,
    /// Its nodes, the PRIMARY first.
    pub nodes: Vec<NodeView>,
}

/// A planned change, as a peer tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passing {
    /// Was ACTIVE.
    pub from: String,
    /// Is to be.
    pub to: String,
    /// That `from` is DOWN for `rw` has reached its kernel, or has been waited for long enough.
    pub consumed: bool,
    /// It is another agent's change, which that one only follows.
    pub mirrors: bool,
    /// `from` has failed meanwhile, as that agent sees it: it looks for somebody else, for as long as that takes.
    pub failed: bool,
    /// Who asked.
    pub by: Author,
}

/// A flag, as a peer tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagView {
    /// Who set it.
    pub by: Author,
    /// For how long it was set already.
    pub age: Duration,
    /// For how long it will be; `None`: until it is taken back.
    pub left: Option<Duration>,
}

/// A node, as a peer tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeView {
    /// Its name.
    pub name: String,
    /// Where it is asked from there: `10.0.0.1:3306`.
    pub address: String,
    /// It stands at that agent's site.
    pub local: bool,
    /// It stands in a FAIL state.
    pub failed: bool,
    /// At which revision an operator recovered it last; 0: never.
    pub recovered: u64,
    /// Drained; `true`: DOWN instead of weight 0.
    pub drain: Option<(bool, FlagView)>,
}
