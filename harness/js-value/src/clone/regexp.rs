//! RegExps as the format has them.

use crate::JsString;

/// The flags in their order, with their bits.
const FLAGS: &[(char, u32)] = &[
    ('d', 0x80),
    ('g', 0x01),
    ('i', 0x02),
    ('m', 0x04),
    ('s', 0x20),
    ('u', 0x10),
    ('v', 0x100),
    ('y', 0x08),
];

/// The bits of flags.
pub(super) fn flag_bits(flags: &str) -> u32 {
    FLAGS.iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, bit)| bit).sum()
}

/// The flags of bits; `None` if V8 takes no such.
pub(super) fn flags(bits: u32) -> Option<String> {
    let known: u32 = FLAGS.iter().map(|(_, bit)| bit).sum();
    let (unicode, unicode_sets) = (bits & 0x10 != 0, bits & 0x100 != 0);
    if bits & !known != 0 || unicode && unicode_sets {
        return None;
    }
    Some(FLAGS.iter().filter(|(_, bit)| bits & bit != 0).map(|(flag, _)| flag).collect())
}

/// The `source` of the RegExp of a pattern.
pub(super) fn source(pattern: JsString) -> JsString {
    if pattern.is_empty() {
        return "(?:)".into();
    }
    let special = |unit| matches!(unit, 0x0a | 0x0d | 0x2f | 0x2028 | 0x2029);
    if !pattern.encode_utf16().any(special) {
        return pattern;
    }
    let mut units = Vec::new();
    let (mut escaped, mut in_class) = (false, false);
    for unit in pattern.encode_utf16() {
        let character = char::from_u32(u32::from(unit));
        let escape = match character {
            Some('\n') => "n",
            Some('\r') => "r",
            Some('\u{2028}') => "u2028",
            Some('\u{2029}') => "u2029",
            Some('/') if !in_class => "/",
            _ => "",
        };
        if !escape.is_empty() && !escaped {
            units.push(u16::from(b'\\'));
        }
        match (escaped, character) {
            (false, Some('[')) => in_class = true,
            (false, Some(']')) => in_class = false,
            _ => {}
        }
        if escape.is_empty() {
            units.push(unit);
        } else {
            units.extend(escape.encode_utf16());
        }
        escaped = !escaped && character == Some('\\');
    }
    JsString::from_utf16(&units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_round_trip() {
        for text in ["", "g", "dgimsuy", "dgimsvy"] {
            assert_eq!(flags(flag_bits(text)).as_deref(), Some(text));
        }
        for bits in [0x40, 0x200, 0x110, u32::MAX] {
            assert_eq!(flags(bits), None);
        }
    }

    #[test]
    fn sources_as_node_shows_them() {
        for (pattern, expected) in [
            ("", "(?:)"),
            ("a", "a"),
            ("/", r"\/"),
            (r"\/", r"\/"),
            ("[/]/", r"[/]\/"),
            (r"\[/", r"\[\/"),
            (r"[\]/]/", r"[\]/]\/"),
            ("\n", r"\n"),
            ("\\\n", r"\n"),
            ("[\r]", r"[\r]"),
            ("(\u{2028}", r"(\u2028"),
            ("\\\u{2029}", r"\u2029"),
        ] {
            assert_eq!(source(pattern.into()), expected, "{pattern:?}");
        }
    }
}
