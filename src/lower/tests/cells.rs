//! Cells nobody has thought of: random equations as a user would write them, checked, lowered, and compared with the
//! interpreter, results and gradients.

use proptest::prelude::*;

use super::*;
use crate::check::{NoFiles, check as check_text};
use crate::ir::{Model, Symbol};
use crate::passes::bind;
use crate::random::Random;

/// Writes equations over values of size `H`; every parameter it mentions is declared and used once.
pub(super) struct Equations {
    random: Random,
    parameters: Vec<&'static str>,
    /// What an equation may read.
    names: Vec<String>,
}

impl Equations {
    /// A parameter of this shape.
    fn parameter(&mut self, shape: &'static str) -> String {
        self.parameters.push(shape);
        format!("p{}", self.parameters.len() - 1)
    }

    fn expression(&mut self, depth: usize) -> String {
        if depth == 0 {
            return match self.random.below(4) {
                0 => format!("{} @ x", self.parameter("[H, I]")),
                1 => self.parameter("[H]"),
                _ => self.names[self.random.below(self.names.len())].clone(),
            };
        }
        let a = self.expression(depth - 1);
        match self.random.below(9) {
            0 => format!("tanh({a})"),
            1 => format!("sigmoid({a})"),
            2 | 3 => format!("({a}) * ({})", self.expression(depth - 1)),
            4 | 5 => format!("{a} + {}", self.expression(depth - 1)),
            6 => format!("0.5 - ({a})"),
            7 => format!("sum({a}) * ({})", self.expression(depth - 1)),
            _ => format!("{} @ ({a})", self.parameter("[H, H]")),
        }
    }

    /// A whole cell of one or two states, over texts.
    pub fn cell(seed: u64) -> String {
        Self::cell_of(seed, &["h"], &["c"])
    }

    /// A whole cell of one or two states, which may be spoken of as `of_h` and `of_c`.
    pub fn cell_of(seed: u64, of_h: &[&str], of_c: &[&str]) -> String {
        let names = of_h.iter().map(|name| (*name).to_owned()).collect();
        let mut equations = Self { random: Random::new(seed, &[]), parameters: vec![], names };
        let two = equations.random.below(2) == 1;
        let mut body = String::new();
        if two {
            equations.names.extend(of_c.iter().map(|name| (*name).to_owned()));
            body += &format!("  c' = sigmoid({})\n", equations.expression(2));
            equations.names.push("c'".to_owned());
        }
        body += &format!("  let inner = {}\n", equations.expression(2));
        let (input, rest) = (equations.parameter("[H, I]"), equations.expression(2));
        body += &format!("  h' = tanh({input} @ x + inner + {rest})\n");
        let declared = equations.parameters.iter().enumerate().map(|(i, shape)| format!("  param p{i} : {shape}\n"));
        let states = if two { "h: [H], c: [H]" } else { "h: [H]" };
        format!("cell odd(x: [I]; {states}) {{\n{}{body}}}\n", declared.collect::<String>())
    }
}

/// A model around the cell, every size and weight known.
pub(super) fn built(text: &str, seed: u64) -> (Builder, NodeId) {
    let checked = check_text("test.rnn", text, &mut NoFiles);
    let messages: Vec<&String> = checked.diagnostics.iter().map(|diagnostic| &diagnostic.message).collect();
    let model: Option<Model> = checked.program.and_then(|program| program.model);
    let model = model.unwrap_or_else(|| panic!("{messages:?} in\n{text}"));
    let size = |symbol: &Symbol| match symbol {
        Symbol::Vocabulary(_) => Some(VOCABULARY),
        Symbol::Classes(_) => Some(2),
        _ => None,
    };
    let mut graph = bind(&model.graph, &size).expect("all sizes are known");
    // A state that nothing reads is frozen; its gradient is to be zero all the same.
    graph.parameters.iter_mut().for_each(|parameter| parameter.trainable = true);
    let shapes = Network::shapes(&graph, &size).expect("all sizes are known");
    let mut random = Random::new(seed, &[1]);
    let mut draw = |shape: Vec<usize>| (0..shape.iter().product()).map(|_| random.uniform() as f32 - 0.5).collect();
    let mut builder = Builder::new(seed);
    builder.values = shapes.into_iter().map(&mut draw).collect();
    builder.graph = graph;
    (builder, model.logits)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_cell_has_the_results_and_gradients_of_its_equations(seed in any::<u64>(), reverse: bool) {
        let text = format!(
            "{}model M(text: words[T]) -> class[C] {{\n  text |> embedding(2) |> odd(3, reverse = {reverse}) \
             |> mean_over_time |> dense(C) |> softmax\n}}",
            Equations::cell(seed)
        );
        let (builder, logits) = built(&text, seed);
        check(&builder, logits);
    }
}
