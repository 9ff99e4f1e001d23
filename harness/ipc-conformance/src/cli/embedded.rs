//! The drivers that come with the program.

use anyhow::anyhow;
use ipc_conformance_engine::runtime::Drivers;
use tempfile::TempDir;

use super::Failure;

include!(concat!(env!("OUT_DIR"), "/driver_files.rs"));

/// The JavaScript driver, unpacked into a folder that lives as long as this, and the Rust
/// driver, which is installed beside this program.
#[derive(Debug)]
pub(super) struct Unpacked {
    _folder: TempDir,
    drivers: Drivers,
}

impl Unpacked {
    pub(super) fn paths(&self) -> &Drivers {
        &self.drivers
    }
}

pub(super) fn drivers() -> Result<Unpacked, Failure> {
    let harness = |what: &str, error: std::io::Error| {
        Failure::Harness(anyhow!(
            "failed to {what}: {error}; TMPDIR must name a writable folder with free space"
        ))
    };
    let folder = tempfile::Builder::new()
        .prefix("ipc-driver-")
        .tempdir()
        .map_err(|e| harness("make a folder for the driver", e))?;
    for (name, text) in DRIVER_FILES {
        let path = folder.path().join(name);
        std::fs::write(&path, text)
            .map_err(|e| harness(&format!("write {}", path.display()), e))?;
    }
    let own = std::env::current_exe().map_err(|e| harness("find the own program", e))?;
    let drivers = Drivers {
        script: folder.path().join("driver.cjs"),
        rust: own.with_file_name("ipc-conformance-driver"),
    };
    Ok(Unpacked { _folder: folder, drivers })
}
