//! Runtimes that a file describes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ipc_plan::CAPABILITIES;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spec::document::{Document, Form, did_you_mean, unreadable};
use crate::spec::{Mistake, Mistakes, Path as Place};

/// What `NAME.toml` says of the runtime NAME.
///
/// ```toml
/// command = "node_modules/@deno/linux-x64-glibc/deno run -A"
/// version = "2.9.6"
/// environment = { NO_COLOR = "1" }
/// capabilities = ["serialization.json"]
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuntimeFile {
    /// Program and arguments as a shell splits them. A program with a `/` in it that is no absolute
    /// path is looked for from the folder of the file, another one on the PATH.
    pub command: String,
    /// The version that its driver must report; any when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Variables that are set for its processes and no others.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// What it can do, in place of what its driver says: some of [`CAPABILITIES`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Vec<String>>,
    /// Whether it is a Node that may decide what is right.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reference: bool,
    /// What to do where the program is not there, or is of another version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub install: Option<String>,
    /// The folder of the file.
    #[serde(skip)]
    pub(super) folder: PathBuf,
}

impl RuntimeFile {
    /// The major of a Node that may be the reference.
    pub fn reference_major(&self) -> Option<u32> {
        super::major(self.version.as_deref().filter(|_| self.reference)?)
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// With all its mistakes, or why it cannot be read.
    pub fn read(path: &Path) -> Result<Self, Mistakes> {
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
        let mut mistakes = Vec::new();
        let document = Document::parse(&path.to_string_lossy(), &text, &mut mistakes);
        let read = match mistakes[..] {
            [] => Form::<Self>::new().read(&document, &document.root, &mut mistakes),
            _ => None,
        };
        for (index, word) in read.iter().flat_map(|file| &file.capabilities).flatten().enumerate() {
            if !CAPABILITIES.contains(&word.as_str()) {
                let place = Place::default().key("capabilities").index(index);
                let known = CAPABILITIES.map(|word| format!("`{word}`")).join(", ");
                let mistake = Mistake::new(&place, format!("no capability is called `{word}`"))
                    .maybe_help(did_you_mean(word, CAPABILITIES))
                    .help(format!("there are {known}"));
                mistakes.push(document.locate_path(&document.root, mistake));
            }
        }
        match read.filter(|_| mistakes.is_empty()) {
            Some(file) => {
                let folder = path.parent().map(Path::to_owned).unwrap_or_default();
                Ok(Self { folder, ..file })
            }
            None => Err(Mistakes(mistakes)),
        }
    }
}
