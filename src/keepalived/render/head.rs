//! The head of each file: what it is, from where, and that nobody should edit it.

use std::path::Path;

use super::page::Page;
use super::target::Target;

/// The head of the fragment.
pub(super) fn fragment(page: &mut Page, file: &Path, target: Target) {
    page.comment(&format!(
        "MPP's part of keepalived.conf, for keepalived {target}.\n\
         Made from {} by: mpp keepalived render\n\
         Do not edit it: change that file, and render it again.\n\
         \n\
         It gets into /etc/keepalived/keepalived.conf by the line:  include /etc/keepalived/mpp.conf\n\
         What a new one would change:                              mpp keepalived diff\n\
         What keepalived does with it is put in force by:          systemctl reload keepalived",
        shown(file)
    ));
}

/// The head of a file for the kernel, which belongs into `folder` and is put in force by `command`.
pub(super) fn kernel(page: &mut Page, file: &Path, folder: &str, command: &str) {
    page.comment(&format!(
        "What MPP's part of keepalived.conf wants of the kernel. It belongs into {folder}.\n\
         Made from {} by: mpp keepalived render\n\
         Do not edit it. Put in force by: {command}",
        shown(file)
    ));
}

/// A path on one line.
fn shown(file: &Path) -> String {
    file.to_string_lossy().chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}
