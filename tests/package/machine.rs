//! A throwaway root as a director: packages at hand, a configuration over real servers.

use crate::support::accounts::MONITOR_PASSWORD;
use crate::support::agent::nodes;
use crate::support::{Root, Server, wait_until};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Generous: a busy machine is no fault.
pub(crate) const BOUND: Duration = Duration::from_secs(60);

/// The package that `make test-deb` has built.
pub(crate) fn package() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/package/test");
    let found = fs::read_dir(&folder).into_iter().flatten().flatten().map(|e| e.path());
    let packages: Vec<PathBuf> = found.filter(|p| p.extension().is_some_and(|e| e == "deb")).collect();
    match &packages[..] {
        [one] => one.clone(),
        _ => panic!("one package is wanted in {}, not {packages:?}: run make test-deb", folder.display()),
    }
}

/// A root with `/tmp/new.deb`, and with `/tmp/old.deb`: the same under a lower version, with another mpp.yaml.
pub(crate) fn boot() -> Root {
    let root = Root::boot();
    root.bring(&package(), "/tmp/new.deb");
    root.says(
        "cd /tmp && dpkg-deb -R new.deb old && sed -i 's/^Version: .*/Version: 0.0.9-1/' old/DEBIAN/control && \
         echo '# as it was shipped once' >>old/etc/mpp/mpp.yaml && \
         dpkg-deb --root-owner-group -Znone -b old old.deb && rm -r old",
    );
    root
}

/// What dpkg is run with where nobody answers it: an edited configuration stays.
pub(crate) const DPKG: &str = "dpkg --force-confdef --force-confold";

/// What an administrator does after the installation.
pub(crate) fn configure(root: &Root, servers: &[Server]) {
    root.says("install -m 640 -o root -g mpp /dev/null /etc/mpp/password");
    root.write("/etc/mpp/password", &format!("{MONITOR_PASSWORD}\n"));
    root.write("/etc/mpp/mpp.yaml", &configuration(servers));
}

/// A pool over these servers.
pub(crate) fn configuration(servers: &[Server]) -> String {
    let nodes = nodes(servers);
    let web = web(servers);
    format!(
        "# edited\nmonitor: {{ user: mpp, password_file: /etc/mpp/password }}\npools:\n  - name: db\n    nodes:\n{nodes}\
         web: {{ listen: [\"{web}\"] }}\n"
    )
}

/// Where mpp-web listens: roots share one loopback.
pub(crate) fn web(servers: &[Server]) -> String {
    format!("{}:8780", servers[0].address().ip())
}

/// Waits until verdicts are as they stay: db1 takes writes, db2 readers.
pub(crate) fn wait_until_settled(root: &Root) {
    let settled = "mpp-check rw db db1 && ! mpp-check ro db db1 2>&1 && mpp-check ro db db2";
    wait_until("db1 serves rw, db2 ro", BOUND, || root.run(settled).status.success());
}

/// The process id of mppd, as the root sees it.
pub(crate) fn pid(root: &Root) -> String {
    root.says("systemctl show --property=MainPID --value mppd").trim().to_owned()
}

/// Whether the mppd that runs is the program that is installed.
pub(crate) fn runs_what_is_installed(root: &Root) -> bool {
    root.run(&format!("test /proc/{}/exe -ef /usr/bin/mppd", pid(root))).status.success()
}
