use serde_json::{Value, json};

use super::*;
use crate::spec::Level;

fn difference(kind: DifferenceKind, role: Role, expected: &Value, observed: &Value) -> Difference {
    let seen = |json: &Value| serde_json::from_value::<Option<Seen>>(json.clone()).unwrap();
    Difference {
        clause: "LIFE-001".to_owned(),
        level: Level::Must,
        role,
        kind,
        at: 0,
        path: String::new(),
        expected: seen(expected),
        observed: seen(observed),
        text: "the parent ends with exit code 1 instead of exit code 0".to_owned(),
        fingerprint: String::new(),
    }
}

fn message(value: &Value) -> Value {
    json!({ "kind": "event", "event": "message", "arguments": [value] })
}

fn callback(value: &Value) -> Value {
    json!({ "kind": "callback", "id": "a", "arguments": [value] })
}

fn threw(step: &str, class: &str) -> Value {
    let error = json!({ "$": "error", "class": class, "message": "no" });
    json!({ "kind": "threw", "step": step, "id": "a", "error": error })
}

/// As Bun, Deno and broken runtimes have shown them.
#[test]
fn differences_are_told_in_a_sentence() {
    use DifferenceKind::{Ending, Extra, Message, Missing, Order, Value as Changed};
    use Role::{Child, Parent};
    let undefined = json!({ "$": "undefined" });
    let sent = |value: bool| json!({ "kind": "sent", "id": "a", "returned": value });
    let event =
        |name: &str, code: Value| json!({ "kind": "event", "event": name, "arguments": [code] });
    let property =
        |value: Value| json!({ "kind": "property", "property": "channel", "value": value });
    let gave_up = |awaiting: &str| json!({ "kind": "gave-up", "awaiting": awaiting });
    let error = |more: Value| {
        let mut error = json!({ "$": "error", "class": "Error", "message": "m" });
        error.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        message(&error)
    };
    let line = json!({ "properties": [{ "key": "line", "value": 7 }] });
    let look =
        |value: Value| json!({ "kind": "handle", "handle": "s", "what": "look", "value": value });
    let surface =
        |value: &str| json!({ "kind": "inspected", "what": "surface", "value": { "send": value } });
    for (kind, role, expected, observed, words) in [
        (
            Changed,
            Child,
            callback(&Value::Null),
            callback(&undefined),
            "the callback of `process.send()` gets undefined where Node gives null",
        ),
        (
            Changed,
            Parent,
            sent(false),
            sent(true),
            "`subprocess.send()` returns true where Node returns false",
        ),
        (
            Changed,
            Child,
            sent(true),
            threw("send", "TypeError"),
            "`process.send()` throws TypeError \"no\" where Node returns true",
        ),
        (
            Changed,
            Parent,
            threw("send", "Error"),
            sent(true),
            "`subprocess.send()` returns true where Node throws Error \"no\"",
        ),
        (
            Changed,
            Parent,
            threw("send", "Error"),
            threw("send", "DOMException"),
            "in what `subprocess.send()` throws, `class` of an error is \"DOMException\" where Node has \"Error\"",
        ),
        (
            Changed,
            Parent,
            message(&json!("a")),
            message(&json!("b")),
            "the parent gets the message \"b\" where Node has \"a\"",
        ),
        (
            Changed,
            Parent,
            error(json!({})),
            error(line.clone()),
            "in a message that the parent gets, an error has `line` 7, which it has not with Node",
        ),
        (
            Changed,
            Parent,
            error(json!({ "properties": [{ "key": "a", "value": 1, "enumerable": false }] })),
            error(json!({ "properties": [{ "key": "a", "value": 1 }] })),
            "in a message that the parent gets, `properties` of an error is [{key: \"a\", value: 1}] \
             where Node has [{key: \"a\", value: 1, enumerable: false}]",
        ),
        (
            Changed,
            Child,
            error(json!({ "cause": 1 })),
            error(json!({})),
            "in a message that the child gets, an error lacks `cause`, which is 1 with Node",
        ),
        (
            Changed,
            Child,
            message(&json!({ "a": [1, { "b": 2 }] })),
            message(&json!({ "a": [1, { "b": 3 }] })),
            "in a message that the child gets, `b` is 3 where Node has 2",
        ),
        (
            Changed,
            Child,
            message(&json!({ "$": "map", "entries": [[1, 2]] })),
            message(&json!({ "$": "map", "entries": [[1, 3]] })),
            "in a message that the child gets, `entries` of a map is 3 where Node has 2",
        ),
        (
            Changed,
            Parent,
            look(json!({ "family": "IPv4", "port": 1 })),
            look(json!({ "port": 1, "family": "IPv4" })),
            "in `look` of a handle, the keys of an object are [\"port\", \"family\"] where Node has [\"family\", \"port\"]",
        ),
        (
            Changed,
            Parent,
            event("exit", json!(1)),
            event("exit", json!(0)),
            "the parent gets the event 'exit' with 0 where Node has 1",
        ),
        (
            Changed,
            Child,
            property(Value::Null),
            property(json!("present")),
            "`process.channel` is \"present\" where Node has null",
        ),
        (
            Changed,
            Child,
            surface("function"),
            surface("undefined"),
            "in `surface` of the child, `send` is \"undefined\" where Node has \"function\"",
        ),
        (
            Message,
            Child,
            threw("disconnect", "Error"),
            threw("disconnect", "TypeError"),
            "in what `process.disconnect()` throws, `class` of an error is \"TypeError\" where Node has \"Error\"",
        ),
        (
            Missing,
            Parent,
            message(&json!("late")),
            Value::Null,
            "the parent does not get the message \"late\"; with Node it does",
        ),
        (
            Missing,
            Parent,
            event("disconnect", Value::Null),
            Value::Null,
            "the parent does not get the event 'disconnect'; Node emits it",
        ),
        (
            Missing,
            Child,
            callback(&Value::Null),
            Value::Null,
            "the callback of `process.send()` is never called; Node calls it",
        ),
        (
            Missing,
            Child,
            threw("disconnect", "Error"),
            Value::Null,
            "`process.disconnect()` does not throw; with Node it throws Error \"no\"",
        ),
        (
            Missing,
            Child,
            property(Value::Null),
            Value::Null,
            "the child never gets to `process.channel`; with Node it does",
        ),
        (
            Extra,
            Child,
            Value::Null,
            message(&json!({ "a": 1 })),
            "the child gets the message {a: 1}; with Node it does not",
        ),
        (
            Extra,
            Parent,
            Value::Null,
            event("close", json!(0)),
            "the parent gets the event 'close'; Node does not emit it",
        ),
        (
            Extra,
            Parent,
            Value::Null,
            threw("unref", "TypeError"),
            "`unref` throws TypeError \"no\"; with Node it does not",
        ),
        (
            Extra,
            Child,
            Value::Null,
            gave_up("event message"),
            "the child waits in vain for the event 'message'; with Node it does not",
        ),
        (
            Extra,
            Parent,
            Value::Null,
            gave_up("signal go"),
            "the parent waits in vain for its peer's word 'go'; with Node it does not",
        ),
        (
            Order,
            Parent,
            event("exit", json!(0)),
            event("exit", json!(0)),
            "in the parent, the event 'exit' comes at another time than with Node",
        ),
        (
            Ending,
            Parent,
            Value::Null,
            Value::Null,
            "the parent ends with exit code 1 instead of exit code 0",
        ),
    ] {
        let symptom = Symptom::of(&difference(kind, role, &expected, &observed), "node");
        assert_eq!(symptom.words, words);
    }
}

