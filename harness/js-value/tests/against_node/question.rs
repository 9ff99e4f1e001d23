//! Asking Node about generated cases, and making one that differs small.

use std::collections::BTreeMap;
use std::fmt;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngSeed, TestRunner, contextualize_config};

use crate::node::Node;

/// Something that Node and `js-value` are asked about.
pub(crate) trait Question: fmt::Debug {
    /// What Node is asked.
    fn question(&self) -> String;

    /// What `js-value` says to it.
    fn expected(&self) -> String;
}

/// So many questions are asked at once.
const BATCH: u32 = 250;

/// Asks about so many cases, the same in each run unless `PROPTEST_RNG_SEED` and `PROPTEST_CASES`
/// say otherwise. Fails with the smallest case that differs. Returns how often which kind of answer
/// was given, in thousandths.
pub(crate) fn compare<S>(node: &mut Node, cases: u32, strategy: &S) -> BTreeMap<&'static str, u32>
where
    S: Strategy<Value: Question>,
{
    let config = Config { cases, rng_seed: RngSeed::Fixed(0), ..Config::default() };
    let mut runner = TestRunner::new(contextualize_config(config));
    let cases = runner.config().cases;
    let mut kinds = BTreeMap::new();
    let mut asked = 0;
    while asked < cases {
        let trees: Vec<_> = (0..BATCH.min(cases - asked))
            .map(|_| strategy.new_tree(&mut runner).expect("every case can be generated"))
            .collect();
        asked += BATCH;
        let current: Vec<S::Value> = trees.iter().map(ValueTree::current).collect();
        let questions: Vec<String> = current.iter().map(Question::question).collect();
        let answers = node.ask(&questions);
        for ((tree, case), answer) in trees.into_iter().zip(current).zip(answers) {
            if case.expected() != answer {
                fail(node, tree);
            }
            *kinds.entry(kind(&answer)).or_insert(0) += 1;
        }
    }
    for count in kinds.values_mut() {
        *count = *count * 1000 / cases;
    }
    kinds
}

fn kind(answer: &str) -> &'static str {
    match answer.as_bytes() {
        [b'!', ..] => "thrown",
        b"undefined" => "undefined",
        _ => "text",
    }
}

/// Makes a case that differs as small as it goes and shows it.
fn fail<T: ValueTree<Value: Question>>(node: &mut Node, mut tree: T) -> ! {
    let mut smallest = tree.current();
    let mut differs = true;
    while if differs { tree.simplify() } else { tree.complicate() } {
        let case = tree.current();
        differs = case.expected() != node.ask(&[case.question()])[0];
        if differs {
            smallest = case;
        }
    }
    let questions = [smallest.question()];
    panic!(
        "{smallest:?}\n  question: {}\n  Node:     {}\n  js-value: {}",
        questions[0],
        node.ask(&questions)[0],
        smallest.expected()
    );
}
