//! The file as written: a tree that keeps the order of the keys, also of those given twice, within bounds.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Visitor};

use super::fault::Position;
use super::locate::{position, second_document};

/// How deep lists and maps may be nested: twice what any key needs, and some.
const MAX_DEPTH: usize = 16;
/// What all values may cost, each its length and 8: twice what the largest sensible file needs. Aliases count in
/// full wherever they stand, which is what stops an alias bomb.
const MAX_COST: usize = 16 << 20;
/// The YAML scanner takes quadratic time in unclosed brackets: how many may be open, and be there in all.
const MAX_OPEN: (usize, usize) = (200, 50_000);

const TOO_MANY: &str = "too many values; an alias (*name) counts as all it stands for: write it out";

/// A value as written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

impl Tree {
    /// As a fault names it: a scalar in quotes, shortened.
    pub(super) fn shown(&self) -> String {
        match self {
            Tree::Null => "nothing".to_owned(),
            Tree::List(_) => "a list".to_owned(),
            Tree::Map(_) => "a set of keys".to_owned(),
            scalar => quoted(&scalar.scalar().unwrap_or_default()),
        }
    }

    /// A scalar's text.
    fn scalar(&self) -> Option<String> {
        match self {
            Tree::Null => Some("null".to_owned()),
            Tree::Bool(b) => Some(b.to_string()),
            Tree::Integer(n) => Some(n.to_string()),
            Tree::Float(x) => Some(x.to_string()),
            Tree::Text(text) => Some(text.clone()),
            Tree::List(_) | Tree::Map(_) => None,
        }
    }
}

/// A text in double quotes, on one line, of at most 60 characters.
pub(super) fn quoted(text: &str) -> String {
    let dots = if text.chars().count() > 60 { "..." } else { "" };
    let short: String = text.chars().take(60).collect();
    format!("\"{}{dots}\"", short.escape_debug().to_string().replace("\\'", "'").replace("\\\"", "\""))
}

/// The tree of a text of exactly one document; else what is wrong with it, and where.
pub(super) fn parse(text: &str) -> Result<Tree, (Option<Position>, String)> {
    brackets(text)?;
    let bounds = Bounds { left: Cell::new(MAX_COST), refusal: RefCell::new(None) };
    let mut documents = serde_yaml::Deserializer::from_str(text);
    let tree = match documents.next() {
        Some(document) => Grow { bounds: &bounds, depth: 0, key: false }.deserialize(document),
        None => Ok(Tree::Null),
    };
    let tree = tree.map_err(|e| (position(&e), bounds.refusal.take().unwrap_or_else(|| syntax(&e))))?;
    match documents.next() {
        Some(_) => {
            Err((second_document(text), "a second document begins; a file holds one: remove \"---\"".into()))
        }
        None if tree == Tree::Null => {
            Err((None, "the file is empty; it needs at least monitor and pools".into()))
        }
        None => Ok(tree),
    }
}

fn brackets(text: &str) -> Result<(), (Option<Position>, String)> {
    let (mut open, mut total) = (0usize, 0usize);
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => (open, total) = (open + 1, total + 1),
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        if open > MAX_OPEN.0 || total > MAX_OPEN.1 {
            let (open, total) = MAX_OPEN;
            return Err((
                None,
                format!("more than {open} brackets open at once, or {total} in all: not a configuration"),
            ));
        }
    }
    Ok(())
}

fn syntax(error: &serde_yaml::Error) -> String {
    let text = error.to_string();
    if text == "repetition limit exceeded" {
        return TOO_MANY.to_owned();
    }
    // The position stands before the text already.
    let end = text.find(" at line ").unwrap_or(text.len());
    format!(
        "not YAML: {}; indent with spaces, not tabs, and quote values that contain any of : # [ ] {{ }} * & !",
        &text[..end]
    )
}

/// What may still be read, and why it was refused when yaml's own words are not the reason.
struct Bounds {
    left: Cell<usize>,
    refusal: RefCell<Option<String>>,
}

/// Builds one value.
#[derive(Clone, Copy)]
struct Grow<'b> {
    bounds: &'b Bounds,
    depth: usize,
    key: bool,
}

impl Grow<'_> {
    fn refuse<E: Error>(self, why: &str) -> E {
        self.bounds.refusal.replace(Some(why.to_owned()));
        E::custom(why)
    }

    fn pay<E: Error>(self, length: usize) -> Result<(), E> {
        match self.bounds.left.get().checked_sub(length + 8) {
            Some(left) => self.bounds.left.set(left),
            None => {
                return Err(self.refuse(TOO_MANY));
            }
        }
        Ok(())
    }

    fn scalar<E: Error>(self, value: Tree) -> Result<Tree, E> {
        self.pay(0).map(|()| value)
    }

    fn deeper<E: Error>(self) -> Result<Self, E> {
        self.pay(0)?;
        if self.key {
            return Err(self.refuse("a key must be a word"));
        }
        if self.depth == MAX_DEPTH {
            return Err(self.refuse(&format!("nested deeper than {MAX_DEPTH} levels: not a configuration")));
        }
        Ok(Grow { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Grow<'_> {
    type Value = Tree;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Grow<'_> {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Tree, E> {
        self.scalar(Tree::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Tree, E> {
        self.scalar(Tree::Null)
    }

    fn visit_bool<E: Error>(self, b: bool) -> Result<Tree, E> {
        self.scalar(Tree::Bool(b))
    }

    fn visit_u64<E: Error>(self, n: u64) -> Result<Tree, E> {
        self.scalar(Tree::Integer(n.into()))
    }

    fn visit_i64<E: Error>(self, n: i64) -> Result<Tree, E> {
        self.scalar(Tree::Integer(n.into()))
    }

    fn visit_i128<E: Error>(self, n: i128) -> Result<Tree, E> {
        self.scalar(Tree::Integer(n))
    }

    fn visit_u128<E: Error>(self, n: u128) -> Result<Tree, E> {
        self.visit_str(&n.to_string())
    }

    fn visit_f64<E: Error>(self, x: f64) -> Result<Tree, E> {
        self.scalar(Tree::Float(x))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Tree, E> {
        self.pay(text.len()).map(|()| Tree::Text(text.to_owned()))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _: A) -> Result<Tree, A::Error> {
        Err(self.refuse("a tag (!name) means nothing here: remove it"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let inner = self.deeper()?;
        let mut map = Vec::new();
        while let Some(key) = entries.next_key_seed(Grow { key: true, ..inner })? {
            map.push((key.scalar().unwrap_or_default(), entries.next_value_seed(inner)?));
        }
        Ok(Tree::Map(map))
    }
}
