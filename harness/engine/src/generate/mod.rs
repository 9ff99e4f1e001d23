//! Messages made by proptest, and plans that carry them.

mod advanced;
mod grammar;
mod identities;
mod isolate;

use ipc_plan::{Recipe, Serialization};
use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

pub use isolate::{Shrunk, shrink};

/// A message that can be made simpler, step by step.
pub type Tree = Box<dyn ValueTree<Value = Recipe>>;

/// How many messages one plan carries in each direction.
pub const BATCH: usize = 250;

/// Makes `count` messages for a channel of this serialization. The first `n` messages of a seed are the same for every `count`.
///
/// # Panics
///
/// Never: the grammar rejects nothing.
pub fn messages(seed: &str, serialization: Serialization, count: usize) -> Vec<Tree> {
    let mut bytes = [0; 32];
    for (index, chunk) in bytes.chunks_mut(4).enumerate() {
        let text = format!("{index}:{seed}");
        chunk.copy_from_slice(&ipc_plan::fnv1a(text.as_bytes()).to_le_bytes());
    }
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let grammar: BoxedStrategy<Recipe> = match serialization {
        Serialization::Json => grammar::message().boxed(),
        Serialization::Advanced => advanced::message().boxed(),
    };
    (0..count)
        .map(|_| -> Tree {
            Box::new(grammar.new_tree(&mut runner).expect("the grammar rejects nothing"))
        })
        .collect()
}

/// Whether `JSON.stringify` gives nothing for the message although `send` accepts it. Node then
/// writes the word `undefined`, which ends the receiver (clause SER-041): such a message would
/// hide all that follow it in its plan.
pub(crate) fn writes_nothing(recipe: &Recipe) -> bool {
    grammar::writes_nothing(recipe)
}
