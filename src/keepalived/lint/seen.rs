//! All that the rules look at.

use super::check::{Program, program, user};
use super::machine::{self, Machine, User};
use super::view::View;
use crate::config::Settings;
use crate::keepalived::conf::Conf;
use crate::keepalived::versions::has_file_check;

/// keepalived's own user for programs, taken where it exists and nobody says another.
pub(super) const DEFAULT_USER: &str = "keepalived_script";

/// The configuration and its surroundings.
pub(super) struct Seen<'s> {
    pub(super) conf: &'s Conf,
    pub(super) view: View<'s>,
    pub(super) machine: &'s Machine,
    /// `mpp.yaml`, where it can be read.
    pub(super) settings: Option<&'s Settings>,
}

/// Whom a program runs as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RunsAs {
    Known(User),
    /// The user does not exist.
    Nobody,
    /// It was not looked for.
    Unknown,
}

impl<'s> Seen<'s> {
    pub(super) fn is_secured(&self) -> bool {
        self.view.global("enable_script_security").is_some()
    }

    /// Whether keepalived has a FILE_CHECK that can be used; one that is not here is taken for a new one.
    pub(super) fn has_file_check(&self) -> bool {
        self.machine.version.is_none_or(has_file_check)
    }

    /// The user that is named for a program, and whether a group is too.
    pub(super) fn named_user(&self, program: &Program<'s>) -> Option<(&'s str, bool)> {
        program.user.or_else(|| user(self.view.global("script_user")?))
    }

    /// Whom a program runs as. Where nobody says, it is keepalived's default user; failing that root, unless scripts are
    /// secured.
    pub(super) fn runs_as(&self, program: &Program<'s>) -> RunsAs {
        let named = self.named_user(program);
        match (self.machine.users.get(named.map_or(DEFAULT_USER, |(user, _)| user)), named) {
            (Some(None), None) if !self.is_secured() => RunsAs::Known(User { uid: 0, gid: 0 }),
            (Some(None), _) => RunsAs::Nobody,
            // What another group may do was not looked for.
            (None, _) | (_, Some((_, true))) => RunsAs::Unknown,
            (Some(Some(user)), _) => RunsAs::Known(*user),
        }
    }

    /// Every program whose end decides something.
    pub(super) fn programs(&self) -> Vec<Program<'s>> {
        programs(&self.view)
    }

    /// What the machine says of a program.
    pub(super) fn found(&self, program: &Program<'_>) -> Option<&machine::Program> {
        self.machine.programs.get(program.path())
    }
}

/// Every program whose end decides something: of checkers, and of the scripts that instances track.
pub(super) fn programs<'c>(view: &View<'c>) -> Vec<Program<'c>> {
    let checks = view.checks().filter_map(|(_, _, check)| program(check.at, "misc_path"));
    checks.chain(view.scripts.iter().filter_map(|script| program(script, "script"))).collect()
}
