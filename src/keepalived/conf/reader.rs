//! Reads file after file, line after line.

use super::comment::decomment;
use super::define::{Definitions, Substituted, definition, left_over};
use super::files::{Files, Unread};
use super::repeat::repeat;
use super::tree::{Builder, Place};
use super::trouble::Why;
use super::{Conf, words};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// keepalived's buffer for a line, without the byte at its end.
const LONGEST: usize = 1023;
/// Files inside files, lines inside lines; at most.
const DEEPEST: usize = 16;

/// How much is read at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Files.
    pub files: usize,
    /// Bytes of all files together.
    pub bytes: usize,
    /// Lines, each time one is expanded counted again.
    pub lines: usize,
}

impl Default for Limits {
    /// Enough for every node of the largest `mpp.yaml` behind three virtual servers.
    fn default() -> Limits {
        Limits { files: 1_000, bytes: 64 << 20, lines: 2_000_000 }
    }
}

/// Reads a configuration. `id` is keepalived's `--config-id`: lines for others are left out.
///
/// # Errors
/// The file itself can't be read. What is wrong inside, or with files it includes, is in [`Conf::trouble`].
pub fn read(path: &Path, id: &str, files: &dyn Files, limits: Limits) -> Result<Conf, Unread> {
    let text = files.read(path, limits.bytes)?;
    let mut reader = Reader {
        files,
        id,
        left: Limits { files: limits.files, bytes: limits.bytes - text.len(), ..limits },
        limits,
        definitions: Definitions::default(),
        builder: Builder::default(),
        open: Vec::new(),
    };
    let end = reader.file(path, &text);
    let (statements, trouble) = reader.builder.end(&end);
    Ok(Conf { statements, trouble })
}

/// A definition of several lines, as far as it is read: its name and its lines.
type Gathered = (String, Vec<String>);

struct Reader<'r> {
    files: &'r dyn Files,
    id: &'r str,
    limits: Limits,
    left: Limits,
    definitions: Definitions,
    builder: Builder,
    /// The files being read, the first first.
    open: Vec<PathBuf>,
}

