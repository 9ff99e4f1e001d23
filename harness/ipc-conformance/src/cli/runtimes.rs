//! From `--runtime` and `--reference` to runtimes that were found, measured and checked.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use ipc_conformance_engine::play::{Host, Interrupt};
use ipc_conformance_engine::raw;
use ipc_conformance_engine::runtime::{Drivers, KNOWN, Runtime, RuntimeError, RuntimeFile, Source};

use super::Failure;
use super::args::RuntimeArgs;

/// The name of the reference in pairings.
pub(super) const REFERENCE: &str = "node";

/// A runtime as the user named it.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) source: Source,
}

/// What finds runtimes.
pub(super) struct Finder<'a> {
    pub(super) host: &'a Host,
    pub(super) drivers: &'a Drivers,
    pub(super) interrupt: &'a Interrupt,
}

impl Finder<'_> {
    /// Finds, measures and checks one.
    pub(super) fn find(&self, name: &str, source: &Source) -> Result<Runtime, RuntimeError> {
        let runtime = Runtime::find(self.host, name, source, self.drivers, self.interrupt)?;
        runtime.check(self.host, self.interrupt)?;
        Ok(runtime)
    }

    /// The reference and the runtimes under test.
    pub(super) fn all(&self, args: &RuntimeArgs) -> Result<(Runtime, Vec<Runtime>), Failure> {
        let wanted = named(args)?;
        let mut given = args.reference.as_deref().map(|text| reference(args, text)).transpose()?;
        // What is tested with the reference's own name is the reference.
        if let Some(own) = wanted.iter().find(|one| one.name == REFERENCE) {
            match &given {
                None => given = Some(own.source.clone()),
                Some(source) if own.source == *source || own.source == Source::Known => {}
                Some(_) => {
                    return Err(Failure::Usage(anyhow!(
                        "the name {REFERENCE} is the reference's; give the runtime another"
                    )));
                }
            }
        }
        let reference =
            given.map(|source| self.find(REFERENCE, &source).map_err(failure)).transpose()?;
        let mut found = Vec::new();
        for Named { name, source } in &wanted {
            found.push(match &reference {
                Some(reference) if *name == reference.name => reference.clone(),
                _ => self.find(name, source).map_err(failure)?,
            });
        }
        let reference = match reference {
            Some(reference) => reference,
            None => self.nearest(args, &found)?,
        };
        Ok((reference, found))
    }

    /// The installed Node that is nearest to what the first runtime under test that announces a
    /// Node version announces; the one on the PATH where none does.
    fn nearest(&self, args: &RuntimeArgs, found: &[Runtime]) -> Result<Runtime, Failure> {
        let on_path = self.find(REFERENCE, &Source::Known);
        let Some(major) = found.iter().find_map(Runtime::node_major) else {
            return on_path.map_err(failure);
        };
        let distance = |other: u32| other.abs_diff(major);
        let files = files_of(&args.runtime_files)?.into_iter();
        let mut files: Vec<(u32, RuntimeFile)> =
            files.filter_map(|(_, file)| Some((file.reference_major()?, file))).collect();
        // Of two that are as near, the newer one.
        files.sort_by_key(|(version, _)| (distance(*version), u32::MAX - version));
        let own = on_path.as_ref().ok().and_then(Runtime::node_major);
        for (version, file) in files {
            if own.is_some_and(|own| distance(own) <= distance(version)) {
                break;
            }
            match self.find(REFERENCE, &Source::File(file)) {
                Ok(runtime) => return Ok(runtime),
                // Not installed: the next one is.
                Err(RuntimeError::NotFound { .. }) => {}
                Err(error) => return Err(failure(error)),
            }
        }
        on_path.map_err(failure)
    }
}

/// The runtimes under test.
pub(super) fn named(args: &RuntimeArgs) -> Result<Vec<Named>, Failure> {
    let mut all: Vec<Named> = Vec::new();
    for text in &args.runtimes {
        let named = one(args, text)?;
        if named.name == raw::NAME {
            return Err(Failure::Usage(anyhow!(
                "the name {} is the harness's own; give the runtime another",
                raw::NAME
            )));
        }
        if all.iter().any(|other| other.name == named.name) {
            return Err(Failure::Usage(anyhow!("two runtimes have the name {}", named.name)));
        }
        all.push(named);
    }
    if all.is_empty() {
        all.push(one(args, "rust")?);
    }
    Ok(all)
}

/// The names of all runtimes that need no command. Files that have mistakes say so when they are
/// used.
pub(super) fn known(args: &RuntimeArgs) -> Vec<String> {
    let files = files_of(&args.runtime_files).unwrap_or_default();
    let names = files.into_iter().map(|(name, _)| name);
    KNOWN.map(str::to_owned).into_iter().chain(names).collect()
}

/// `NAME=COMMAND`, `FILE.toml`, or the NAME of a file in the folder of runtimes or of a runtime
/// that the suite knows.
pub(super) fn one(args: &RuntimeArgs, text: &str) -> Result<Named, Failure> {
    if let Some((name, command)) = text.split_once('=') {
        return Ok(Named { name: name.to_owned(), source: Source::Command(command.to_owned()) });
    }
    let path = Path::new(text);
    let file = match path.file_stem().and_then(|stem| stem.to_str()) {
        Some(stem) if text.ends_with(".toml") => Some((stem.to_owned(), path.to_owned())),
        _ => {
            let path = args.runtime_files.join(format!("{text}.toml"));
            path.is_file().then(|| (text.to_owned(), path))
        }
    };
    match file {
        Some((name, path)) => Ok(Named { name, source: Source::File(read(&path)?) }),
        None => Ok(Named { name: text.to_owned(), source: Source::Known }),
    }
}

/// A command, unless it names a file.
pub(super) fn reference(args: &RuntimeArgs, text: &str) -> Result<Source, Failure> {
    if !text.contains('=')
        && let Named { source: Source::File(file), .. } = one(args, text)?
    {
        return Ok(Source::File(file));
    }
    Ok(Source::Command(text.to_owned()))
}

/// The files of a folder, which need not be there, by name.
pub(super) fn files_of(folder: &Path) -> Result<Vec<(String, RuntimeFile)>, Failure> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(Failure::Usage(anyhow!("failed to read {}: {error}", folder.display())));
        }
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let name = |path: &Path| path.file_stem().map(|s| s.to_string_lossy().into_owned());
    paths.iter().map(|path| Ok((name(path).unwrap_or_default(), read(path)?))).collect()
}

fn read(path: &Path) -> Result<RuntimeFile, Failure> {
    RuntimeFile::read(path)
        .map_err(|mistakes| Failure::Usage(anyhow!("the runtime file has mistakes\n{mistakes}")))
}

pub(super) fn failure(error: RuntimeError) -> Failure {
    let usage = error.is_usage();
    match error {
        RuntimeError::Play(error) => Failure::Harness(anyhow!("failed to {error}")),
        error if usage => Failure::Usage(anyhow!("failed to {error}")),
        error => Failure::Environment(anyhow!("failed to {error}")),
    }
}
