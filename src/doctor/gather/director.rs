//! What makes this machine a director: keepalived, its files, the kernel.

use super::files::{account, look as look_at, text};
use super::modules;
use crate::config::Settings;
use crate::doctor::kernel::SWITCHES;
use crate::doctor::machine_facts::{Agent, Director};
use crate::keepalived::check::{Report, check};
use crate::keepalived::program::Program;
use crate::keepalived::track;
use nix::ifaddrs::getifaddrs;
use nix::sys::socket::SockaddrStorage;
use std::fs;
use std::net::IpAddr;
use std::path::Path;

/// keepalived's configuration.
const FOLDER: &str = "/etc/keepalived";
/// So many files of it are looked at.
const FILES: usize = 100;

/// `None` where neither our settings nor keepalived's configuration has anything to do with virtual servers of ours.
pub(super) fn look(settings: &Settings, agent: &Agent) -> Option<Director> {
    let written = configuration(Path::new(FOLDER));
    let ours = |text: &String| text.contains("mpp-check");
    let keepalived = &settings.keepalived;
    if keepalived.virtual_servers.is_empty() && !written.as_ref().is_some_and(ours) {
        return None;
    }
    let by_hand = written.as_deref().and_then(script_user).filter(|_| keepalived.virtual_servers.is_empty());
    let script_user = by_hand.unwrap_or(&keepalived.script_user);
    let schedulers = keepalived.virtual_servers.iter().map(|vs| vs.scheduler.as_str());
    Some(Director {
        virtual_servers: keepalived.virtual_servers.clone(),
        keepalived: Program::find().and_then(|program| program.version()),
        conf: checked(settings),
        script_user: (script_user.to_owned(), account(script_user)),
        check: look_at(&keepalived.check_path),
        state: look_at(&settings.runtime_dir.join("state")),
        track: look_at(&track::directory(&settings.runtime_dir)),
        agent: agent.account.clone(),
        ip_vs: modules::ip_vs(),
        missing_schedulers: modules::missing_schedulers(schedulers),
        sysctls: modules::sysctls(&SWITCHES),
        addresses: addresses(),
    })
}

fn checked(settings: &Settings) -> Option<Result<Report, String>> {
    let path = Path::new(FOLDER).join("keepalived.conf");
    let checked = || check(&path, None, Some(settings)).map_err(|why| format!("{}: {why}", path.display()));
    path.exists().then(checked)
}

/// `script_user NAME`.
fn script_user(text: &str) -> Option<&str> {
    let mut words = text.split_whitespace().skip_while(|word| *word != "script_user");
    words.nth(1)
}

/// All of keepalived's configuration without comments: the folder's `*.conf`, and those of folders in it. `None`: none can
/// be read.
fn configuration(folder: &Path) -> Option<String> {
    let entries =
        |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let below =
        entries(folder).filter(|path| path.is_dir()).flat_map(|path| entries(&path).collect::<Vec<_>>());
    let files = entries(folder)
        .chain(below)
        .filter(|path| path.extension().is_some_and(|is| is == "conf"))
        .take(FILES);
    let texts: Vec<String> = files.filter_map(text).collect();
    let is_comment = |line: &&str| line.trim_start().starts_with(['#', '!']);
    let lines = texts.iter().flat_map(|text| text.lines()).filter(|line| !is_comment(line));
    (!texts.is_empty()).then(|| lines.collect::<Vec<_>>().join("\n"))
}

fn addresses() -> Vec<(IpAddr, u8)> {
    let ip = |address: &SockaddrStorage| -> Option<IpAddr> {
        let v4 = address.as_sockaddr_in().map(|v4| v4.ip().into());
        v4.or_else(|| address.as_sockaddr_in6().map(|v6| v6.ip().into()))
    };
    let length = |mask: IpAddr| match mask {
        IpAddr::V4(mask) => mask.to_bits().count_ones() as u8,
        IpAddr::V6(mask) => mask.to_bits().count_ones() as u8,
    };
    let all = getifaddrs().into_iter().flatten();
    all.filter_map(|own| Some((ip(&own.address?)?, own.netmask.as_ref().and_then(ip).map_or(32, length))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_of_keepalived_do_not_count() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("conf.d")).expect("a folder in it");
        fs::write(folder.path().join("keepalived.conf"), "# mpp-check\n! enable_script_security\n")
            .expect("written");
        fs::write(folder.path().join("conf.d/db.conf"), "misc_path mpp-check\n").expect("written");
        fs::write(folder.path().join("keepalived.conf.sample"), "enable_script_security\n").expect("written");
        let text = configuration(folder.path()).expect("a text");
        assert_eq!(text, "misc_path mpp-check");
        assert_eq!(configuration(Path::new("/nowhere")), None);
        assert_eq!(script_user("global_defs { script_user check group }"), Some("check"));
    }
}
