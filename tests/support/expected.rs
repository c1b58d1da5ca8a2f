//! Files with the whole of what is expected.

use std::env;
use std::fs;
use std::path::Path;

/// How what was found for `case` differs from a file, if it does. With MPP_BLESS=1 the file is written anew: then read the
/// difference.
pub fn differs(case: &Path, file: &Path, found: &str) -> Option<String> {
    if env::var_os("MPP_BLESS").is_some() {
        fs::write(file, found).expect("written");
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    (found != expected).then(|| format!("{}\n--- expected\n{expected}--- found\n{found}", case.display()))
}
