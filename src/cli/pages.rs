//! Completions and man pages, from the command lines themselves.

use super::mpp_web::MppWebOptions;
use super::mppd::MppdOptions;
use super::options::Options;
use super::print;
use crate::exit::Exit;
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use std::fs;
use std::io;
use std::path::Path;

pub(super) fn completions(shell: Shell) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Options::command(), "mpp", &mut script);
    print::out(&String::from_utf8_lossy(&script));
    Exit::Done
}

pub(super) fn man(dir: &Path) -> Exit {
    match write_all(dir) {
        Ok(()) => Exit::Done,
        Err(e) => {
            print::err(&format!("mpp: {}: {e}", dir.display()));
            Exit::No
        }
    }
}

fn write_all(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    write(dir, &MppdOptions::command(), "mppd", "8")?;
    write(dir, &MppWebOptions::command(), "mpp-web", "8")?;
    let mut mpp = Options::command();
    mpp.build();
    write(dir, &mpp, "mpp", "8")?;
    for command in mpp.get_subcommands().filter(|c| c.get_name() != "help") {
        write(dir, command, &format!("mpp-{}", command.get_name()), "8")?;
    }
    fs::write(dir.join("mpp-check.8"), check_page())
}

/// `mpp-check` has no command line library to make its page from: its own help is the page.
fn check_page() -> String {
    let mut page =
        String::from(".TH mpp-check 8\n.SH NAME\nmpp\\-check \\- answers keepalived\n.SH DESCRIPTION\n.nf\n");
    for line in crate::check::args::HELP.lines() {
        page.push_str(&line.replace('\\', "\\\\").replace('-', "\\-"));
        page.push('\n');
    }
    page + ".fi\n"
}

fn write(dir: &Path, command: &Command, title: &str, section: &str) -> io::Result<()> {
    let page = clap_mangen::Man::new(command.clone()).title(title).section(section);
    let mut text = Vec::new();
    page.render(&mut text)?;
    fs::write(dir.join(format!("{title}.{section}")), text)
}
