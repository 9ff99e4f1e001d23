/// "did you mean", where one of the words is close to the wrong one.
pub(crate) fn did_you_mean<'a>(
    wrong: &str,
    words: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let limit = (wrong.chars().count() / 3).clamp(1, 4);
    let fold = |word: &str| word.to_lowercase().replace('_', "-");
    words
        .into_iter()
        .map(|word| (distance(&fold(wrong), &fold(word)), word))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| format!("did you mean `{word}`?"))
}

/// `expected …`, with all words.
pub(crate) fn expected<'a>(words: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.as_slice() {
        [] => None,
        [one] => Some(format!("expected {one}")),
        [most @ .., last] => Some(format!("expected {} or {last}", most.join(", "))),
    }
}

/// Edits of one character, or swaps of two neighbours, that turn one word into the other.
fn distance(one: &str, other: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best =
                (rows[i - 1][j - 1] + change).min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_suggested_and_far_ones_are_not() {
        let words = ["await", "await-signal", "disconnect", "internalMessage"];
        for (wrong, suggestion) in [
            ("awiat", Some("await")),
            ("await_signal", Some("await-signal")),
            ("internalmessage", Some("internalMessage")),
            ("disconect", Some("disconnect")),
            ("frok", None),
        ] {
            let expected = suggestion.map(|word| format!("did you mean `{word}`?"));
            assert_eq!(did_you_mean(wrong, words), expected, "{wrong}");
        }
    }
}
