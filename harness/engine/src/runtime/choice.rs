//! From what a user names to runtimes that were found, measured and checked.

use std::path::{Path, PathBuf};

use super::{Drivers, KNOWN, Runtime, RuntimeError, RuntimeFile, Source};
use crate::play::{Host, Interrupt};
use crate::raw;

/// The name of the reference in pairings.
pub const REFERENCE: &str = "node";

/// What a user says about the runtimes of a run.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The runtimes under test: NAME, NAME=COMMAND or FILE.toml each; `rust` where there is none.
    pub runtimes: Vec<String>,
    /// The reference: a command, or a runtime as above; the nearest Node where it is not said.
    pub reference: Option<String>,
    /// The folder of runtime files, which need not be there.
    pub files: PathBuf,
}

/// A runtime as a user named it.
#[derive(Clone, Debug)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// How it is started.
    pub source: Source,
}

/// What finds runtimes.
#[derive(Clone, Copy, Debug)]
pub struct Finder<'a> {
    /// Where they are started.
    pub host: &'a Host,
    /// The drivers they are started with.
    pub drivers: &'a Drivers,
    /// What ends the search.
    pub interrupt: &'a Interrupt,
}

impl Finder<'_> {
    /// Finds, measures and checks one.
    ///
    /// # Errors
    ///
    /// See [`RuntimeError`].
    pub fn find(&self, name: &str, source: &Source) -> Result<Runtime, RuntimeError> {
        let runtime = Runtime::find(self.host, name, source, self.drivers, self.interrupt)?;
        runtime.check(self.host, self.interrupt)?;
        Ok(runtime)
    }

    /// The reference and the runtimes under test.
    ///
    /// # Errors
    ///
    /// See [`RuntimeError`].
    pub fn all(&self, choice: &Choice) -> Result<(Runtime, Vec<Runtime>), RuntimeError> {
        let wanted = choice.named()?;
        let mut given = choice.reference()?;
        // What is tested with the reference's own name is the reference.
        if let Some(own) = wanted.iter().find(|one| one.name == REFERENCE) {
            match &given {
                None => given = Some(own.source.clone()),
                Some(source) if own.source == *source || own.source == Source::Known => {}
                Some(_) => return Err(RuntimeError::Taken { name: REFERENCE, by: "reference" }),
            }
        }
        let reference = given.map(|source| self.find(REFERENCE, &source)).transpose()?;
        let mut found = Vec::new();
        for Named { name, source } in &wanted {
            found.push(match &reference {
                Some(reference) if *name == reference.name => reference.clone(),
                _ => self.find(name, source)?,
            });
        }
        let reference = match reference {
            Some(reference) => reference,
            None => self.nearest(choice, &found)?,
        };
        Ok((reference, found))
    }

    /// The installed Node that is nearest to what the first runtime under test that announces a
    /// Node version announces; the one on the PATH where none does.
    fn nearest(&self, choice: &Choice, found: &[Runtime]) -> Result<Runtime, RuntimeError> {
        let on_path = self.find(REFERENCE, &Source::Known);
        let Some(major) = found.iter().find_map(Runtime::node_major) else { return on_path };
        let distance = |other: u32| other.abs_diff(major);
        let mut files: Vec<(u32, RuntimeFile)> = choice
            .described()?
            .into_iter()
            .filter_map(|(_, file)| Some((file.reference_major()?, file)))
            .collect();
        // Of two that are as near, the newer one.
        files.sort_by_key(|(version, _)| (distance(*version), u32::MAX - version));
        let own = on_path.as_ref().ok().and_then(Runtime::node_major);
        for (version, file) in files {
            if own.is_some_and(|own| distance(own) <= distance(version)) {
                break;
            }
            match self.find(REFERENCE, &Source::File(file)) {
                // Not installed: the next one is.
                Err(RuntimeError::NotFound { .. }) => {}
                found => return found,
            }
        }
        on_path
    }
}