impl Reader<'_> {
    /// Reads the lines of a file; the place of its last one.
    fn file(&mut self, path: &Path, text: &str) -> Place {
        self.open.push(path.to_owned());
        self.surroundings(path);
        let mut place = Place { file: Arc::from(path.to_string_lossy()), line: 1 };
        let mut gathered = None;
        for (i, line) in text.lines().enumerate() {
            place.line = i + 1;
            if line.len() > LONGEST {
                self.builder.note(&place, Why::LongLine(line.len()));
                continue;
            }
            let (line, quoted, continues) = decomment(line);
            if quoted {
                self.builder.note(&place, Why::Quote);
            }
            self.physical(line, continues, &mut gathered, &place);
        }
        self.open.pop();
        place
    }

    /// A line of a file: one more of a definition, the first of a definition, or any other.
    fn physical(&mut self, line: String, continues: bool, gathered: &mut Option<Gathered>, place: &Place) {
        if let Some((_, lines)) = gathered {
            lines.extend(Some(line).filter(|line| !line.is_empty()));
        } else if let (Some((name, value)), true) = (definition(&line), continues) {
            let first = Some(value.to_owned()).filter(|value| !value.is_empty());
            *gathered = Some((name.to_owned(), first.into_iter().collect()));
        } else {
            self.line(if continues { line + "\\" } else { line }, place, 0);
        }
        if let Some((name, lines)) = gathered.take_if(|_| !continues) {
            self.definitions.set(&name, if lines.is_empty() { vec![String::new()] } else { lines });
        }
    }

    /// The parameters that keepalived defines itself.
    fn surroundings(&mut self, path: &Path) {
        let folder = path.parent().unwrap_or(Path::new("")).to_string_lossy().into_owned();
        let fixed =
            [("_PWD", &*folder), ("_INSTANCE", self.id), ("_RANDOM", "0"), ("_HASH", "#"), ("_BANG", "!")];
        for (name, value) in fixed {
            self.definitions.set(name, vec![value.to_owned()]);
        }
    }

    /// Reads a line without its comment, until nothing in it stands for something else.
    fn line(&mut self, mut text: String, place: &Place, depth: usize) {
        loop {
            if !self.may_go_on(place, &text, depth) {
                return;
            }
            match condition(&text, self.id) {
                Some(None) => return,
                Some(Some(line)) => text = line.to_owned(),
                None => {}
            }
            if let Some((name, value)) = definition(&text) {
                return self.definitions.set(name, vec![value.to_owned()]);
            }
            if text.starts_with('~') {
                return self.repeat(&text, place, depth);
            }
            match self.definitions.substitute(&text) {
                Substituted::Same => match self.meaning(&text, place) {
                    Some(rest) => text = rest,
                    None => return,
                },
                Substituted::Line(line) => text = line.trim().to_owned(),
                Substituted::Lines(lines) => {
                    return lines.into_iter().for_each(|line| self.line(line, place, depth + 1));
                }
            }
        }
    }

    /// Keeps the bounds; says once which one is reached.
    fn may_go_on(&mut self, place: &Place, text: &str, depth: usize) -> bool {
        let why = match self.left.lines {
            0 => return false,
            1 => Why::Lines(self.limits.lines),
            _ if depth > DEEPEST => Why::Deep,
            _ if text.len() > LONGEST => Why::LongLine(text.len()),
            _ => {
                self.left.lines -= 1;
                return !text.is_empty();
            }
        };
        self.left.lines -= 1;
        self.builder.note(place, why);
        false
    }

    fn repeat(&mut self, text: &str, place: &Place, depth: usize) {
        let Some(repeat) = repeat(text) else {
            let head = text.split_inclusive(')').next().unwrap_or(text).chars().take(80).collect();
            return self.builder.note(place, Why::Repeat(head));
        };
        for values in repeat.values {
            if self.left.lines == 0 {
                return;
            }
            for (name, value) in repeat.names.iter().zip(values) {
                self.definitions.set(name, vec![value]);
            }
            self.line(repeat.line.to_owned(), place, depth + 1);
        }
    }

    /// A line in which nothing stands for something else. Whatever follows a brace is a line of its own: returned.
    fn meaning(&mut self, text: &str, place: &Place) -> Option<String> {
        if let [include, pattern] = &words(text)[..]
            && let "include" | "includer" | "includem" | "includew" | "includeb" | "includea" = &include[..]
        {
            self.include(pattern, place);
            return None;
        }
        let (statement, rest) = text.split_at(brace(text).unwrap_or(text.len()));
        if !statement.is_empty() {
            if let Some(name) = left_over(statement) {
                self.builder.note(place, Why::Undefined(name.chars().take(80).collect()));
            }
            self.builder.statement(statement.trim_end(), place);
            return Some(rest.to_owned());
        }
        let after = rest.strip_prefix('{').or_else(|| rest.strip_prefix('}'))?;
        if rest.starts_with('{') {
            self.builder.open(place)
        } else {
            self.builder.close(place)
        }
        Some(after.trim_start().to_owned())
    }

    fn include(&mut self, pattern: &str, place: &Place) {
        let folder = self.open.last().and_then(|path| path.parent()).unwrap_or(Path::new(""));
        let found = self.files.matching(&folder.join(pattern));
        if found.is_empty() {
            self.builder.note(place, Why::NoFile(pattern.to_owned()));
        }
        for path in found {
            match self.included(&path) {
                Ok(text) => {
                    self.file(&path, &text);
                    let includer = self.open.last().cloned().unwrap_or_default();
                    self.surroundings(&includer);
                }
                Err(why) => self.builder.note(place, why),
            }
        }
    }

    /// The text of a file that is included, within the bounds.
    fn included(&mut self, path: &Path) -> Result<String, Why> {
        if self.open.iter().any(|open| open == path) {
            return Err(Why::Cycle(path.display().to_string()));
        }
        if self.open.len() == DEEPEST {
            return Err(Why::Deep);
        }
        self.left.files = self.left.files.checked_sub(1).ok_or(Why::Files)?;
        let text = self.files.read(path, self.left.bytes).map_err(|e| match e {
            Unread::Large(_) => Why::Files,
            other => Why::Skipped(format!("{}: {other}", path.display())),
        })?;
        self.left.bytes -= text.len().min(self.left.bytes);
        Ok(text)
    }
}

/// Where the first brace outside of quotes is.
fn brace(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.bytes().position(|c| {
        quoted ^= c == b'"';
        !quoted && (c == b'{' || c == b'}')
    })
}

/// A line that is only for some: `@ID line`, or `@^ID line` for all others. `Some(None)`: not for us.
fn condition<'t>(text: &'t str, id: &str) -> Option<Option<&'t str>> {
    let (wanted, line) = text.strip_prefix('@')?.split_once([' ', '\t']).unwrap_or_default();
    let ours = match wanted.strip_prefix('^') {
        Some(not) => not != id,
        None => wanted == id,
    };
    Some((ours && !line.is_empty()).then(|| line.trim_start()))
}
