//! The definitions of docs/nagios.md, checked by those who read them: Nagios 4 and Icinga 2.

mod support;

use nix::unistd::{Group, Uid, User};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::agent::{nodes, program};
use support::{Agent, Use, pair_master_master};

/// What stands in the page under this mark.
fn blocks(mark: &str) -> String {
    let page = include_str!("../docs/nagios.md");
    let begin = format!("\n```cfg {mark}\n");
    let blocks: Vec<&str> =
        page.split(&begin).skip(1).filter_map(|rest| rest.split("\n```").next()).collect();
    assert!(!blocks.is_empty(), "no {mark} in the page");
    blocks.join("\n") + "\n"
}

/// The folder with the monitors; fetched, if they are not there.
fn monitors() -> PathBuf {
    let program = env::current_exe().expect("our own path");
    let folder = program.ancestors().nth(3).expect("a build directory").join("monitors");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/fetch-monitors.sh");
    let fetched = Command::new(script).arg(&folder).status().expect("a shell");
    assert!(fetched.success(), "no monitors in {}", folder.display());
    folder
}

/// Our own user and group: both would become somebody else, who may not even exist.
fn ourselves() -> (String, String) {
    let user = User::from_uid(Uid::current()).ok().flatten().expect("our own user");
    let group = Group::from_gid(user.gid).ok().flatten().expect("our own group");
    (user.name, group.name)
}

#[track_caller]
fn accepts(command: &mut Command, words: &str) {
    let output = command.output().expect("it ran");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    println!("{said}");
    assert!(output.status.success() && said.contains(words), "{said}");
}

/// What every Nagios has of its own.
const SITE: &str = "
define timeperiod {
 timeperiod_name 24x7
 alias always
 monday 00:00-24:00
}
define contact {
 contact_name night
 host_notifications_enabled 0
 service_notifications_enabled 0
 host_notification_period 24x7
 service_notification_period 24x7
 host_notification_commands none
 service_notification_commands none
}
define command {
 command_name none
 command_line /bin/true
}
define host {
 host_name director1
 address 192.0.2.11
 max_check_attempts 3
 check_period 24x7
 notification_period 24x7
 contacts night
}
define service {
 name generic-service
 register 0
 check_period 24x7
 notification_period 24x7
 contacts night
}
";

#[test]
fn nagios_takes_the_definitions_of_the_page() {
    let dir = tempfile::tempdir().expect("a directory");
    let at = |name: &str| dir.path().join(name);
    fs::write(at("objects.cfg"), blocks("nagios") + SITE).expect("written");
    fs::write(at("resource.cfg"), "$USER1$=/usr/lib/nagios/plugins\n").expect("written");
    let (here, (user, group)) = (dir.path().display(), ourselves());
    let main = format!(
        "nagios_user={user}\nnagios_group={group}\ncfg_file={here}/objects.cfg\nresource_file={here}/resource.cfg\nlog_file={here}/log\n\
         check_result_path={here}\ntemp_path={here}\ntemp_file={here}/tmp\nlock_file={here}/lock\n\
         command_file={here}/cmd\nstatus_file={here}/status\nobject_cache_file={here}/cache\n\
         precached_object_file={here}/precache\nstate_retention_file={here}/retention\n"
    );
    fs::write(at("nagios.cfg"), main).expect("written");
    let nagios = monitors().join("nagios4");
    accepts(Command::new(nagios).arg("-v").arg(at("nagios.cfg")), "Total Errors:   0");
}

#[test]
fn icinga_takes_the_definitions_of_the_page() {
    let (dir, monitors) = (tempfile::tempdir().expect("a directory"), monitors());
    let at = |name: &str| dir.path().join(name);
    let site = format!(
        "const NodeName = \"monitor\"\nconst ZoneName = \"master\"\ninclude <itl>\n\
         object Endpoint NodeName {{}}\nobject Zone ZoneName {{ endpoints = [ NodeName ] }}\n\
         object Endpoint \"director1\" {{}}\n\
         object Zone \"director1\" {{ endpoints = [ \"director1\" ], parent = ZoneName }}\n\
         include_zones \"etc\", \"{}\"\n",
        at("zones.d").display()
    );
    fs::write(at("icinga2.conf"), site).expect("written");
    fs::create_dir_all(at("zones.d/master")).expect("a directory");
    fs::write(at("zones.d/master/mpp.conf"), blocks("icinga2")).expect("written");
    let mut icinga = Command::new(monitors.join("icinga2"));
    icinga.args(["daemon", "-C", "-x", "information", "-c"]).arg(at("icinga2.conf"));
    icinga.arg("-I").arg(monitors.join("root/usr/share/icinga2/include"));
    for folder in ["ConfigDir", "DataDir", "CacheDir", "LogDir", "InitRunDir", "SpoolDir"] {
        icinga.arg("-D").arg(format!("{folder}={}", dir.path().display()));
    }
    let (user, group) = ourselves();
    icinga.arg("-D").arg(format!("RunAsUser={user}")).arg("-D").arg(format!("RunAsGroup={group}"));
    accepts(&mut icinga, "Instantiated 2 Services");
}

#[test]
fn the_commands_of_the_page_are_understood() {
    let servers = pair_master_master(Use::Gtid);
    let agent = Agent::start(&nodes(&servers), "");
    agent.wait_active("db1");
    let lines = blocks("nrpe");
    for line in lines.lines() {
        let (_, args) = line.split_once("=/usr/bin/mpp ").expect("a command");
        let mut mpp = Command::new(program("mpp"));
        let output = mpp.arg("--config").arg(agent.config()).args(args.split(' ')).output().expect("mpp ran");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.code() != Some(3) && said.contains("db1 ACTIVE"), "{line}: {said}");
    }
}
