//! A page of the documentation: its blocks, its headings, its links.

use std::fs;
use std::path::{Path, PathBuf};

/// One Markdown file.
pub struct Page {
    /// Where it is.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// What stands between two fences.
pub struct Block {
    /// What stands behind the first fence: `yaml`, `console run`.
    pub info: String,
    /// The line of the first fence, from 1.
    pub line: usize,
    /// Every line between them, with its end.
    pub text: String,
}

/// The project's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page: README.md and its neighbours, and what is below docs/ and keepalived/.
pub fn pages() -> Vec<Page> {
    let mut paths = Vec::new();
    collect(root(), &mut paths, false);
    collect(&root().join("docs"), &mut paths, true);
    collect(&root().join("keepalived"), &mut paths, true);
    paths.sort();
    paths.into_iter().map(Page::read).collect()
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>, deeper: bool) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        match path.is_dir() {
            true if deeper => collect(&path, into, true),
            false if path.extension().is_some_and(|e| e == "md") => into.push(path),
            _ => {}
        }
    }
}

impl Page {
    /// Reads one.
    pub fn read(path: PathBuf) -> Page {
        let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Page { path, text }
    }

    /// Its path below the project's folder.
    pub fn name(&self) -> String {
        self.path.strip_prefix(root()).unwrap_or(&self.path).display().to_string()
    }

    /// Its blocks with this language, which is the first word behind the fence.
    pub fn blocks(&self, language: &str) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut open = false;
        for (n, line) in self.text.split_inclusive('\n').enumerate() {
            match (line.trim_end().strip_prefix("```"), open) {
                (Some(info), false) => {
                    blocks.push(Block { info: info.to_owned(), line: n + 1, text: String::new() });
                    open = true;
                }
                (Some(_), true) => open = false,
                (None, true) => blocks.last_mut().expect("the open one").text.push_str(line),
                (None, false) => {}
            }
        }
        assert!(!open, "{}: a block is not closed", self.name());
        blocks.retain(|block| block.info.split(' ').next() == Some(language));
        blocks
    }

    /// Its lines outside of blocks.
    pub fn prose(&self) -> impl Iterator<Item = &str> {
        let mut open = false;
        self.text.lines().filter(move |line| {
            let fence = line.starts_with("```");
            open ^= fence;
            !open && !fence
        })
    }

    /// What `#...` behind its name may lead to, as GitHub makes it of headings.
    pub fn anchors(&self) -> Vec<String> {
        let headings = self.prose().filter(|line| line.starts_with('#'));
        headings.map(|line| anchor(line.trim_start_matches('#').trim())).collect()
    }
}

/// Letters, digits, `-` and `_` stay, spaces become `-`, the rest is gone.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}
