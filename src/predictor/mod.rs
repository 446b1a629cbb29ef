//! A trained model in memory: its program, vocabulary, labels and weights. Texts in, answers out.
//!
//! Training changes the weights from outside; reading and writing files is [`load`] and the artifact room.

mod analysis;
mod attention;
mod evaluate;
mod generate;
mod golden;
mod load;
mod metrics;
mod predict;
mod table;
mod tally;
mod trace;

use std::collections::BTreeMap;

use crate::data::{Labels, Tokenizer, Vocabulary};
use crate::ir::{Data, FieldKind, Model, Program, Symbol, Target};
use crate::lower::{Loss, LowerError, Network};

pub use analysis::{Analysis, Bin, Mistake, Stretch, analyse};
pub use attention::{Attention, Weights};
pub use evaluate::evaluate;
pub use generate::Generator;
pub use golden::golden;
pub use load::{LoadError, Named, load, tensors};
pub use metrics::{ClassMetrics, Confusion, Evaluation, Figures};
pub use predict::{Encoded, Prediction, check_children};
pub(crate) use table::{percent, thousands};
pub use tally::{Tally, right};
pub use trace::{Blame, Reading, Steps, TextTrace};

pub struct Predictor {
    pub model: Model,
    pub data: Data,
    pub vocabularies: BTreeMap<String, Vocabulary>,
    /// The classes, where the target has some.
    pub labels: Option<Labels>,
    pub sizes: Sizes,
    pub network: Network,
    /// What training minimises and evaluation reports.
    pub loss: Loss,
}

impl Predictor {
    /// Puts a checked program together with what came from its data; `values` are the weights in the model's order.
    /// Class weights, which may come from data too, are for the caller to put into `loss`.
    pub fn new(
        program: &Program,
        vocabularies: BTreeMap<String, Vocabulary>,
        labels: Option<Labels>,
        sizes: Sizes,
        values: Vec<Vec<f32>>,
    ) -> Result<Self, LowerError> {
        let missing = |what: &str| LowerError::new(format!("the program has no {what}"));
        let model = program.model.clone().ok_or_else(|| missing("model"))?;
        let data = program.data.clone().ok_or_else(|| missing("data"))?;
        let network = Network::new(&model.graph, &|symbol| sizes.get(symbol), values)?;
        let loss = Loss { class_weights: None, label_smoothing: program.train.label_smoothing };
        Ok(Self { model, data, vocabularies, labels, sizes, network, loss })
    }

    /// How the text field `name` is cut into tokens.
    pub fn tokenizer(&self, name: &str) -> Option<Tokenizer> {
        match &self.data.field(name)?.kind {
            FieldKind::Text(text) => Some(Tokenizer::new(text)),
            _ => None,
        }
    }
}

/// The values of the sizes that come from data, by the way the language writes them: `vocabulary(text)`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sizes(pub BTreeMap<String, usize>);

impl Sizes {
    /// What the vocabularies and labels fix.
    pub fn of(vocabularies: &BTreeMap<String, Vocabulary>, target: &Target, labels: Option<&Labels>) -> Self {
        let mut sizes = Self::default();
        for (field, vocabulary) in vocabularies {
            sizes.set(&Symbol::Vocabulary(field.as_str().into()), vocabulary.len());
        }
        if let Some(labels) = labels {
            sizes.set(&Symbol::Classes(target.field().into()), labels.len());
        }
        sizes
    }

    pub fn set(&mut self, symbol: &Symbol, value: usize) {
        self.0.insert(symbol.key(), value);
    }

    pub fn get(&self, symbol: &Symbol) -> Option<usize> {
        self.0.get(&symbol.key()).copied()
    }
}
