//! The words of a line, and the arguments of a script.

/// Splits at white space; what stands between two `"` is one word.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => rest.split_at(rest.find([' ', '\t', '"']).unwrap_or(rest.len())),
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    words
}

/// The program and its arguments, as keepalived will run them, of a line such as `misc_path "/bin/check a 'b c'"`; and
/// what else stands on the line, which is no argument. `None` if the quotes are not closed or there is no program.
pub fn script(text: &str) -> Option<(Vec<String>, Vec<String>)> {
    let mut words = unquoted(text)?.into_iter().skip(1);
    let arguments = unquoted(&words.next()?)?;
    (!arguments.is_empty()).then(|| (arguments, words.collect()))
}

/// Splits at white space as a shell does: `"` and `'` keep words together, `\` takes the next character as it is.
fn unquoted(text: &str) -> Option<Vec<String>> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match (quote, c) {
            (_, '\\') => word.get_or_insert_default().push(escaped(characters.next()?)),
            (Some(end), c) if end == c => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ' | '\t') => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

/// What `\c` stands for. The numeric forms are left as they are: no path and no name is written with them.
fn escaped(c: char) -> char {
    match c {
        'a' => '\x07',
        'b' => '\x08',
        'E' => '\x1b',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_words_together() {
        assert_eq!(words(r#" a "b c" d"e"f	g"#), ["a", "b c", "d", "e", "f", "g"]);
        assert_eq!(words(r#"a "b c"#), ["a", "b c"]);
        assert!(words(" ").is_empty());
    }

    #[test]
    fn only_quoted_arguments_reach_the_program() {
        let cases: [(&str, &[&str], &[&str]); 4] = [
            (r#"script "/bin/x a 'b c'""#, &["/bin/x", "a", "b c"], &[]),
            ("script '/bin/x a'", &["/bin/x", "a"], &[]),
            ("script /bin/x a b", &["/bin/x"], &["a", "b"]),
            (r"script /bin/x\ y", &["/bin/x", "y"], &[]),
        ];
        for (text, arguments, lost) in cases {
            let (found, rest) = script(text).expect(text);
            assert_eq!(
                (&found[..], &rest[..]),
                (&arguments.map_strings()[..], &lost.map_strings()[..]),
                "{text}"
            );
        }
        assert_eq!(script("script \"/bin/x"), None);
        assert_eq!(script("script"), None);
    }

    trait Strings {
        fn map_strings(&self) -> Vec<String>;
    }

    impl Strings for &[&str] {
        fn map_strings(&self) -> Vec<String> {
            self.iter().map(ToString::to_string).collect()
        }
    }
}
