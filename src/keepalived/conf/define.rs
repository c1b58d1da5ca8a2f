//! Parameters: `$NAME=VALUE`, and where `$NAME` or `${NAME}` stands later.

use std::collections::HashMap;

/// The parameters defined so far, each with the lines it stands for.
#[derive(Default)]
pub(super) struct Definitions {
    known: HashMap<String, Vec<String>>,
}

/// What became of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Substituted {
    /// It has no parameter that is defined.
    Same,
    /// It is this now.
    Line(String),
    /// These lines stand for it.
    Lines(Vec<String>),
}

impl Definitions {
    pub(super) fn set(&mut self, name: &str, lines: Vec<String>) {
        self.known.insert(name.to_owned(), lines);
    }

    /// Replaces the first parameter that is defined.
    pub(super) fn substitute(&self, text: &str) -> Substituted {
        for (at, _) in text.match_indices('$') {
            let Some((name, after)) = reference(&text[at + 1..]) else { continue };
            let before = &text[..at];
            match self.known.get(name).map(Vec::as_slice) {
                Some([only]) => return Substituted::Line(format!("{before}{only}{after}")),
                Some([first, more @ ..]) if after.is_empty() => {
                    let mut lines = vec![format!("{before}{first}")];
                    lines.extend_from_slice(more);
                    return Substituted::Lines(lines);
                }
                _ => {}
            }
        }
        Substituted::Same
    }
}

/// `$NAME=VALUE` as name and value.
pub(super) fn definition(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.strip_prefix('$')?.split_once('=')?;
    (!name.is_empty() && name_length(name) == name.len()).then(|| (name, value.trim_start()))
}

/// The first parameter in a line, outside of quotes, which is still there although it should have been replaced.
pub(super) fn left_over(text: &str) -> Option<&str> {
    let unquoted = text.split('"').step_by(2);
    unquoted
        .flat_map(|part| part.match_indices('$').map(move |(at, _)| &part[at + 1..]))
        .find_map(|rest| reference(rest).map(|(name, _)| name))
}

/// The name after a `$`, and what follows the parameter.
fn reference(rest: &str) -> Option<(&str, &str)> {
    let (name, after) = match rest.strip_prefix('{') {
        Some(braced) => braced.split_once('}')?,
        None => {
            let (name, after) = rest.split_at(name_length(rest));
            let ends = after.is_empty() || after.starts_with([' ', '\t', ',', ')']);
            ends.then_some((name, after))?
        }
    };
    // `${_RANDOM 1 6}` has its limits behind its name.
    let name = name.split(' ').next()?;
    (!name.is_empty() && name_length(name) == name.len()).then_some((name, after))
}

/// How many of the first bytes are a name.
fn name_length(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    text.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_replaced_where_they_end() {
        let mut known = Definitions::default();
        known.set("A", vec!["1".into()]);
        known.set("B", vec!["x {".into(), "}".into()]);
        let line = |text: &str| Substituted::Line(text.to_owned());
        assert_eq!(known.substitute("p $A q"), line("p 1 q"));
        assert_eq!(known.substitute("p${A}q"), line("p1q"));
        assert_eq!(known.substitute("p $AB ${A q"), Substituted::Same);
        assert_eq!(known.substitute("$A.5 ${C} $A"), line("$A.5 ${C} 1"));
        assert_eq!(known.substitute("p $B"), Substituted::Lines(vec!["p x {".into(), "}".into()]));
        assert_eq!(known.substitute("$B p"), Substituted::Same);
        assert_eq!(definition("$A= b c"), Some(("A", "b c")));
        assert_eq!(definition("$A =b"), None);
        assert_eq!(left_over(r#"a "$B" ${C}d"#), Some("C"));
    }
}
