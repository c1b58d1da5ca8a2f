//! A desk to write fragments for keepalived at: a configuration, and a folder to render into.

use super::agent::program;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

/// A folder with a configuration, and one to render into.
pub struct Desk {
    pub folder: TempDir,
}

impl Desk {
    /// Over a pool of two nodes; `keepalived` ends the file.
    pub fn new(keepalived: &str) -> Desk {
        let desk = Desk { folder: TempDir::new().expect("a folder") };
        fs::create_dir(desk.dir()).expect("a folder");
        desk.configure(keepalived);
        desk
    }

    pub fn configure(&self, keepalived: &str) {
        let pool = "monitor: { user: mpp }\npools:\n  - name: db\n    nodes:\n";
        let nodes = "      - { name: db1, address: \"10.0.0.1:3306\" }\n      - { name: db2, address: \"10.0.0.2:3306\" }\n";
        fs::write(self.config(), format!("{pool}{nodes}{keepalived}")).expect("written");
    }

    pub fn config(&self) -> PathBuf {
        self.folder.path().join("mpp.yaml")
    }

    pub fn dir(&self) -> PathBuf {
        self.folder.path().join("etc")
    }

    pub fn render(&self, args: &[&str]) -> Output {
        self.keepalived("render", args)
    }

    /// Against the fragment that is rendered into its folder.
    pub fn diff(&self) -> Output {
        self.keepalived("diff", &[self.dir().join("mpp.conf").to_str().expect("a path")])
    }

    fn keepalived(&self, command: &str, args: &[&str]) -> Output {
        let mut mpp = Command::new(program("mpp"));
        mpp.arg("--config").arg(self.config()).args(["keepalived", command]).args(args);
        mpp.output().expect("mpp ran")
    }

    pub fn render_into_dir(&self) -> Output {
        self.render(&["--dir", self.dir().to_str().expect("a path")])
    }

    pub fn written(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.dir())
            .expect("the folder")
            .flatten()
            .map(|e| e.file_name().into_string().expect("a name"))
            .collect();
        names.sort();
        names
    }
}

/// One virtual server, for the keepalived of this machine.
pub const ONE: &str = r#"
keepalived:
  script_user: root
  check_path: /usr/bin/true
  virtual_servers:
    - { name: rw, pool: db, role: rw, address: "192.168.2.1:3306" }
"#;

pub fn out(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// How it ended, and what it said of it.
pub fn refusal(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}
