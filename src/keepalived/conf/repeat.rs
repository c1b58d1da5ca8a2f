//! `~SEQ(NAME, FIRST, STEP, LAST) line` and `~LST({A, B}, {1, 2}, {3, 4}) line`: one line that stands for many.

/// What a name is set to, time after time, and the line that is read each time.
pub(super) struct Repeat<'t> {
    pub(super) names: Vec<&'t str>,
    pub(super) values: Values<'t>,
    pub(super) line: &'t str,
}

/// The values.
pub(super) enum Values<'t> {
    Numbers { next: i64, step: i64, last: i64, hex: bool },
    List(std::vec::IntoIter<Vec<&'t str>>),
}

impl Iterator for Values<'_> {
    type Item = Vec<String>;

    fn next(&mut self) -> Option<Vec<String>> {
        match self {
            Values::List(list) => list.next().map(|row| row.into_iter().map(str::to_owned).collect()),
            Values::Numbers { next, step, last, hex } => {
                let now = *next;
                let left = if *step > 0 { now <= *last } else { now >= *last };
                *next = now.saturating_add(*step);
                left.then(|| vec![if *hex { format!("{now:x}") } else { now.to_string() }])
            }
        }
    }
}

/// Understands a line that begins with `~`.
pub(super) fn repeat(text: &str) -> Option<Repeat<'_>> {
    let (head, rest) = text.split_once('(')?;
    let (inside, line) = rest.split_once(')')?;
    let fields = fields(inside)?;
    let (names, values) = fields.split_first()?;
    let names = row(names);
    let values = match head.trim_end() {
        "~SEQ" | "~SEQx" if names.len() == 1 => numbers(values, head.starts_with("~SEQx"))?,
        "~LST" if !values.is_empty() => {
            let rows: Vec<_> = values.iter().map(|field| row(field)).collect();
            rows.iter().all(|r| r.len() == names.len()).then(|| Values::List(rows.into_iter()))?
        }
        _ => return None,
    };
    Some(Repeat { names, values, line: line.trim_start() })
}

fn numbers<'t>(fields: &[&str], hex: bool) -> Option<Values<'t>> {
    let numbers: Vec<i64> = fields.iter().map(|field| number(field)).collect::<Option<_>>()?;
    let towards = |first: i64, last: i64| if first <= last { 1 } else { -1 };
    let (next, step, last) = match numbers[..] {
        [last] if last < 0 => (-1, -1, last),
        [last] => (1, 1, last),
        [first, last] => (first, towards(first, last), last),
        [first, step, last] if step != 0 => (first, step, last),
        _ => return None,
    };
    Some(Values::Numbers { next, step, last, hex })
}

fn number(text: &str) -> Option<i64> {
    match text.strip_prefix("0x") {
        Some(hex) => i64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

/// Splits at the commas that stand in no braces.
fn fields(text: &str) -> Option<Vec<&str>> {
    let (mut fields, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.checked_sub(1)?,
            ',' if depth == 0 => {
                fields.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    fields.push(text[start..].trim());
    (depth == 0).then_some(fields)
}

/// `{a, b}` as its parts; anything else is one part.
fn row(field: &str) -> Vec<&str> {
    match field.strip_prefix('{').and_then(|f| f.strip_suffix('}')) {
        Some(inside) => inside.split(',').map(str::trim).collect(),
        None => vec![field],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Option<Vec<String>> {
        repeat(text).map(|r| r.values.map(|row| row.join(" ")).collect())
    }

    #[test]
    fn sequences_and_lists_run_as_the_manual_says() {
        let cases: [(&str, &[&str]); 7] = [
            ("~SEQ(N, 2) x", &["1", "2"]),
            ("~SEQ(N, 3, 1) x", &["3", "2", "1"]),
            ("~SEQ(N, 168, 2, 172) x", &["168", "170", "172"]),
            ("~SEQx(N, 0x90, 0x10, 0xb0) x", &["90", "a0", "b0"]),
            ("~SEQ(N, 5, -1, 7) x", &[]),
            ("~LST(N, a, b) x", &["a", "b"]),
            ("~LST({A, B}, {10,1},{20,4}) x", &["10 1", "20 4"]),
        ];
        for (text, expected) in cases {
            assert_eq!(values(text).as_deref().map(|v| v.join(",")), Some(expected.join(",")), "{text}");
        }
        for text in ["~SEQ(N) x", "~SEQ(N, 1, 0, 2) x", "~SEQ N, 2 x", "~LST({A, B}, 1) x", "~FOO(N, 1) x"] {
            assert_eq!(values(text), None, "{text}");
        }
    }
}
