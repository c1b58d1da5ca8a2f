//! `web` as YAML, for `mpp config show`.

use super::duration::written;
use super::show::{Line, list, text};
use super::web::Web;

/// Its keys; those without a default, where they are given.
pub(super) fn lines(web: &Web) -> Vec<Line> {
    let mut lines = vec![("listen", list(web.listen.iter().map(text)))];
    if let Some(tls) = &web.tls {
        let client_ca = tls.client_ca.as_ref().map(|path| format!(", client_ca: {}", text(path.display())));
        let (cert, key) = (text(tls.cert.display()), text(tls.key.display()));
        lines.push(("tls", format!("{{ cert: {cert}, key: {key}{} }}", client_ca.unwrap_or_default())));
    }
    lines.extend(web.token_file.as_ref().map(|path| ("token_file", text(path.display()))));
    lines.extend([
        ("open", list(web.open.iter().map(|area| area.word().to_owned()))),
        ("max_connections", web.max_connections.to_string()),
        ("max_per_address", web.max_per_address.to_string()),
        ("max_streams", web.max_streams.to_string()),
        ("idle_timeout", written(web.idle_timeout)),
    ]);
    lines
}
