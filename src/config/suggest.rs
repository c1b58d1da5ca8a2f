//! The word an operator probably meant.

/// The word nearest to `found`, if it is near enough to be meant: case and `-` for `_` do not count.
pub(crate) fn nearest<'w>(found: &str, words: &[&'w str]) -> Option<&'w str> {
    if found.chars().count() > 32 {
        return None;
    }
    let plain = |word: &str| word.to_lowercase().replace('-', "_");
    let found = plain(found);
    words
        .iter()
        .map(|word| (distance(&found, &plain(word)), *word))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, word)| *distance <= word.len().div_ceil(3))
        .map(|(_, word)| word)
}

/// Insertions, deletions, replacements and swaps of neighbours from one word to the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 { i + j } else { step(&rows, &a, &b, i, j) };
        }
    }
    rows[a.len()][b.len()]
}

fn step(rows: &[Vec<usize>], a: &[char], b: &[char], i: usize, j: usize) -> usize {
    let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
    let best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
    let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
    if swapped { best.min(rows[i - 2][j - 2] + 1) } else { best }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_keyboard_is_understood() {
        let words = ["address", "name", "weight", "failover_at"];
        let cases =
            [("adress", "address"), ("nmae", "name"), ("Weight", "weight"), ("failover-at", "failover_at")];
        for (found, meant) in cases {
            assert_eq!(nearest(found, &words), Some(meant), "{found}");
        }
    }

    #[test]
    fn another_word_is_not_taken_for_a_slip() {
        for found in ["colour", "", &"address".repeat(9)] {
            assert_eq!(nearest(found, &["address", "name"]), None, "{found}");
        }
    }
}
