//! `report`: the same reports again, from the results.

use std::fs;

use predicates::prelude::*;
use predicates::str::{contains, starts_with};

use crate::place::{Place, REPORTS};

fn report(place: &Place, arguments: &[&str]) -> assert_cmd::assert::Assert {
    place.cli([&["report", "--specs", "specs"], arguments].concat()).assert()
}

#[test]
fn the_same_files_again() {
    let place = Place::new();
    place.driver("bad", r#"[ "$ROLE" = child ] && echo '"extra"' >&3"#);
    for (runtime, code) in [("x=./quick", 0), ("x=./bad", 1)] {
        let run = place.run(&["--runtime", runtime]).code(code);
        let before = REPORTS.map(|name| place.read(&format!("out/{name}")));
        for name in &REPORTS[1..] {
            fs::remove_file(place.path("out").join(name)).unwrap();
        }
        let printed = run.get_output().stdout.clone();
        report(&place, &["out"]).code(code).stdout(String::from_utf8(printed).unwrap());
        report(&place, &["out/results.json", "--out", "other/place"]).code(code);
        for (name, text) in REPORTS.iter().zip(before) {
            assert!(place.read(&format!("out/{name}")) == text, "{name} is another");
            assert!(place.read(&format!("other/place/{name}")) == text, "{name} is another");
        }
    }
}

/// The files of CI, a mistake in the path, a run that was killed while it wrote.
#[test]
fn what_is_no_results_file() {
    let place = Place::new();
    place.run(&[]).code(0);
    let good = place.read("out/results.json");
    place.write("cut/results.json", &good[..good.len() / 2]);
    place.write("other/results.json", r#"{"tests": []}"#);
    place.write("text.json", "\u{1b}[31mhello");
    let newer = good.replacen("\"schema\": 2", "\"schema\": 99", 1);
    place.write("newer.json", &newer);
    place.write("file", "");
    for (arguments, message) in [
        (&["none"][..], "failed to read none: No such file"),
        (&["specs"], "failed to read specs/results.json: No such file"),
        (&["cut"], "failed to read cut/results.json: it is cut off after line "),
        (&["other"], "failed to read other/results.json: it is not a results file: "),
        (&["text.json"], "failed to read text.json: it is not a results file: expected value"),
        (&["newer.json"], "its format is version 99, this program reads version 2"),
        (&["out", "--out", "file"], "failed to write file: "),
        (&["out", "--out", "/proc/none"], "failed to write /proc/none: "),
        (&[], "<RESULTS>"),
    ] {
        report(&place, arguments)
            .code(2)
            .stdout("")
            .stderr(starts_with("error: ").and(contains(message)));
    }
}
