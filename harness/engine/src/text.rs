//! Text for people: what comes from a peer is made visible and cut before it is put anywhere.

/// The text without anything that could hide, move or colour what stands around it: control and
/// format characters, bidi overrides and noncharacters are written as `\u{..}`. Line feeds and
/// tabs are kept.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_odd(c) && !matches!(c, '\n' | '\t') {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// Like [`visible`], in one line.
pub fn line(text: &str) -> String {
    visible(text).replace('\n', "\\n").replace('\t', "\\t")
}

/// At most about `most` characters of the text in one line, the middle cut out.
pub fn short(text: &str, most: usize) -> String {
    cut(&line(text), most)
}

/// At most about `most` characters, the middle replaced by how much was cut.
pub(crate) fn cut(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let tail = most / 4;
    let head: String = text.chars().take(most - tail).collect();
    let end: String = text.chars().skip(length - tail).collect();
    format!("{head}… [{} of {length} characters cut] …{end}", length - most)
}

/// The last `most` characters, with a word on what is missing before them.
pub(crate) fn tail(text: &str, most: usize) -> String {
    let text = visible(text);
    let length = text.chars().count();
    if length <= most {
        return text;
    }
    let end: String = text.chars().skip(length - most).collect();
    format!("[the first {} of {length} characters are cut]\n{end}", length - most)
}

/// The text as a string literal, in one line.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_odd(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn is_odd(c: char) -> bool {
    c.is_control()
        || matches!(
            u32::from(c),
            // Soft hyphen, Arabic letter mark, zero-width and directional marks, separators,
            // embeddings, overrides, isolates, byte order mark, interlinear annotations.
            0xad | 0x61c | 0x180e | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f
                | 0xfeff | 0xfff9..=0xfffb | 0xfdd0..=0xfdef | 0xe0000..=0xe007f
        )
        || u32::from(c) & 0xfffe == 0xfffe
}

/// The text as part of an anchor.
pub(crate) fn slug(text: &str) -> String {
    let keep = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    text.chars().map(|c| if keep(c) { c } else { '-' }).collect()
}

/// `1 case`, `1,204 cases`.
pub fn count(number: usize, word: &str) -> String {
    format!("{} {}", grouped(number), plural(number, word))
}

/// The word in the number that goes with `number`.
pub(crate) fn plural(number: usize, word: &str) -> String {
    if number == 1 { word.to_owned() } else { format!("{word}s") }
}

/// Digits in groups of three.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `640 ms`, `12.3 s`, `4 min 07 s`.
pub(crate) fn duration(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        _ => format!("{} min {:02} s", ms / 60_000, ms % 60_000 / 1_000),
    }
}

/// Seconds since 1970 as a date in UTC.
pub(crate) fn date(seconds: u64) -> String {
    // A year that begins in March has its leap day at the end.
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, (month + 2) % 12 + 1);
    let year = era * 400 + year + u64::from(month <= 2);
    format!("{year}-{month:02}-{day:02} {:02}:{:02} UTC", of_day / 3_600, of_day % 3_600 / 60)
}

/// A command as a shell takes it.
pub(crate) fn command(words: &[String]) -> String {
    let words: Vec<String> = words
        .iter()
        .map(|word| match shlex::try_quote(word) {
            Ok(word) => word.into_owned(),
            Err(_) => quoted(word),
        })
        .collect();
    line(&words.join(" "))
}

/// Two digits for each byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_characters_are_visible() {
        assert_eq!(
            visible("a\u{1b}[31m\u{202e}b\u{fffe}\r\n"),
            "a\\u{1b}[31m\\u{202e}b\\u{fffe}\\u{d}\n"
        );
        assert_eq!(line("a\n\tb"), "a\\n\\tb");
        assert_eq!(quoted("\"\\\u{0}é"), "\"\\\"\\\\\\u{0}é\"");
    }

    #[test]
    fn long_text_says_how_much_is_cut() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut(&"ä".repeat(20), 8), "ääääää… [12 of 20 characters cut] …ää");
        assert_eq!(tail("abcdef", 2), "[the first 4 of 6 characters are cut]\nef");
    }

    #[test]
    fn numbers_are_for_people() {
        assert_eq!(count(1, "case"), "1 case");
        assert_eq!(count(1_234_567, "case"), "1,234,567 cases");
        assert_eq!(duration(999), "999 ms");
        assert_eq!(duration(61_500), "1 min 01 s");
        assert_eq!(date(0), "1970-01-01 00:00 UTC");
        assert_eq!(date(951_782_400), "2000-02-29 00:00 UTC");
        assert_eq!(date(1_795_251_240), "2026-11-21 08:54 UTC");
    }
}
