//! From a name and a command line to a program with its arguments.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use super::{Drivers, RuntimeError, Source};

/// The names of the runtimes that need neither a command nor a file.
pub const KNOWN: [&str; 4] = ["node", "bun", "deno", "rust"];

/// How a runtime is started.
#[derive(Debug)]
pub(super) struct Launch {
    /// As [`Runtime::command`](super::Runtime::command).
    pub(super) command: Vec<String>,
    /// How many arguments are between the program and the module.
    pub(super) exec_argv: usize,
}

pub(super) fn launch(
    name: &str,
    source: &Source,
    drivers: &Drivers,
) -> Result<Launch, RuntimeError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || !name.chars().all(fits) {
        return Err(RuntimeError::BadName { name: name.to_owned() });
    }
    let split = |command: &str| {
        shlex::split(command).filter(|words| !words.is_empty()).ok_or_else(|| {
            RuntimeError::BadCommand { name: name.to_owned(), command: command.to_owned() }
        })
    };
    let (mut words, folder) = match source {
        Source::Command(command) => (split(command)?, None),
        Source::File(file) => (split(&file.command)?, Some(file.folder.as_path())),
        Source::Known => match name {
            "node" | "bun" | "deno" => (vec![name.to_owned()], None),
            "rust" => (vec![utf8(name, &drivers.rust)?], None),
            _ => return Err(RuntimeError::Unknown { name: name.to_owned() }),
        },
    };
    // `deno` alone is a prompt.
    if name == "deno" && words.len() == 1 {
        words.extend(["run", "-A"].map(str::to_owned));
    }
    words[0] = resolve(name, &words[0], folder).map_err(|error| match (error, source) {
        (RuntimeError::NotFound { name, program, place, .. }, Source::File(file)) => {
            let hint =
                file.install.clone().unwrap_or_else(|| "check `command` in its file".to_owned());
            RuntimeError::NotFound { name, program, place, hint }
        }
        (error, _) => error,
    })?;
    if let Source::File(file) = source
        && !file.environment.is_empty()
    {
        let set = file.environment.iter().map(|(key, value)| format!("{key}={value}"));
        words = [resolve(name, "env", None)?].into_iter().chain(set).chain(words).collect();
    }
    let exec_argv = words.len() - 1;
    if name != "rust" {
        if !drivers.script.is_file() {
            return Err(RuntimeError::NoDriver { path: drivers.script.clone() });
        }
        let script =
            std::path::absolute(&drivers.script).unwrap_or_else(|_| drivers.script.clone());
        words.push(utf8(name, &script)?);
    }
    Ok(Launch { command: words, exec_argv })
}

/// The absolute path of a program. Links are not followed: some programs look at their name.
fn resolve(name: &str, program: &str, folder: Option<&Path>) -> Result<String, RuntimeError> {
    let (found, place) = if program.contains('/') {
        let path = folder.map_or_else(|| PathBuf::from(program), |folder| folder.join(program));
        let path = std::path::absolute(&path).unwrap_or(path);
        (vec![path], "there")
    } else {
        let folders = env::var_os("PATH").unwrap_or_default();
        (candidates(&folders, program), "on PATH")
    };
    let mut files = found.iter().filter(|path| path.is_file());
    if let Some(path) = files.clone().find(|path| access(*path, Access::EXEC_OK).is_ok()) {
        return utf8(name, path);
    }
    Err(match files.next() {
        Some(path) => RuntimeError::NotExecutable { name: name.to_owned(), path: path.clone() },
        None => RuntimeError::NotFound {
            name: name.to_owned(),
            program: program.to_owned(),
            place,
            hint: hint(name),
        },
    })
}

fn candidates(folders: &OsStr, program: &str) -> Vec<PathBuf> {
    env::split_paths(folders)
        .filter_map(|folder| std::path::absolute(folder.join(program)).ok())
        .collect()
}

fn hint(name: &str) -> String {
    let install = match name {
        "node" => "install Node 18 or newer from https://nodejs.org",
        "bun" => "install Bun from https://bun.com",
        "deno" => "install Deno from https://deno.com",
        "rust" => return "build it with `cargo build --workspace`".to_owned(),
        _ => return format!("check the path in `{name}=COMMAND`"),
    };
    // Node decides what is right, and is named by an option of its own.
    match name {
        "node" => format!("{install}, or say where it is with `--reference PATH`"),
        _ => format!("{install}, or say where it is with `--runtime {name}=PATH`"),
    }
}

fn utf8(name: &str, path: &Path) -> Result<String, RuntimeError> {
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| RuntimeError::NotUtf8 { name: name.to_owned(), path: path.to_owned() })
}