impl Choice {
    /// The runtimes under test.
    ///
    /// # Errors
    ///
    /// When a file has mistakes, or a name is not free.
    pub fn named(&self) -> Result<Vec<Named>, RuntimeError> {
        let mut all: Vec<Named> = Vec::new();
        for text in &self.runtimes {
            let named = self.one(text)?;
            if named.name == raw::NAME {
                return Err(RuntimeError::Taken { name: raw::NAME, by: "harness" });
            }
            if all.iter().any(|other| other.name == named.name) {
                return Err(RuntimeError::Twice { name: named.name });
            }
            all.push(named);
        }
        if all.is_empty() {
            all.push(self.one("rust")?);
        }
        Ok(all)
    }

    /// The names of all runtimes that need no command. Files that have mistakes say so when they are
    /// used.
    pub fn known(&self) -> Vec<String> {
        let files = self.described().unwrap_or_default();
        let names = files.into_iter().map(|(name, _)| name);
        KNOWN.map(str::to_owned).into_iter().chain(names).collect()
    }

    /// `NAME=COMMAND`, `FILE.toml`, or the NAME of a file in the folder of runtimes or of a runtime
    /// that the suite knows.
    ///
    /// # Errors
    ///
    /// When the file has mistakes.
    pub fn one(&self, text: &str) -> Result<Named, RuntimeError> {
        if let Some((name, command)) = text.split_once('=') {
            return Ok(Named {
                name: name.to_owned(),
                source: Source::Command(command.to_owned()),
            });
        }
        let path = Path::new(text);
        let file = match path.file_stem().and_then(|stem| stem.to_str()) {
            Some(stem) if text.ends_with(".toml") => Some((stem.to_owned(), path.to_owned())),
            _ => {
                let path = self.files.join(format!("{text}.toml"));
                path.is_file().then(|| (text.to_owned(), path))
            }
        };
        match file {
            Some((name, path)) => {
                Ok(Named { name, source: Source::File(RuntimeFile::read(&path)?) })
            }
            None => Ok(Named { name: text.to_owned(), source: Source::Known }),
        }
    }

    /// The reference, where it is said: a command, unless it names a file.
    ///
    /// # Errors
    ///
    /// When the file has mistakes, or does not say that the runtime may be the reference.
    pub fn reference(&self) -> Result<Option<Source>, RuntimeError> {
        let Some(text) = &self.reference else { return Ok(None) };
        if !text.contains('=')
            && let Named { name, source: Source::File(file) } = self.one(text)?
        {
            if !file.reference {
                return Err(RuntimeError::NoReference { name });
            }
            return Ok(Some(Source::File(file)));
        }
        Ok(Some(Source::Command(text.clone())))
    }

    /// The same, with these runtimes as if they were named, too.
    ///
    /// # Errors
    ///
    /// When a file has mistakes.
    pub fn with(&self, names: [&str; 2]) -> Result<Self, RuntimeError> {
        let mut all = self.clone();
        for name in names.into_iter().filter(|name| *name != raw::NAME && *name != REFERENCE) {
            let known = all.runtimes.iter().map(|text| Ok(all.one(text)?.name));
            if !known.collect::<Result<Vec<_>, RuntimeError>>()?.iter().any(|known| known == name) {
                all.runtimes.push(name.to_owned());
            }
        }
        Ok(all)
    }

    /// The runtimes that have a file in the folder, by name.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read, or a file has mistakes.
    pub fn described(&self) -> Result<Vec<(String, RuntimeFile)>, RuntimeError> {
        let folder = &self.files;
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(RuntimeError::Folder { path: folder.clone(), source }),
        };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        paths.sort();
        let name = |path: &Path| path.file_stem().map(|s| s.to_string_lossy().into_owned());
        let read = |path: &PathBuf| Ok((name(path).unwrap_or_default(), RuntimeFile::read(path)?));
        paths.iter().map(read).collect()
    }
}
