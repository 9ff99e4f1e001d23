//! Members whose key comes again in the same object.

use crate::json::ParseError;
use crate::json::scanner::{Number, Scanner};
use crate::json::walk::{Container, Depth, Parts, walk};
use crate::string::Text;

/// Where the keys of those members are that `JSON.parse` does not keep, in order.
#[derive(Default)]
pub(super) struct Superseded(Vec<usize>);

impl Superseded {
    /// Looks for them in a whole text.
    pub(super) fn find(text: &str) -> Result<Self, ParseError> {
        let mut scanner = Scanner::new(text, 0..0);
        let mut keys = Keys::default();
        scanner.skip_space();
        walk(&mut scanner, Depth { reached: 0, limit: usize::MAX }, &mut keys)?;
        scanner.end()?;
        keys.superseded.sort_unstable();
        Ok(Self(keys.superseded))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the key at this place is one of them.
    pub(super) fn contains(&self, position: usize) -> bool {
        self.0.binary_search(&position).is_ok()
    }
}

#[derive(Default)]
struct Keys<'t> {
    /// The keys of all open objects with their places, those of the innermost last.
    open: Vec<(Text<'t>, usize)>,
    /// Where those of each open array and object begin.
    starts: Vec<usize>,
    superseded: Vec<usize>,
}

impl<'t> Parts<'t> for Keys<'t> {
    fn string(&mut self, scanner: &mut Scanner<'t>) -> Result<(), ParseError> {
        scanner.skip_string()
    }

    fn key(&mut self, scanner: &mut Scanner<'t>) -> Result<(), ParseError> {
        let position = scanner.position();
        self.open.push((scanner.string()?, position));
        Ok(())
    }

    fn number(&mut self, _: Number) {}

    fn bool(&mut self, _: bool) {}

    fn null(&mut self) {}

    fn open(&mut self, _: Container) {
        self.starts.push(self.open.len());
    }

    fn close(&mut self, _: Container) {
        let start = self.starts.pop().unwrap_or_default();
        let keys = &mut self.open[start..];
        keys.sort_unstable();
        let again = keys.windows(2).filter(|pair| pair[0].0 == pair[1].0);
        self.superseded.extend(again.map(|pair| pair[0].1));
        self.open.truncate(start);
    }
}
