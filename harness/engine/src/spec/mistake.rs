use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// Something wrong in a spec file, an expectation file or a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong, in one line.
    pub message: String,
    /// What would be right: the keys or values that are possible here, or a suggestion.
    pub help: Vec<String>,
    /// The place inside its document, such as `parent.steps[3].value`.
    pub path: Path,
    /// The place in a file, for documents that were read from one.
    pub location: Option<Location>,
}

/// A place in a text file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Name of the file, for messages.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The marked line, and what in it is marked, in bytes.
    excerpt: (String, Range<usize>),
}

impl Location {
    pub(crate) fn new(file: &str, text: &str, span: Range<usize>) -> Self {
        let end = text.trim_end_matches(['\n', '\r']).len();
        let mut start = span.start.min(end);
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let excerpt = text[line_start..line_end].trim_end_matches('\r').to_owned();
        let from = (start - line_start).min(excerpt.len());
        let to = (span.end.saturating_sub(line_start)).clamp(from, excerpt.len());
        let to = (to..=excerpt.len()).find(|at| excerpt.is_char_boundary(*at)).unwrap_or(from);
        Self {
            file: file.to_owned(),
            line: text[..start].matches('\n').count() + 1,
            column: excerpt[..from].chars().count() + 1,
            excerpt: (excerpt, from..to),
        }
    }
}

impl Mistake {
    pub(crate) fn new(path: &Path, message: impl Into<String>) -> Self {
        Self { message: message.into(), help: Vec::new(), path: path.clone(), location: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    pub(crate) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help.extend(help);
        self
    }

    pub(crate) fn at(mut self, location: Location) -> Self {
        self.location = Some(location);
        self
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(location) = &self.location else {
            if !self.path.0.is_empty() {
                write!(f, "{}: ", self.path)?;
            }
            f.write_str(&self.message)?;
            return self.help.iter().try_for_each(|help| write!(f, "\n  {help}"));
        };
        let (text, marked) = &location.excerpt;
        let snippet = Snippet::source(text.as_str())
            .path(location.file.as_str())
            .line_start(location.line)
            .annotation(AnnotationKind::Primary.span(marked.clone()));
        let mut group: Group<'_> =
            Level::ERROR.primary_title(self.message.as_str()).element(snippet);
        for help in &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        f.write_str(&Renderer::plain().render(&[group]))
    }
}

/// A place inside a document: keys and indices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(pub(crate) Vec<Part>);

/// One step into a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Key(String),
    Index(usize),
}

impl Path {
    pub(crate) fn key(&self, key: &str) -> Self {
        self.with(Part::Key(key.to_owned()))
    }

    pub(crate) fn index(&self, index: usize) -> Self {
        self.with(Part::Index(index))
    }

    fn with(&self, part: Part) -> Self {
        Self(self.0.iter().cloned().chain([part]).collect())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, part) in self.0.iter().enumerate() {
            match part {
                Part::Key(key) if number == 0 => f.write_str(key)?,
                Part::Key(key) => write!(f, ".{key}")?,
                Part::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// All mistakes of a set of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mistake in &self.0 {
            writeln!(f, "{mistake}\n")?;
        }
        match self.0.len() {
            1 => f.write_str("1 mistake"),
            n => write!(f, "{n} mistakes"),
        }
    }
}

impl std::error::Error for Mistakes {}
