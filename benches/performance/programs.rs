//! Starting a program and waiting for its end, as keepalived does it: nothing between but the kernel.

use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, posix_spawn};
use nix::sys::wait::{WaitStatus, waitpid};
use std::ffi::CString;
use std::fs::File;
use std::os::fd::IntoRawFd;
use std::time::Instant;

/// A program with its arguments.
pub struct Program {
    name: CString,
    args: Vec<CString>,
    actions: PosixSpawnFileActions,
    attributes: PosixSpawnAttr,
}

impl Program {
    /// By its path; the first argument is its own name.
    pub fn new<S: AsRef<str>>(args: &[S]) -> Program {
        let args: Vec<CString> = args.iter().map(|a| CString::new(a.as_ref()).expect("no NUL")).collect();
        let actions = PosixSpawnFileActions::init().expect("memory");
        let attributes = PosixSpawnAttr::init().expect("memory");
        Program { name: args[0].clone(), args, actions, attributes }
    }

    /// The same; what it prints is thrown away.
    pub fn silent(mut self) -> Program {
        let null = File::options().write(true).open("/dev/null").expect("/dev/null");
        // It stays open for as long as the program may be run.
        self.actions.add_dup2(null.into_raw_fd(), 1).expect("memory");
        self
    }

    /// Runs it; its exit code.
    ///
    /// # Panics
    /// If it cannot be started, or is ended by a signal.
    pub fn run(&self) -> i32 {
        let path = c"PATH=/usr/bin:/bin";
        let pid = posix_spawn(self.name.as_c_str(), &self.actions, &self.attributes, &self.args, &[path]);
        match waitpid(pid.expect("a process"), None) {
            Ok(WaitStatus::Exited(_, code)) => code,
            other => panic!("{:?}: {other:?}", self.name),
        }
    }

    /// How long it takes from spawn to exit, microseconds.
    ///
    /// # Panics
    /// If it does not say 0.
    pub fn microseconds(&self) -> f64 {
        let began = Instant::now();
        let code = self.run();
        let took = began.elapsed();
        assert_eq!(code, 0, "{:?}", self.args);
        took.as_secs_f64() * 1e6
    }
}

/// How long each takes, `rounds` times, by turns.
pub fn by_turns(programs: &[&Program], rounds: usize) -> Vec<super::figures::Figures> {
    let mut taken: Vec<Vec<f64>> = programs.iter().map(|_| Vec::with_capacity(rounds)).collect();
    for _ in 0..rounds {
        for (program, taken) in programs.iter().zip(&mut taken) {
            taken.push(program.microseconds());
        }
    }
    taken.into_iter().map(super::figures::Figures::of).collect()
}
