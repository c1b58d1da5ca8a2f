//! Looking into the tree: a spot knows its place and its name, a section is a spot whose keys are known.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use super::reading::{Place, Reading};
use super::suggest::nearest;
use super::tree::{Tree, quoted};

/// A value, where it stands, and what it is called: `pools[0].nodes[1].weight`.
#[derive(Clone, Debug)]
pub(super) struct Spot<'t> {
    pub(super) tree: &'t Tree,
    pub(super) place: Place,
    pub(super) name: String,
    pub(super) reading: &'t Reading,
}

impl<'t> Spot<'t> {
    /// The whole file.
    pub(super) fn root(tree: &'t Tree, reading: &'t Reading) -> Spot<'t> {
        Spot { tree, place: Place::root(), name: String::new(), reading }
    }

    /// `NAME: text`, or the text alone for the whole file.
    fn words(&self, text: &str) -> String {
        if self.name.is_empty() { text.to_owned() } else { format!("{}: {text}", self.name) }
    }

    /// Notes a fault of this value.
    pub(super) fn fault(&self, text: impl AsRef<str>) {
        self.reading.fault(self.place.clone(), self.words(text.as_ref()), None);
    }

    /// Notes a fault of this value, which stands against an earlier one.
    pub(super) fn clash(&self, text: impl AsRef<str>, first: &Place) {
        self.reading.fault(self.place.clone(), self.words(text.as_ref()), Some(first.clone()));
    }

    /// Takes down where `key` stands; if it is taken down already, that is a fault, in these words, which stands against
    /// the first.
    pub(super) fn once<K: Eq + Hash>(&self, known: &mut HashMap<K, Place>, key: K, words: impl AsRef<str>) {
        match known.get(&key) {
            Some(first) => self.clash(words, first),
            None => drop(known.insert(key, self.place.clone())),
        }
    }

    /// Notes a warning about this value.
    pub(super) fn warn(&self, text: impl AsRef<str>) {
        self.reading.warn(self.place.clone(), self.words(text.as_ref()));
    }

    /// The items of a list; anything else is a fault.
    pub(super) fn items(&self) -> Option<impl Iterator<Item = Spot<'t>> + use<'t>> {
        let Tree::List(items) = self.tree else {
            self.fault(format!(
                "{} is not a list; write one item a line, each after \"- \"",
                self.tree.shown()
            ));
            return None;
        };
        let spot = self.clone();
        Some(items.iter().enumerate().map(move |(i, tree)| Spot {
            tree,
            place: spot.place.child(i),
            name: format!("{}[{i}]", spot.name),
            reading: spot.reading,
        }))
    }

    /// The keys of this value, which are names of the operator's own, and what each stands for.
    pub(super) fn entries(&self) -> Option<Vec<(&'t str, Spot<'t>)>> {
        let Tree::Map(entries) = self.tree else {
            self.fault(format!("{} is not a set of keys; write \"NAME: value\" lines", self.tree.shown()));
            return None;
        };
        let mut first = BTreeMap::new();
        let mut found = Vec::new();
        for (i, (key, tree)) in entries.iter().enumerate() {
            let (place, name) = (self.place.child(i), format!("{}.{key}", self.name));
            let spot = Spot { tree, place, name, reading: self.reading };
            match first.insert(key, spot.place.key()) {
                Some(first) => spot.clash("is given twice; keep one", &first),
                None if *tree == Tree::Null => spot.fault("no value; give one, or remove the key"),
                None => found.push((key.as_str(), spot)),
            }
        }
        Some(found)
    }

    /// The keys of this value. Those that are not `known`, or given twice, are faults; so is anything but keys.
    pub(super) fn section(&self, known: &'static [&'static str]) -> Option<Section<'t>> {
        let Tree::Map(entries) = self.tree else {
            self.fault(format!("{} is not a set of keys; write \"key: value\" lines", self.tree.shown()));
            return None;
        };
        let mut section =
            Section { spot: self.clone(), entries, index: BTreeMap::new(), known, meant: Vec::new() };
        for (i, (key, _)) in entries.iter().enumerate() {
            section.admit(i, key);
        }
        Some(section)
    }
}

/// A set of keys.
#[derive(Debug)]
pub(super) struct Section<'t> {
    pub(super) spot: Spot<'t>,
    entries: &'t [(String, Tree)],
    index: BTreeMap<&'t str, usize>,
    known: &'static [&'static str],
    meant: Vec<&'static str>,
}

impl<'t> Section<'t> {
    fn admit(&mut self, i: usize, key: &'t str) {
        if let Some(first) = self.index.get(key) {
            let first = self.spot.place.child(*first).key();
            return self.key(i).clash(format!("the key {} is given twice; keep one", quoted(key)), &first);
        }
        self.index.insert(key, i);
        if !self.known.contains(&key) {
            let meant = nearest(key, self.known);
            self.key(i).fault(format!("unknown key {}; {}", quoted(key), self.advice(key, meant)));
            self.meant.extend(meant);
        }
    }

    /// This section, told at the `i`th key.
    fn key(&self, i: usize) -> Spot<'t> {
        Spot { place: self.spot.place.child(i).key(), ..self.spot.clone() }
    }

    fn advice(&self, key: &str, meant: Option<&str>) -> String {
        match meant {
            Some(meant) => format!("did you mean \"{meant}\"?"),
            None if key == "<<" => "merge keys are not supported: write the keys out".to_owned(),
            None => format!("known here: {}", self.known.join(", ")),
        }
    }

    /// The value of a key, if it is given.
    pub(super) fn get(&self, key: &str) -> Option<Spot<'t>> {
        debug_assert!(self.known.contains(&key), "{key} is read but not known");
        let i = *self.index.get(key)?;
        let name =
            if self.spot.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.spot.name) };
        let spot = Spot {
            tree: &self.entries[i].1,
            place: self.spot.place.child(i),
            name,
            reading: self.spot.reading,
        };
        if *spot.tree == Tree::Null {
            spot.fault("no value; give one, or remove the key");
            return None;
        }
        Some(spot)
    }

    /// Sets `target` to the value of a key, if it is given and `read` takes it.
    pub(super) fn fill<T>(&self, key: &str, target: &mut T, read: impl FnOnce(&Spot<'t>) -> Option<T>) {
        if let Some(value) = self.get(key).and_then(|spot| read(&spot)) {
            *target = value;
        }
    }

    /// The value of a key that must be given. Once told that it is misspelt, nobody need be told that it is missing.
    pub(super) fn need(&self, key: &str, advice: &str) -> Option<Spot<'t>> {
        if !self.index.contains_key(key) && !self.meant.contains(&key) {
            self.spot.fault(format!("{key} is missing; {advice}"));
        }
        self.get(key)
    }
}

/// The words for a key, or a value of one, that this version knows and refuses.
pub(super) fn unbuilt(what: &str) -> String {
    format!(
        "{what} is not built yet in mpp {}; remove it",
        concat!(env!("CARGO_PKG_VERSION_MAJOR"), ".", env!("CARGO_PKG_VERSION_MINOR"))
    )
}
