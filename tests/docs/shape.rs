//! What a line of output is, times and durations aside: these differ from run to run.

/// Whether the output is what the page shows. There `[..]` is anything within a line, and a line `...` any lines.
pub fn fits(shown: &str, output: &str) -> bool {
    let (shown, output): (Vec<&str>, Vec<&str>) = (shown.lines().collect(), output.lines().collect());
    lines_fit(&shown, &output)
}

fn lines_fit(shown: &[&str], output: &[&str]) -> bool {
    match shown {
        [] => output.is_empty(),
        ["...", rest @ ..] => (0..=output.len()).any(|skipped| lines_fit(rest, &output[skipped..])),
        [line, rest @ ..] => match output {
            [first, others @ ..] => line_fits(&shaped(line), &shaped(first)) && lines_fit(rest, others),
            [] => false,
        },
    }
}

fn line_fits(shown: &str, line: &str) -> bool {
    match shown.split_once("[..]") {
        None => shown == line,
        Some((head, tail)) => line.strip_prefix(head).is_some_and(|rest| {
            rest.char_indices().any(|(at, _)| line_fits(tail, &rest[at..])) || tail.is_empty()
        }),
    }
}

/// Spaces are one, times and durations are words.
fn shaped(line: &str) -> String {
    line.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

fn word(word: &str) -> String {
    let core = word.trim_matches(|c: char| c.is_ascii_punctuation());
    let (before, after) = word.split_once(core).unwrap_or((word, ""));
    match core {
        "" => word.to_owned(),
        _ if is_time(core) => format!("{before}TIME{after}"),
        _ if is_duration(core) => format!("{before}DURATION{after}"),
        _ => word.to_owned(),
    }
}

/// `2026-11-24`, `06:11:33`, `06:11:33.151`.
fn is_time(word: &str) -> bool {
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit() || c == '.');
    let parts = |by| word.split(by).filter(|part| digits(part) && !part.is_empty()).count();
    (parts(':') == 3 && word.matches(':').count() == 2) || (word.len() == 10 && parts('-') == 3)
}

/// `204ms`, `2.0s`, `1m30s`.
fn is_duration(word: &str) -> bool {
    let mut rest = word;
    while !rest.is_empty() {
        let number = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let Some(unit) = ["ms", "s", "m", "h", "d"].into_iter().find(|unit| number.starts_with(unit)) else {
            return false;
        };
        if number.len() == rest.len() {
            return false;
        }
        rest = &number[unit.len()..];
    }
    true
}

#[test]
fn times_and_durations_may_differ_and_nothing_else() {
    assert!(fits("06:11:33.151 alert  after 2.0s (7s)", "17:00:00.001 alert after 36ms (1m30s)"));
    assert!(!fits("db1 has 100 rows", "db1 has 99 rows"));
    assert!(!fits("epoch=1", "epoch=2"));
    assert!(fits("a [..] c", "a b b c") && !fits("a [..] c", "a b b d"));
    assert!(fits("...\nb\n...", "a\na\nb") && !fits("...\nb", "a\nb\nc"));
}
