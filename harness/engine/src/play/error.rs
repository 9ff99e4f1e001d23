use std::io;
use std::path::PathBuf;

/// Why a play could not be made. None of these says anything about a runtime.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlayError {
    /// No folder for the play, or no file in it.
    #[error("write {}: {source}; TMPDIR must name a writable folder with free space", path.display())]
    Folder {
        /// What could not be made.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The disk filled up during the play.
    #[error("keep the logs of a play in {}: no space left; free some, or set TMPDIR", path.display())]
    DiskFull {
        /// The folder of the play.
        path: PathBuf,
    },
    /// The path of the folder is not UTF-8, which plans cannot express.
    #[error("use the temporary folder {}: its path is not UTF-8; set TMPDIR to one that is", path.display())]
    NotUtf8 {
        /// The folder.
        path: PathBuf,
    },
    /// The plan has no JSON form.
    #[error("write the plan {id} as JSON: {error}")]
    Plan {
        /// The plan.
        id: String,
        /// Why.
        error: String,
    },
    /// The supervisor could not be started.
    #[error("start the supervisor {program}: {source}")]
    Supervisor {
        /// Its program.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// The supervisor ended without its report.
    #[error("hear from the supervisor of a play: it ended with {status}: {output}")]
    NoReport {
        /// How it ended.
        status: String,
        /// What it printed.
        output: String,
    },
    /// A relay is asked for and the host has none.
    #[error("play with a relay: this host names no program for one")]
    NoRelay,
    /// The run was interrupted before the play had ended. Its processes are gone.
    #[error("finish the play: interrupted")]
    Interrupted,
}
