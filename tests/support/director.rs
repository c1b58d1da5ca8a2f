//! A director on which all is well, as `mpp keepalived check` sees it.

use mpp::keepalived::lint::{Component, Machine, Program, User, Watched};
use std::path::Path;

/// The machine that was looked at, with all that is looked for, as it should be.
pub fn sound(mut machine: Machine) -> Machine {
    machine.sysctls =
        ["net.ipv4.vs.expire_nodest_conn", "net.ipv4.vs.expire_quiescent_template", "net.ipv4.ip_forward"]
            .map(|name| (name.to_owned(), 1))
            .into();
    machine.users.values_mut().for_each(|user| *user = Some(User { uid: 990, gid: 990 }));
    for (path, program) in &mut machine.programs {
        let component = |path: &Path| Component { path: path.to_owned(), uid: 0, gid: 0, mode: 0o040_755 };
        let mut components: Vec<Component> = path.ancestors().map(component).collect();
        components[0].mode = 0o100_755;
        components.reverse();
        *program = Program::Found(components);
    }
    machine.watched.values_mut().for_each(|watched| *watched = Watched::Text("0\n".into()));
    machine
}
