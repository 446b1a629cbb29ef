//! Whose loss is followed back: the one answer of every example that stands where a reading ends.

use crate::data::{Batch, Expected, IGNORED};

/// From which end of the sequence a recurrence reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    Forward,
    Backward,
}

/// What is asked of a batch if every example is asked once: the only answer; of an answer for every step the last, or the
/// first for a reading that ends there.
pub fn at_the_end(batch: &Batch, reading: Reading) -> Expected {
    match &batch.expected {
        Expected::Classes(classes) => Expected::Classes(one_an_example(classes, batch.indices.len(), reading)),
        numbers @ Expected::Numbers(_) => numbers.clone(),
    }
}

/// Of time-major answers, one that is asked of every example.
fn one_an_example(classes: &[u32], examples: usize, reading: Reading) -> Vec<u32> {
    let mut kept = vec![IGNORED; classes.len()];
    for example in 0..examples {
        let mut places = (example..classes.len()).step_by(examples).filter(|place| classes[*place] != IGNORED);
        let place = match reading {
            Reading::Forward => places.next_back(),
            Reading::Backward => places.next(),
        };
        if let Some(place) = place {
            kept[place] = classes[place];
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_answer_an_example_stays() {
        let x = IGNORED;
        // Three steps of two examples, the second one step long.
        let classes = [0, 7, 1, x, 2, x];
        assert_eq!(one_an_example(&classes, 2, Reading::Forward), [x, 7, x, x, 2, x]);
        assert_eq!(one_an_example(&classes, 2, Reading::Backward), [0, 7, x, x, x, x]);
        assert_eq!(one_an_example(&[3, 4], 2, Reading::Forward), [3, 4]);
    }
}
