//! A line of a file without its comment.

/// The line without comment and without white space around it; whether a `"` is left open; whether it ends in `\`, which
/// is taken away.
pub(super) fn decomment(line: &str) -> (String, bool, bool) {
    let mut kept = String::new();
    let (mut quoted, mut continues) = (false, false);
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' if characters.as_str().is_empty() => continues = true,
            // `\#` should be no comment; but those of keepalived's processes that do the work see one.
            '\\' if !quoted && characters.as_str().starts_with(['#', '!']) => {}
            '\\' => kept.extend([c].into_iter().chain(characters.next())),
            '!' | '#' if !quoted => {
                continues = characters.as_str().ends_with('\\');
                break;
            }
            c => {
                quoted ^= c == '"';
                kept.push(c);
            }
        }
    }
    (kept.trim().to_owned(), quoted, continues)
}

#[cfg(test)]
mod tests {
    use super::decomment;

    #[test]
    fn a_comment_ends_what_is_read_unless_it_is_quoted() {
        let cases = [
            (" a b ! c", "a b", false, false),
            ("#", "", false, false),
            (r#"a "b # c" # d"#, r#"a "b # c""#, false, false),
            (r"a \# b", "a", false, false),
            (r"a \", "a", false, true),
            (r"a ! b \", "a", false, true),
            (r#"a "b"#, r#"a "b"#, true, false),
            (r"a\ b", r"a\ b", false, false),
        ];
        for (line, text, quoted, continues) in cases {
            assert_eq!(decomment(line), (text.to_owned(), quoted, continues), "{line}");
        }
    }
}
