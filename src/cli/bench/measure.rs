//! Steps of training and of inference on made-up texts, each part of them timed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::Load;
use crate::data::{Expected, PAD, Tokens};
use crate::ir::{CallId, Model, Node, Op, Target, Train};
use crate::kernels::profile::{Account, Profile, charge, record};
use crate::lower::{Loss, LowerError, Mode, Network};
use crate::random::Random;
use crate::train::{Optimizer, initial_values, step};

/// Steps before the first that counts: buffers are allocated, threads started, caches filled.
const WARM_UP: usize = 2;

/// The ids that mean padding and an unknown token.
const RESERVED: usize = 2;

/// The step of median time, of either kind. Its parts add up, which medians of parts would not.
pub struct Measured {
    pub training: Training,
    pub inference: Profile,
    /// The account of the loss.
    pub loss: Account,
}

pub struct Training {
    /// With the loss.
    pub forward: Profile,
    pub backward: Profile,
    pub update: Duration,
}

impl Training {
    pub fn total(&self) -> Duration {
        self.forward.total + self.backward.total + self.update
    }
}

impl Measured {
    pub fn new(model: &Model, train: &Train, load: &Load) -> Result<Self, LowerError> {
        let size = |symbol: &_| load.size(symbol);
        let values = initial_values(&model.graph, &size, train.seed)?;
        let mut optimizer =
            Optimizer::new(&train.optimizer, train.sparse, &values.iter().map(Vec::len).collect::<Vec<_>>());
        let mut network = Network::new(&model.graph, &size, values)?;
        let mut random = Random::new(train.seed, &[]);
        let loss = Some(CallId(model.graph.calls.len()));

        let steps = |run: &mut dyn FnMut() -> Result<(), LowerError>| (0..WARM_UP + load.steps).try_for_each(|_| run());
        let mut training = Vec::new();
        steps(&mut || {
            let texts = texts(model, load, &mut random);
            let expected = expected(model, load, &mut random);
            training.push(one_step(&mut network, &mut optimizer, model, train, &texts, &expected, loss)?);
            Ok(())
        })?;
        let mut inference = Vec::new();
        steps(&mut || {
            let texts = texts(model, load, &mut random);
            let (result, profile) = record(|| network.forward(&[model.output], &texts, Mode::Evaluate));
            result?;
            inference.push(profile);
            Ok(())
        })?;
        let training = median(training, Training::total);
        let inference = median(inference, |profile| profile.total);
        let none = || LowerError::new("there was no step to time");
        Ok(Self { training: training.ok_or_else(none)?, inference: inference.ok_or_else(none)?, loss })
    }
}

/// A step as training makes it.
fn one_step(
    network: &mut Network,
    optimizer: &mut Optimizer,
    model: &Model,
    train: &Train,
    texts: &BTreeMap<String, Tokens>,
    expected: &Expected,
    loss: Account,
) -> Result<Training, LowerError> {
    let started = Instant::now();
    step::settle_rows(network, optimizer, texts)?;
    let settling = started.elapsed();
    let mode = Mode::Train { seed: train.seed, step: optimizer.steps() };
    let (mean, forward) = record(|| {
        let logits = network.forward(&[model.logits], texts, mode)?;
        let minimised = Loss { class_weights: None, label_smoothing: train.label_smoothing };
        charge(loss, || minimised.mean(&logits[0], expected))
    });
    let mean = mean?;
    let (gradients, backward) = record(|| network.gradients(&mean));
    let mut gradients = gradients?;
    drop(mean);
    let started = Instant::now();
    let norm = step::norm(&gradients);
    step::update(network, optimizer, &mut gradients, norm, train.clip, train.learning_rate)?;
    Ok(Training { forward, backward, update: settling + started.elapsed() })
}

/// A batch of texts of one length, a token as likely as any other; or of trees with so many nodes, as even as they can be, with
/// words at their leaves.
fn texts(model: &Model, load: &Load, random: &mut Random) -> BTreeMap<String, Tokens> {
    let mut tokens = |tree: bool| {
        let mut word = || (RESERVED + random.below(load.vocabulary - RESERVED)) as u32;
        // As in a heap, the children of node n are the nodes 2n + 1 and 2n + 2.
        let id = |i: usize| if tree && 2 * (i / load.batch) + 1 < load.len { PAD } else { word() };
        let ids = (0..load.len * load.batch).map(id).collect();
        let parent = |i: usize| ((i / load.batch).saturating_sub(1) / 2) as u32;
        let parents = if tree { (0..load.len * load.batch).map(parent).collect() } else { Vec::new() };
        Tokens { ids, steps: load.len, lengths: vec![load.len as u32; load.batch], parents }
    };
    let input = |field: &String| {
        let is_input = |node: &&Node| node.op == Op::Input(field.clone());
        (field.clone(), tokens(model.graph.nodes.iter().find(is_input).is_some_and(|node| node.ty.is_tree())))
    };
    model.inputs.iter().map(input).collect()
}

/// Answers as likely as any other, one a row of the scores.
fn expected(model: &Model, load: &Load, random: &mut Random) -> Expected {
    let (rows, choices) = match model.target {
        Target::Class(_) => (load.batch, load.classes),
        Target::Tags { .. } => (load.len * load.batch, load.classes),
        Target::Next(_) => (load.len * load.batch, load.vocabulary),
        Target::Number(_) => return Expected::Numbers(vec![0.0; load.batch]),
    };
    Expected::Classes((0..rows).map(|_| random.below(choices) as u32).collect())
}

/// The step of median time among those after the warm-up.
fn median<S>(mut steps: Vec<S>, time: impl Fn(&S) -> Duration) -> Option<S> {
    steps.drain(..WARM_UP.min(steps.len()));
    steps.sort_by_key(time);
    let middle = steps.len() / 2;
    (middle < steps.len()).then(|| steps.swap_remove(middle))
}
