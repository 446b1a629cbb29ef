//! The examples a model is probed on: rows of its training data that reach far enough back, or made-up ones.

use crate::cli::{Failure, ProbeArguments, made_up};
use crate::data::{Batch, Split, Streams};
use crate::ir::{Model, Symbol, Target};
use crate::random::Random;

/// Steps to look back where nothing says how many.
const MOST_STEPS: usize = 100;
/// Numbers in one batch of states; more is a slip of the keyboard.
const MOST_TOKENS: usize = 1 << 20;

/// Keeps these random numbers apart from those for other purposes.
const PURPOSE: u64 = u64::from_be_bytes(*b"probing.");

/// Examples that all reach `steps` back.
#[derive(Clone)]
pub struct Examples {
    pub batch: Batch,
    pub steps: usize,
}

impl Examples {
    /// The first rows that have as many tokens as the asked-for steps, in every text the model reads; where nothing is
    /// asked for, as many steps as that number of rows has.
    pub fn of(split: &Split, model: &Model, arguments: &ProbeArguments) -> Result<Self, Failure> {
        let wanted = arguments.batch as usize;
        // The last token of a language model's text has no answer.
        let unread = usize::from(matches!(model.target, Target::Next(_)));
        let length = |row: usize| {
            let steps = model.inputs.iter().map(|field| split.steps(field, row));
            steps.min().unwrap_or(0).saturating_sub(unread)
        };
        let mut lengths: Vec<usize> = (0..split.len()).map(length).collect();
        lengths.sort_unstable_by(|a, b| b.cmp(a));
        let longest = lengths.first().copied().unwrap_or(0);
        if split.continuous && longest > 0 {
            return Self::pieces(split, longest, arguments);
        }
        let steps = match arguments.len {
            Some(len) => len as usize,
            None => lengths.get(wanted - 1).or(lengths.last()).map_or(0, |length| (*length).clamp(1, MOST_STEPS)),
        };
        let rows: Vec<usize> = (0..split.len()).filter(|row| length(*row) >= steps).take(wanted).collect();
        if rows.is_empty() {
            return Err(too_far(split, steps, longest));
        }
        enough(rows.iter().map(|row| length(*row)).max().unwrap_or(0), rows.len())?;
        Ok(Self { batch: split.batch(&rows), steps })
    }

    /// The beginnings of as many equal parts of one long text.
    fn pieces(split: &Split, tokens: usize, arguments: &ProbeArguments) -> Result<Self, Failure> {
        let steps = arguments.len.map_or(MOST_STEPS.min(tokens), |len| len as usize);
        let parts = (arguments.batch as usize).min(tokens / steps);
        enough(steps, parts)?;
        match Streams::new(split, parts, steps).filter(|_| parts > 0) {
            Some(streams) => Ok(Self { batch: streams.piece(0), steps }),
            None => Err(too_far(split, steps, tokens)),
        }
    }

    /// Every token and every class as likely as any other.
    pub fn made_up(
        model: &Model,
        size: &dyn Fn(&Symbol) -> Option<usize>,
        seed: u64,
        arguments: &ProbeArguments,
    ) -> Result<Self, Failure> {
        let batch = arguments.batch as usize;
        let steps = arguments.len.map_or(MOST_STEPS, |len| len as usize);
        enough(steps, batch)?;
        let mut random = Random::new(seed, &[PURPOSE]);
        let texts = made_up::inputs(model, size, batch, steps, &mut random);
        let expected = made_up::expected(&model.target, size, batch, steps, &mut random);
        Ok(Self { batch: Batch { indices: (0..batch).collect(), texts, expected }, steps })
    }
}

fn too_far(split: &Split, steps: usize, longest: usize) -> Failure {
    Failure::input(format!(
        "no row of {} reaches {steps} steps back; the longest has {longest} tokens, so try --len {longest}",
        split.path()
    ))
}

fn enough(steps: usize, batch: usize) -> Result<(), Failure> {
    if steps.saturating_mul(batch) <= MOST_TOKENS {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{batch} examples of {steps} steps are more than the {MOST_TOKENS} that are probed at once; lower --batch"
    )))
}
