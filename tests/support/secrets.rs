//! The files that a configuration of the docs or the package names, laid out elsewhere.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const FILES: [(&str, &str); 3] =
    [("password", "secret\n"), ("peer-token", "secret\n"), ("ca.pem", "-----BEGIN CERTIFICATE-----\n")];

/// The configuration with secrets and authority in `folder` in the place of `/etc/mpp`.
pub fn laid_out(text: &str, folder: &Path) -> String {
    FILES.iter().fold(text.to_owned(), |text, (name, content)| {
        let file = folder.join(name);
        fs::write(&file, content).expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("its mode");
        text.replace(&format!("/etc/mpp/{name}"), &file.display().to_string())
    })
}
