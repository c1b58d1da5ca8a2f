//! Passwords: who may read them, and following their file.
#![cfg(feature = "daemon")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use mpp::config::{self, Password, PasswordSource};
use tempfile::TempDir;

fn secret(content: &[u8], mode: u32) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("password");
    put(&path, content, mode);
    (folder, path)
}

fn put(path: &Path, content: &[u8], mode: u32) {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn password(path: &Path) -> Password {
    Password::of(&PasswordSource::File(path.to_owned()))
}

#[test]
fn one_newline_at_the_end_is_not_part_of_it() {
    for (content, expected) in
        [("sesame", "sesame"), ("sesame\n", "sesame"), ("se same \r\n", "se same "), ("ä\n", "ä")]
    {
        let (_folder, path) = secret(content.as_bytes(), 0o640);
        assert_eq!(password(&path).current().unwrap(), expected, "{content:?}");
    }
}

#[test]
fn what_is_no_secret_or_no_password_is_refused_with_the_way_out() {
    for (content, mode, fault) in [
        (&b"sesame"[..], 0o644, "can be read by everyone (mode 0644); run chmod o= on it"),
        (b"sesame", 0o604, "can be read by everyone (mode 0604)"),
        (b"", 0o600, "is empty"),
        (b"\n", 0o600, "is empty"),
        (b"two\nlines", 0o600, "more than one line"),
        (b"two\n\n", 0o600, "more than one line"),
        (b"\xff", 0o600, "more than one line of text"),
        (&[b'x'; 4097], 0o600, "is longer than 4096 bytes"),
    ] {
        let (_folder, path) = secret(content, mode);
        let said = password(&path).current().unwrap_err().to_string();
        assert!(said.starts_with(path.to_str().unwrap()) && said.contains(fault), "{said}");
    }
}

#[test]
fn a_file_that_is_none_is_refused_at_once() {
    let (folder, path) = secret(b"x", 0o600);
    assert!(password(folder.path()).current().unwrap_err().to_string().contains("is not a file"));
    let pipe = folder.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
    assert!(password(&pipe).current().unwrap_err().to_string().contains("is not a file"));
    fs::remove_file(&path).unwrap();
    assert!(password(&path).current().unwrap_err().to_string().contains("No such file"));
}

#[test]
fn a_changed_file_is_read_again() {
    let (folder, path) = secret(b"first", 0o600);
    let mut password = password(&path);
    assert_eq!(password.current().unwrap(), "first");
    put(&path, b"later", 0o600);
    assert_eq!(password.current().unwrap(), "later");
    let next = folder.path().join("next");
    put(&next, b"moved", 0o600);
    fs::rename(&next, &path).unwrap();
    assert_eq!(password.current().unwrap(), "moved");
    put(&path, b"moved", 0o644);
    assert!(password.current().is_err());
}

#[test]
fn no_password_is_an_empty_one() {
    assert_eq!(Password::of(&PasswordSource::None).current().unwrap(), "");
}

#[test]
fn a_credential_without_systemd_says_what_to_do() {
    let said = Password::of(&PasswordSource::Credential("mpp".to_owned())).current().unwrap_err().to_string();
    assert!(said.contains("start mppd from its unit with LoadCredential=mpp:PATH"), "{said}");
}

#[test]
fn printing_it_for_debugging_does_not_print_it() {
    let (_folder, path) = secret(b"sesame", 0o600);
    let mut password = password(&path);
    password.current().unwrap();
    assert!(!format!("{password:?}").contains("sesame"));
}

#[test]
fn a_password_file_that_everyone_can_read_is_a_fault_of_the_configuration() {
    let (folder, _path) = secret(b"sesame", 0o644);
    let path = folder.path().join("mpp.yaml");
    let nodes = "[ { name: db1, address: \"10.0.0.1:3306\" } ]";
    let text = format!(
        "monitor: {{ user: mpp, password_file: password }}\npools: [ {{ name: db, nodes: {nodes} }} ]\n"
    );
    fs::write(&path, text).unwrap();
    let said = config::load(&path).unwrap_err().to_string();
    assert!(said.contains("mpp.yaml:1:38: monitor.password_file: "), "{said}");
    assert!(said.contains("can be read by everyone (mode 0644); run chmod o= on it"), "{said}");
}
