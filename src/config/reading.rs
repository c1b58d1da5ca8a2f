//! One reading of a file: where it lies, and the faults and warnings found so far, by place.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::fault::{Fault, TOLD};
use super::locate::Locator;
use super::resolve::Resolver;

/// A place in the tree: the way down by position in each list or map, and whether its key is meant.
///
/// Places sort as they stand in the file: a key before its value, a value before what is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    pub(super) steps: Vec<usize>,
    pub(super) value: bool,
}

impl Place {
    /// The whole document.
    pub(super) fn root() -> Place {
        Place { steps: Vec::new(), value: true }
    }

    /// The `index`th item or entry.
    pub(super) fn child(&self, index: usize) -> Place {
        let mut steps = self.steps.clone();
        steps.push(index);
        Place { steps, value: true }
    }

    /// The key this value belongs to.
    pub(super) fn key(&self) -> Place {
        Place { steps: self.steps.clone(), value: false }
    }
}

/// Something to tell; `first` is another place it speaks of, whose line ends the text.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Note {
    place: Place,
    text: String,
    first: Option<Place>,
}

/// The first notes in the order of the file, and how many there were beyond them.
#[derive(Debug, Default)]
struct Notes {
    list: BTreeSet<Note>,
    dropped: usize,
}

impl Notes {
    fn add(&mut self, note: Note) {
        self.list.insert(note);
        if self.list.len() > TOLD {
            self.list.pop_last();
            self.dropped += 1;
        }
    }

    fn told(self, file: &str, text: &Locator<'_>) -> Vec<Fault> {
        let mut told: Vec<Fault> = self.list.into_iter().map(|note| note.told(file, text)).collect();
        // An alias is located at its anchor, which is not where the tree has it.
        told.sort_by_key(|fault| (fault.position.is_none(), fault.position));
        told
    }
}

impl Note {
    fn told(self, file: &str, text: &Locator<'_>) -> Fault {
        let mut words = self.text;
        if let Some(first) = self.first.and_then(|first| text.find(&first)) {
            words.push_str(&format!("; the first is in line {}", first.line));
        }
        Fault { file: file.to_owned(), position: text.find(&self.place), text: words }
    }
}

/// What a reading has come to: see the module.
#[derive(Debug)]
pub(super) struct Reading {
    /// The file's folder: what relative paths in it start from.
    pub(super) folder: PathBuf,
    /// Host names met so far.
    pub(super) resolver: Resolver,
    faults: RefCell<Notes>,
    warnings: RefCell<Notes>,
}

impl Reading {
    /// A reading of a file that lies in `folder`.
    pub(super) fn of(folder: &Path) -> Reading {
        Reading {
            folder: folder.to_owned(),
            resolver: Resolver::default(),
            faults: RefCell::default(),
            warnings: RefCell::default(),
        }
    }

    /// Notes a fault.
    pub(super) fn fault(&self, place: Place, text: String, first: Option<Place>) {
        self.faults.borrow_mut().add(Note { place, text, first });
    }

    /// How many faults there are so far.
    pub(super) fn faults(&self) -> usize {
        let faults = self.faults.borrow();
        faults.list.len() + faults.dropped
    }

    /// Notes a warning: the file is taken all the same.
    pub(super) fn warn(&self, place: Place, text: String) {
        self.warnings.borrow_mut().add(Note { place, text, first: None });
    }

    /// Faults, how many more, and warnings: each with its position in `text`.
    pub(super) fn result(self, file: &str, text: &str) -> (Vec<Fault>, usize, Vec<Fault>) {
        let faults = self.faults.into_inner();
        let more = faults.dropped;
        let text = &Locator::of(text);
        (faults.told(file, text), more, self.warnings.into_inner().told(file, text))
    }
}
