//! The patterns of `include`: `*`, `?`, `[a-z]` and `{one,other}`, as in a shell.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// So many files at most; the rest is left out.
const MOST: usize = 1_000;

/// The files that a pattern means, sorted; a part that begins with a dot must be asked for with one.
pub(super) fn matching(pattern: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for pattern in braces(&pattern.to_string_lossy()) {
        let mut paths = vec![PathBuf::new()];
        for component in Path::new(&pattern).components() {
            paths = paths.iter().flat_map(|path| below(path, component)).take(MOST).collect();
        }
        found.extend(paths.into_iter().filter(|path| path.exists() && !path.is_dir()));
    }
    found.truncate(MOST);
    found
}

fn below(path: &Path, component: Component<'_>) -> Vec<PathBuf> {
    let name = component.as_os_str().to_string_lossy();
    if !name.contains(['*', '?', '[']) {
        return vec![path.join(component)];
    }
    let folder = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(10 * MOST);
    let mut names: Vec<String> = entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|found| (name.starts_with('.') || !found.starts_with('.')) && matches(&name, found));
    names.sort();
    names.iter().map(|found| path.join(found)).collect()
}

/// Whether a name is of a pattern's form.
fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    // Which beginnings of the pattern the name so far may be of.
    let mut reached = vec![false; pattern.len() + 1];
    reached[0] = true;
    over_stars(&pattern, &mut reached);
    for c in name.chars() {
        let mut next = vec![false; pattern.len() + 1];
        for at in (0..pattern.len()).filter(|at| reached[*at]) {
            if let Some(after) = step(&pattern, at, c) {
                next[after] = true;
            }
        }
        over_stars(&pattern, &mut next);
        reached = next;
    }
    reached[pattern.len()]
}

/// A star may stand for nothing.
fn over_stars(pattern: &[char], reached: &mut [bool]) {
    for at in 0..pattern.len() {
        reached[at + 1] |= reached[at] && pattern[at] == '*';
    }
}

/// Where the pattern goes on after a character.
fn step(pattern: &[char], at: usize, c: char) -> Option<usize> {
    match pattern[at] {
        '*' => Some(at),
        '?' => Some(at + 1),
        '[' => match pattern[at..].iter().skip(2).position(|p| *p == ']') {
            Some(end) => in_set(&pattern[at + 1..at + 2 + end], c).then_some(at + end + 3),
            None => (c == '[').then_some(at + 1),
        },
        p => (p == c).then_some(at + 1),
    }
}

/// Whether a character is in `a-z_` or not in `!a-z_`.
fn in_set(set: &[char], c: char) -> bool {
    let (negative, set) = match set {
        ['!' | '^', rest @ ..] if !rest.is_empty() => (true, rest),
        _ => (false, set),
    };
    let range = |w: &[char]| matches!(w, [from, '-', to] if (*from..=*to).contains(&c));
    (set.contains(&c) || set.windows(3).any(range)) != negative
}

/// `a{b,c}d` as `abd` and `acd`, the first braces first; at most `MOST`.
fn braces(pattern: &str) -> Vec<String> {
    let (mut done, mut left) = (Vec::new(), vec![pattern.to_owned()]);
    while let Some(pattern) = left.pop() {
        match split(&pattern) {
            Some((before, choices, after)) if done.len() + left.len() < MOST => {
                left.extend(choices.iter().rev().map(|choice| format!("{before}{choice}{after}")));
            }
            _ => done.push(pattern),
        }
    }
    done
}

/// The innermost of the first braces: they hold no others.
fn split(pattern: &str) -> Option<(&str, Vec<&str>, &str)> {
    let close = pattern.find('}')?;
    let open = pattern[..close].rfind('{')?;
    Some((&pattern[..open], pattern[open + 1..close].split(',').collect(), &pattern[close + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_a_shell() {
        let cases = [
            ("*.conf", "a.conf", true),
            ("*.conf", ".conf", true),
            ("*.conf", "a.conf~", false),
            ("a?c", "abc", true),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[]x", "[]x", true),
            ("*a*b*c*", "xxaxxbxxcxx", true),
            ("*a*b*c*", "xxaxxcxxbxx", false),
            ("", "", true),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn braces_stand_for_each_of_their_choices() {
        assert_eq!(braces("a{b,c}{d,}"), ["abd", "ab", "acd", "ac"]);
        assert_eq!(braces("{x{y,z},w}"), ["xy", "w", "xz", "w"]);
        assert_eq!(braces("a}b{c"), ["a}b{c"]);
    }
}