#[test]
fn what_looks_alike_has_one_key() {
    let changed = |role, expected: Value, observed: Value| {
        Symptom::of(&difference(DifferenceKind::Value, role, &expected, &observed), "node").key
    };
    let error = |class: &str, cause: Option<Value>| {
        let mut error = json!({ "$": "error", "class": class, "stack": "s" });
        error.as_object_mut().unwrap().extend(cause.map(|cause| ("cause".to_owned(), cause)));
        error
    };
    // Wherever it stands, whatever it would be and whoever gets it, the cause is lost.
    let one = changed(
        Role::Parent,
        message(&error("Error", Some(json!(1)))),
        message(&error("Error", None)),
    );
    let other = changed(
        Role::Child,
        message(&json!([1, [error("TypeError", Some(json!({ "$": "undefined" })))]])),
        message(&json!([1, [error("TypeError", None)]])),
    );
    assert_eq!(one, other);
    // What it is turned into makes a difference.
    let sent = |returned: Value| json!({ "kind": "sent", "id": "a", "returned": returned });
    let boolean = changed(Role::Parent, sent(json!(true)), sent(json!(false)));
    let nothing = changed(Role::Parent, sent(json!(true)), sent(json!({ "$": "undefined" })));
    assert_ne!(boolean, nothing);
    assert_ne!(one, boolean);
}

#[test]
fn a_death_is_told_with_its_last_words() {
    let stderr =
        "node:events:505\n    throw er;\n\nError [ERR_X]: Channel closed\n    at f (a.js:1:2)\n";
    let symptom = Symptom::fatal("the parent exited with code 1", stderr);
    assert_eq!(symptom.words, "the parent exited with code 1: Error [ERR_X]: Channel closed");
    assert!(!symptom.vague);
    assert_eq!(Symptom::fatal("the child died by SIGSEGV", "").words, "the child died by SIGSEGV");
}

/// Folders of plays and places in a text are other ones each time.
#[test]
fn last_words_without_colours_paths_and_numbers() {
    let of = |stderr: &str| Symptom::fatal("dead", stderr);
    let coloured = of(
        "\u{1b}[0m\u{1b}[1m\u{1b}[31merror\u{1b}[0m: Uncaught BrokenPipe: no (os error 32)\n    at f\n",
    );
    assert_eq!(coloured.words, "dead: error: Uncaught BrokenPipe: no (os error 32)");
    let module = of("Error: Cannot find module '/tmp/ipc-a1/run'\n");
    assert_eq!(module.words, "dead: Error: Cannot find module 'run'");
    assert_eq!(module, of("Error: Cannot find module '/tmp/ipc-b22/run'\n"));
    let url = of("error: Module not found \"file:///tmp/ipc-a1/run\".\n");
    assert_eq!(url.words, "dead: error: Module not found \"run\".");
    assert_eq!(of("SyntaxError: at byte 7\n").key, of("SyntaxError: at byte 12\n").key);
}
