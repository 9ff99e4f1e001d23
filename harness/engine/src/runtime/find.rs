//! From a name and a command line to a program with its arguments.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use super::{Drivers, RuntimeError};

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
    command: Option<&str>,
    drivers: &Drivers,
) -> Result<Launch, RuntimeError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || !name.chars().all(fits) {
        return Err(RuntimeError::BadName { name: name.to_owned() });
    }
    let mut words = match command {
        Some(command) => {
            shlex::split(command).filter(|words| !words.is_empty()).ok_or_else(|| {
                RuntimeError::BadCommand { name: name.to_owned(), command: command.to_owned() }
            })?
        }
        None => match name {
            "node" | "bun" | "deno" => vec![name.to_owned()],
            "rust" => vec![utf8(name, &drivers.rust)?],
            _ => return Err(RuntimeError::Unknown { name: name.to_owned() }),
        },
    };
    // `deno` alone is a prompt.
    if name == "deno" && words.len() == 1 {
        words.extend(["run", "-A"].map(str::to_owned));
    }
    words[0] = resolve(name, &words[0])?;
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
fn resolve(name: &str, program: &str) -> Result<String, RuntimeError> {
    let (found, place) = if program.contains('/') {
        let path = std::path::absolute(program).unwrap_or_else(|_| PathBuf::from(program));
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
