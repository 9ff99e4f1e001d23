//! Reports on disk.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::error::Category;

use super::badge::badges;
use super::{html, junit, markdown};
use crate::history::History;
use crate::results::{CaseResult, Results, SCHEMA};
use crate::spec::Catalogue;
use crate::whole;

const RESULTS: &str = "results.json";

/// Why reports could not be written or read; reads on after "failed to".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The file system.
    #[error("write {}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file system.
    #[error("read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file ends in the middle.
    #[error("read {}: it is cut off after line {line}; was the run killed?", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// The last line.
        line: usize,
    },
    /// Something else.
    #[error("read {}: it is not a results file: {reason}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What was found in it.
        reason: String,
    },
    /// Results of another version.
    #[error(
        "read {}: its format is version {found}, this program reads version {SCHEMA}",
        path.display()
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u64,
    },
}

/// Writes `results.json`, `report.html`, `junit.xml`, `summary.md` and a badge for each runtime into a
/// folder, which is made if need be. Each file takes the place of an old one only when it is complete.
///
/// # Errors
///
/// When the folder or a file cannot be written.
pub fn write_all(
    folder: &Path,
    results: &Results,
    catalogue: &Catalogue,
) -> Result<(), ReportError> {
    fs::create_dir_all(folder)
        .map_err(|source| ReportError::Write { path: folder.to_owned(), source })?;
    let failed = |path: &Path, source| ReportError::Write { path: path.to_owned(), source };
    let path = folder.join(RESULTS);
    let mut json = serde_json::to_string_pretty(&slim(results))
        .map_err(|error| failed(&path, io::Error::other(error)))?;
    json.push('\n');
    // The results first: the others can be made again from them.
    write(folder, RESULTS, &json)?;
    write(folder, "report.html", &html(results, catalogue))?;
    write(folder, "junit.xml", &junit(results))?;
    write(folder, "summary.md", &markdown(results))?;
    badges(results).iter().try_for_each(|(name, text)| write(folder, name, text))
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), ReportError> {
    let path = folder.join(name);
    whole::write(&path, text).map_err(|source| ReportError::Write { path, source })
}

/// Reads the results of a run, from `results.json` or the folder that it is in.
///
/// # Errors
///
/// When the file cannot be read, is cut off, holds something else, or is of another version.
pub fn read(path: &Path) -> Result<Results, ReportError> {
    let path = if path.is_dir() { path.join(RESULTS) } else { path.to_owned() };
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(source) => return Err(ReportError::Read { path, source }),
    };
    let foreign = |error: serde_json::Error| match error.classify() {
        Category::Eof => ReportError::Truncated { path: path.clone(), line: error.line() },
        _ => ReportError::Foreign { path: path.clone(), reason: error.to_string() },
    };
    // The version decides whether the rest can be understood at all.
    let Head { schema, .. } = serde_json::from_slice(&text).map_err(foreign)?;
    if schema != u64::from(SCHEMA) {
        return Err(ReportError::Version { path, found: schema });
    }
    let mut results = serde_json::from_slice(&text).map_err(foreign)?;
    fill(&mut results);
    Ok(results)
}

/// The results as they are written: a reference history stands there once, with the first of the
/// entries of its case that have it.
fn slim(results: &Results) -> Results {
    let mut slim = results.clone();
    let mut written: Option<&CaseResult> = None;
    for (case, whole) in slim.cases.iter_mut().zip(&results.cases) {
        if whole.reference.is_none() {
            continue;
        }
        match written {
            Some(known) if (&known.id, &known.reference) == (&whole.id, &whole.reference) => {
                case.reference = None;
            }
            _ => written = Some(whole),
        }
    }
    slim
}

/// Puts the reference histories back where they belong: beside each history.
fn fill(results: &mut Results) {
    let mut read: Option<(String, History)> = None;
    for case in &mut results.cases {
        match (&case.reference, &read) {
            (Some(reference), _) => read = Some((case.id.clone(), reference.clone())),
            (None, Some((id, reference))) if *id == case.id && case.history.is_some() => {
                case.reference = Some(reference.clone());
            }
            _ => {}
        }
    }
}

/// What every version has, and nothing else does.
#[derive(Deserialize)]
struct Head {
    schema: u64,
    #[serde(rename = "tool")]
    _tool: serde::de::IgnoredAny,
}
