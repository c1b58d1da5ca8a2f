//! What keepalived and the kernel are given: the fragment `mpp.conf`, kernel parameters, modules. Same settings, same
//! bytes.
//!
//! - `target`: which keepalived it is for, and what that one can do
//! - `page`: lines, blocks and their indentation
//! - `head`, `globals`, `director`, `service`, `real`: the parts of the fragment, from top to bottom
//! - `pace`: how often real servers are checked
//! - `kernel`: the two files beside it
//! - `fault`: why there is nothing to write

mod director;
mod fault;
mod fragment;
mod globals;
mod head;
mod kernel;
mod pace;
mod page;
mod real;
mod service;
mod target;

pub use fault::RenderFault;
pub use fragment::fragment;
pub use kernel::{modules, sysctl};
pub use target::{Source, Target};
