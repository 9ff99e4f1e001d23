//! From a message that differs to the smallest one that does.

use ipc_plan::Recipe;

use super::{Tree, writes_nothing};

/// The smallest message found.
#[derive(Clone, Debug, PartialEq)]
pub struct Shrunk {
    /// The message.
    pub message: Recipe,
    /// How many messages were tried.
    pub tries: u32,
}

/// Makes the message simpler as long as `differs` says that it still differs, with at most
/// `budget` tries.
pub fn shrink(tree: &mut Tree, budget: u32, mut differs: impl FnMut(&Recipe) -> bool) -> Shrunk {
    let mut smallest = tree.current();
    let mut tries = 0;
    let mut more = tree.simplify();
    while more && tries < budget {
        let candidate = tree.current();
        // A message that ends its receiver differs for another reason.
        let fails = candidate != smallest && !writes_nothing(&candidate) && {
            tries += 1;
            differs(&candidate)
        };
        more = if fails {
            smallest = candidate;
            tree.simplify()
        } else if candidate == smallest {
            tree.simplify()
        } else {
            tree.complicate()
        };
    }
    Shrunk { message: smallest, tries }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::messages;
    use ipc_plan::Serialization;

    #[test]
    fn shrinks_to_the_part_that_differs() {
        let holds = |recipe: &Recipe| recipe_text(recipe).contains("\"date\"");
        let mut found = 0;
        for mut tree in messages("isolate", Serialization::Json, 300) {
            if !holds(&tree.current()) {
                continue;
            }
            found += 1;
            let shrunk = shrink(&mut tree, 200, holds);
            assert!(holds(&shrunk.message));
            assert!(recipe_text(&shrunk.message).len() < 300, "{:?}", shrunk.message);
        }
        assert!(found > 3, "only {found} messages held a date");
    }

    #[test]
    fn a_seed_repeats_its_messages() {
        let texts = |count| -> [Vec<String>; 2] {
            let trees = Serialization::ALL.map(|s| messages("s", s, count));
            trees.map(|trees| trees.iter().map(|tree| recipe_text(&tree.current())).collect())
        };
        let (few, many) = (texts(50), texts(80));
        assert_eq!(few, many.map(|texts| texts[..50].to_vec()));
    }

    fn recipe_text(recipe: &Recipe) -> String {
        serde_json::to_string(recipe).unwrap()
    }
}
