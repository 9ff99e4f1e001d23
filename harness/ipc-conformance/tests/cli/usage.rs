//! Wrong usage and configuration: exit code 2 and what to do about it.

use std::fs;

use predicates::prelude::*;
use predicates::str::{contains, starts_with};

use crate::place::Place;

/// Arguments of a quick run, and what stderr says.
#[test]
fn options_that_make_no_sense() {
    let place = Place::new();
    place.driver("other", "");
    for (arguments, message) in [
        (&["--frobnicate"][..], "unexpected argument '--frobnicate'"),
        (&["--jobs", "0"], "0 is not in 1..=256"),
        (&["--generate", "many"], "invalid value 'many'"),
        (&["--repeat", "0"], "0 is not in 1..=1000"),
        (&["--level", "maybe"], "[possible values: must, should, impl]"),
        (&["--filter", "life-helo"], "matches `life-helo`; did you mean `life-hello`?"),
        (&["--filter", "x*"], "matches `x*`"),
        (&["--shard", "3/2"], "`3/2` is not a shard: expected I/N"),
        (&["--requirement-set", "deno-2"], "expected a Node major, such as `node-24`"),
        (&["--requirement-set", "node-17"], "no case is selected"),
        (&["--pairs", "quick"], "`quick` is not of the form PARENT:CHILD"),
        (&["--pairs", "quick:bun"], "names `bun`, which is none of quick, node"),
        (&["--runtime", "a=./quick", "--runtime", "a=./quick"], "two runtimes have the name a"),
        (&["--runtime", "a:b=./quick"], "a name consists of letters"),
        (&["--runtime", "graal"], "say how it is started with `--runtime graal=COMMAND`"),
        (&["--runtime", "a=./quick 'x"], "has an open quote"),
        (&["--runtime", "a="], "has an open quote or no words"),
        (&["--runtime", "node=./other"], "the name node is the reference's"),
        (&["--update-expectations"], "--expectations <FILE>"),
        (&["--expectations", "no/such.toml"], "failed to read no/such.toml"),
        (&["--specs", "no/such"], "failed to read no/such/clauses"),
    ] {
        place
            .run(arguments)
            .code(2)
            .stdout("")
            .stderr(starts_with("error: ").and(contains(message)));
    }
}

#[test]
fn folders_that_cannot_be_written() {
    let place = Place::new();
    place.write("file", "");
    fs::create_dir(place.path("folder")).unwrap();
    for out in ["file", "file/below", "/proc/none"] {
        let message = format!("failed to write to the output folder {out}; name another");
        place.run(&["--out", out]).code(2).stdout("").stderr(contains(message));
    }
    place.run(&["--regressions", "file"]).code(2).stderr(contains("stored plans file"));
    place
        .run(&["--expectations", "folder", "--update-expectations"])
        .code(2)
        .stderr(contains("failed to write to folder"));
}
