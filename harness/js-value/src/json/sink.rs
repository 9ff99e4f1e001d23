//! A text that leaves before it is whole.

/// Where a text is written, a part at a time.
///
/// A text that is one string cannot fail any more once its first character is written. So the first
/// parts of a long one may be taken while the last are not there yet; every other text stays until
/// it is whole. `Vec<u8>` takes nothing.
pub trait Sink {
    /// What was written and not taken; the text is appended to it.
    fn buffer(&mut self) -> &mut Vec<u8>;

    /// Says that what is in the buffer may be taken. The rest of the text follows in any case: about
    /// so many bytes, for which there may as well be room at once where nothing is taken.
    fn part(&mut self, rest: usize);

    /// Whether some of the text was taken.
    fn has_left(&self) -> bool;
}

/// So much of a text is taken at once: little enough to be in the cache still when it is, and so much
/// that this costs little beside it.
pub const PART_BYTES: usize = 128 << 10;

impl Sink for Vec<u8> {
    fn buffer(&mut self) -> &mut Vec<u8> {
        self
    }

    fn part(&mut self, rest: usize) {
        self.reserve(rest);
    }

    fn has_left(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::super::{StringifyOptions, stringify, write};
    use super::*;
    use crate::{Graph, JsString, Value};

    /// Takes at most so many bytes of each part.
    #[derive(Default)]
    struct Taking {
        most: usize,
        taken: Vec<u8>,
        waiting: Vec<u8>,
        /// The most that waited.
        waited: usize,
    }

    impl Sink for Taking {
        fn buffer(&mut self) -> &mut Vec<u8> {
            &mut self.waiting
        }

        fn part(&mut self, _: usize) {
            self.waited = self.waited.max(self.waiting.len());
            let count = self.waiting.len().min(self.most);
            self.taken.extend(self.waiting.drain(..count));
        }

        fn has_left(&self) -> bool {
            !self.taken.is_empty()
        }
    }

    /// Writes a value, and answers how much of it was taken before it was whole.
    fn check(graph: &Graph, most: usize) -> usize {
        let options = StringifyOptions::default();
        let mut out = Taking { most, ..Taking::default() };
        assert_eq!(write(graph, graph.root(), &options, &mut out), Ok(true));
        let taken = out.taken.len();
        out.taken.append(&mut out.waiting);
        let text = stringify(graph, &options).unwrap().unwrap();
        assert!(out.taken == text.as_bytes(), "the text is the same");
        taken
    }

    #[test]
    fn a_long_string_leaves_in_parts() {
        for text in ["x", "é", "€", "😀", "\"\n\u{1}", "\u{2028}"] {
            for before in 0..4 {
                let count = 3 * PART_BYTES / text.len();
                let text = "y".repeat(before) + &text.repeat(count);
                let graph = Graph::from(text.as_str());
                for most in [1000, PART_BYTES, usize::MAX] {
                    let taken = check(&graph, most);
                    assert!(taken >= 2000.min(most), "{taken} of at most {most}");
                }
                assert_eq!(check(&graph, 0), 0);
            }
        }
    }

    #[test]
    fn parts_are_taken_while_they_are_small() {
        let graph = Graph::from("x".repeat(100 * PART_BYTES));
        let mut out = Taking { most: usize::MAX, ..Taking::default() };
        assert_eq!(write(&graph, graph.root(), &StringifyOptions::default(), &mut out), Ok(true));
        assert!(out.waited <= PART_BYTES + 1 && out.waiting.len() <= PART_BYTES + 1);
    }

    #[test]
    fn every_other_text_stays_until_it_is_whole() {
        let long = "x".repeat(2 * PART_BYTES);
        assert_eq!(check(&Graph::from("x".repeat(PART_BYTES)), usize::MAX), 0);
        let mut graph = Graph::default();
        let root = graph.add_object([("long", Value::from(long.as_str()))]);
        graph.set_root(root);
        assert_eq!(check(&graph, usize::MAX), 0);
        let lone: Vec<u16> = long.encode_utf16().chain([0xd800]).collect();
        graph.set_root(JsString::from_utf16(&lone).into());
        assert_eq!(check(&graph, usize::MAX), 0);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn a_type_that_is_one_string_leaves_in_parts_and_any_other_stays() {
        use serde::Serialize;

        use super::super::to_text;

        fn taken<T: Serialize>(value: T) -> (usize, Vec<u8>) {
            let mut out = Taking { most: usize::MAX, ..Taking::default() };
            to_text(&value, &mut out).unwrap();
            let taken = out.taken.len();
            out.taken.append(&mut out.waiting);
            (taken, out.taken)
        }

        /// Fails with its string written.
        struct Late(String);

        impl Serialize for Late {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)?;
                Err(serde::ser::Error::custom("too late"))
            }
        }

        #[derive(Serialize)]
        enum Named {
            Text(String),
        }

        let long = "x".repeat(3 * PART_BYTES);
        let text = format!("\"{long}\"").into_bytes();
        for (taken, written) in [taken(&long), taken(Some(&long)), taken(Late(long.clone()))] {
            assert!(taken >= PART_BYTES && written == text);
        }
        assert_eq!(taken([&long]).0, 0);
        let (taken, written) = taken(Named::Text(long));
        assert_eq!((taken, written.len()), (0, text.len() + r#"{"Text":}"#.len()));
    }
}
