//! Descriptions of errors, with the properties that Node gives them.

use ipc_plan::{Property, Recipe, Tagged};
use node_channel::Undelivered;

/// The description of an error.
pub(crate) fn error(class: &str, message: String, code: Option<&str>) -> Recipe {
    error_with(class, message, code.map(|code| ("code", code.into())))
}

/// The description of an error of the operating system, with the number that Node gives it.
pub(crate) fn os_error(message: String, code: &str, errno: i32, syscall: String) -> Recipe {
    let properties = [
        ("code", code.into()),
        ("errno", Recipe::Number(f64::from(-errno))),
        ("syscall", Recipe::String(syscall)),
    ];
    error_with("Error", message, properties)
}

/// The description of a message that did not get out.
pub(crate) fn undelivered(failed: Undelivered) -> Recipe {
    match (failed, failed.code()) {
        (Undelivered::Os { errno }, Some(code)) => {
            os_error(failed.to_string(), code, errno, "write".to_owned())
        }
        (_, code) => error(failed.name(), failed.to_string(), code),
    }
}

/// The description of a failed system call; Node says where, of an address.
pub(crate) fn io_error(failed: &std::io::Error, syscall: &str, place: &str) -> Recipe {
    let errno = failed.raw_os_error().unwrap_or_default();
    let code = Undelivered::Os { errno }.code().unwrap_or("UNKNOWN");
    os_error(format!("{syscall} {code}{place}"), code, errno, syscall.to_owned())
}

fn error_with(
    class: &str,
    message: String,
    properties: impl IntoIterator<Item = (&'static str, Recipe)>,
) -> Recipe {
    let properties = properties.into_iter().map(|(key, value)| Property {
        key: key.into(),
        value: Some(value),
        get: None,
        enumerable: None,
    });
    Tagged::Error {
        id: None,
        subclass: None,
        class: class.to_owned(),
        message: Some(message),
        stack: None,
        cause: None,
        properties: properties.collect(),
    }
    .into()
}
