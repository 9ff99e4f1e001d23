//! Asking Node about generated cases, and making one that differs small.

use std::collections::BTreeMap;
use std::fmt;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngSeed, TestRunner, contextualize_config};

use crate::node::Node;

/// Something that Node and `js-value` are asked about.
pub(crate) trait Question: fmt::Debug + Sized {
    /// What Node is asked.
    fn question(&self) -> String;

    /// What `js-value` says to it.
    fn expected(&self) -> String;

    /// Whether this is the right answer.
    fn accepts(&self, answer: &str) -> bool {
        self.expected() == answer
    }

    /// Cases that are smaller in ways the strategy does not know.
    fn smaller(&self) -> Vec<Self> {
        Vec::new()
    }
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
    let mut left = cases;
    let mut batch: Vec<(S::Tree, S::Value)> = Vec::new();
    while left > 0 || !batch.is_empty() {
        // Made while Node answers the last one.
        let next: Vec<_> = (0..BATCH.min(left))
            .map(|_| strategy.new_tree(&mut runner).expect("every case can be generated"))
            .map(|tree| {
                let case = tree.current();
                (tree, case)
            })
            .collect();
        left -= BATCH.min(left);
        let questions: Vec<String> = next.iter().map(|(_, case)| case.question()).collect();
        let answers = node.receive();
        if !questions.is_empty() {
            node.send(&questions);
        }
        for ((tree, case), answer) in std::mem::replace(&mut batch, next).into_iter().zip(answers) {
            if !case.accepts(&answer) {
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
    let mut differs = |case: &T::Value| !case.accepts(&node.ask(&case.question()));
    let mut smallest = tree.current();
    let mut differed = true;
    while if differed { tree.simplify() } else { tree.complicate() } {
        let case = tree.current();
        differed = differs(&case);
        if differed {
            smallest = case;
        }
    }
    while let Some(smaller) = smallest.smaller().into_iter().find(&mut differs) {
        smallest = smaller;
    }
    let question = smallest.question();
    panic!(
        "{smallest:?}\n  question: {question}\n  Node:     {}\n  js-value: {}",
        node.ask(&question),
        smallest.expected()
    );
}
