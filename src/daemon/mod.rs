//! Everything wired together: pollers and commands in, one decider, the published state and alerts out.
//!
//! - `start`: from the command line to the running loop, and its end
//! - `decider`: the loop; owns every pool; never waits; `round`, `reload`, `telling`: more of
//!   what it does
//! - `agenda`: which pools are to be ticked, and published
//! - `fleet`: the pools of one configuration with their pollers; `running`: one of these
//! - `checkpoints`: who asks the checkpoints, each once for all pools
//! - `hand`: what the pools have done to their servers; `orders`: which of it waits, and which is out
//! - `publish`, `memory`: pools as records of the published state, and back after a restart
//! - `persist`: what must survive a reboot, on disk
//! - `message`, `queue`: what the decider is told, through one bounded queue
//! - `answers`, `requests`, `status`, `why`: what clients of the control socket get; `follow_through`: of what takes time;
//!   `elsewhere`: of what peers make of it
//! - `events`: what happened, for clients; `board`, `following`: status as it changes
//! - `troubles`: what lasts, and is told again now and then
//! - `peers`: other agents, and what they say
//! - `late`: whether the decider was held up
//! - `lost`: pollers, of nodes and of checkpoints, that panicked
//! - `lvs`: verdicts to keepalived, and what the kernel has made of them; `lvs_status`: the same for people
//! - `lock`, `signals`, `systemd`: the surroundings

mod agenda;
mod answers;
mod board;
mod checkpoints;
mod decider;
mod elsewhere;
mod events;
mod fleet;
mod follow_through;
mod following;
mod hand;
mod late;
mod lock;
mod lost;
mod lvs;
mod lvs_status;
mod memory;
mod message;
mod orders;
mod peers;
mod persist;
mod publish;
mod queue;
mod reload;
mod requests;
mod round;
mod running;
mod signals;
mod start;
mod status;
mod systemd;
mod telling;
mod troubles;
mod why;

pub use start::mppd_main;
