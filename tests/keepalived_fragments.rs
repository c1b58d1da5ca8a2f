//! Every ready-made fragment is one that keepalived takes.

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn keepalived_takes_every_fragment() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut tried = 0;
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("keepalived");
    for entry in fs::read_dir(all).expect("the fragments").flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|e| e != "conf") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a fragment");
        // keepalived looks for the user and the program: those of this machine, which is no director.
        let text = text
            .replace("script_user mpp", "script_user root")
            .replace("/usr/bin/mpp-check", "/usr/bin/true");
        let here = dir.path().join("keepalived.conf");
        fs::write(&here, text).expect("written");
        let output = Command::new("keepalived").arg("-t").arg("-f").arg(&here).output();
        let output = output.expect("keepalived, from Debian's keepalived");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && said.is_empty(), "{}: {said}", path.display());
        tried += 1;
    }
    assert!(tried > 0);
}
