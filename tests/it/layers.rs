//! Every layer of the library against PyTorch: results and gradients, the three texts of the tables in one padded batch.
//! The tables ran each text alone, so this also shows that padding changes nothing.

use std::collections::BTreeMap;

use candle_core::{Device, Tensor};
use rnnc::data::Tokens;
use rnnc::lower::{Mode, Network};

use crate::layer_tables::{CASES, Case};
use crate::network::{assert_close, classifier, forward, model, network, numbers, places, result_of, sizes};

/// How a case of the tables is written in the language, and what its parameters are called here.
pub struct Written {
    /// Layers that the stages use.
    pub definitions: String,
    /// What stands after the embedding; the last one is under test.
    pub stages: String,
    /// Whether it leaves the time axis.
    pub sequence: bool,
    /// Where the texts are trees: the parents of the nodes of a tree of so many.
    pub trees: Option<fn(usize) -> Vec<u32>>,
    /// From PyTorch's name of a parameter to ours.
    pub name: Box<dyn Fn(&str) -> String>,
}

fn sequence(stages: &str, name: fn(&str) -> String) -> Written {
    Written { definitions: String::new(), stages: stages.to_owned(), sequence: true, trees: None, name: Box::new(name) }
}

fn vector(stages: &str, name: fn(&str) -> String) -> Written {
    Written { sequence: false, ..sequence(stages, name) }
}

fn defined(definitions: &str, written: Written) -> Written {
    Written { definitions: definitions.to_owned(), ..written }
}

/// Of layers without parameters.
fn no(name: &str) -> String {
    panic!("`{name}` has no counterpart")
}

fn written(case: &str) -> Written {
    match case {
        "rnn_tanh" => sequence("rnn(3)", |n| format!("rnn.{n}")),
        "rnn_relu" => sequence("rnn(3, nonlinearity = relu)", |n| format!("rnn.{n}")),
        "rnn_sigmoid" => sequence("rnn(3, nonlinearity = sigmoid)", |n| format!("rnn.{n}")),
        "lstm" => sequence("lstm(3)", |n| format!("lstm.{n}")),
        "gru" => sequence("gru(3)", |n| format!("gru.{n}")),
        "rnn_tanh_reverse" => sequence("rnn(3, reverse = true)", |n| format!("rnn.{n}_reverse")),
        "rnn_relu_reverse" => sequence("rnn(3, nonlinearity = relu, reverse = true)", |n| format!("rnn.{n}_reverse")),
        "rnn_sigmoid_reverse" => {
            sequence("rnn(3, nonlinearity = sigmoid, reverse = true)", |n| format!("rnn.{n}_reverse"))
        }
        "lstm_reverse" => sequence("lstm(3, reverse = true)", |n| format!("lstm.{n}_reverse")),
        "gru_reverse" => sequence("gru(3, reverse = true)", |n| format!("gru.{n}_reverse")),
        "lstm_two_layers" => sequence("lstm(3, num_layers = 2)", |n| format!("lstm.{n}")),
        "birnn" => sequence("birnn(3)", |n| format!("birnn.{n}")),
        "bilstm" => sequence("bilstm(3)", |n| format!("bilstm.{n}")),
        "bigru" => sequence("bigru(3)", |n| format!("bigru.{n}")),
        "bilstm_two_layers" => sequence("bilstm(3, num_layers = 2)", |n| format!("bilstm.{n}")),
        "bilstm_final" => vector("bilstm(3) |> final", |n| format!("bilstm.{n}")),
        "lstm_last" => vector("lstm(3) |> last", |n| format!("lstm.{n}")),
        "dense" => sequence("dense(5)", |n| format!("dense.{n}")),
        "max_over_time" => vector("max_over_time", no),
        "mean_over_time" => vector("mean_over_time", no),
        "softmax" => sequence("softmax", no),
        "attention" => vector("attention(3)", attention),
        "recurrent_conv" => sequence("recurrent_conv(2, 3)", recurrent_conv),
        "relu" => sequence("relu", no),
        "sigmoid" => sequence("sigmoid", no),
        "tanh" => sequence("tanh", no),
        "rnn_relu_two_layers" => sequence("rnn(3, nonlinearity = relu, num_layers = 2)", |n| format!("rnn.{n}")),
        "lstm_three_layers" => sequence("lstm(3, num_layers = 3)", |n| format!("lstm.{n}")),
        "gru_two_layers" => sequence("gru(3, num_layers = 2)", |n| format!("gru.{n}")),
        "gru_two_layers_reverse" => sequence("gru(3, num_layers = 2, reverse = true)", |n| format!("gru.{n}_reverse")),
        "birnn_two_layers" => sequence("birnn(3, num_layers = 2)", |n| format!("birnn.{n}")),
        "bigru_two_layers" => sequence("bigru(3, num_layers = 2)", |n| format!("bigru.{n}")),
        "gru_reverse_final" => vector("gru(3, reverse = true) |> final", |n| format!("gru.{n}_reverse")),
        "first" => vector("first", no),
        "sum_over_time" => vector("sum_over_time", no),
        "shift" => sequence("shift(2)", no),
        "shift_back" => sequence("shift(-1)", no),
        "concat" => defined(
            "layer joined(x: [T, I]) -> [T, 3*I] { concat(x |> tanh, x, x |> sigmoid) }",
            sequence("joined", no),
        ),
        "weighted_sum_of_mean" => {
            defined("layer weighted(x: [T, I]) -> [I] { x |> weighted_sum(x |> mean) }", vector("weighted", no))
        }
        "weighted_sum_of_sum" => {
            defined("layer weighted(x: [T, I]) -> [I] { x |> weighted_sum(x |> sum) }", vector("weighted", no))
        }
        "weighted_sum_of_max" => {
            defined("layer weighted(x: [T, I]) -> [I] { x |> weighted_sum(x |> max) }", vector("weighted", no))
        }
        "softmax_over_time" => {
            defined("layer weighted(x: [T, I]) -> [I] { x |> weighted_sum(softmax(x |> sum)) }", vector("weighted", no))
        }
        "exp" => sequence("exp", no),
        "abs" => sequence("abs", no),
        "log" => sequence("sigmoid |> log", no),
        "sqrt" => sequence("sigmoid |> sqrt", no),
        _ => panic!("the case `{case}` has no counterpart in the language"),
    }
}

fn attention(name: &str) -> String {
    if name == "query" { "attention.query".to_owned() } else { format!("attention.dense.{name}") }
}

/// The table's reader from the right is a forward layer on the reversed text; ours says so in its name.
fn recurrent_conv(name: &str) -> String {
    let reverse = if name.starts_with("right.") { "_reverse" } else { "" };
    format!("recurrent_conv.{name}{reverse}")
}

/// The texts of the tables.
fn texts() -> Vec<Vec<u32>> {
    let text = |(b, length): (u32, u32)| (0..length).map(|t| 2 + (3 * b + 2 * t) % 7).collect();
    [(0, 5), (1, 3), (2, 1)].map(text).to_vec()
}

/// The weights of the tables: element `i` of parameter number `p`.
fn weight(p: usize, i: usize) -> f32 {
    (0.4 * (1.7 * i as f64 + 0.9 * p as f64 + 0.3).sin()) as f32
}

/// Some stages as a network with the weights of a case.
struct Run {
    network: Network,
    /// Of the parameters of the case, in its order: where they are in the network.
    parameters: Vec<usize>,
    /// The value under test, padded.
    value: Tensor,
    /// Where the numbers of every text stand in it.
    places: Vec<Vec<usize>>,
}

impl Run {
    fn new(case: &Case, written: &Written, stages: &str, mode: Mode) -> Self {
        let head = if written.sequence { " |> max_over_time" } else { "" };
        let mut text = classifier(&written.definitions, &format!("{stages}{head}"));
        if written.trees.is_some() {
            text = text.replace("text  : words", "text  : tree");
        }
        let mut graph = model(&text).graph;
        let last = stages.rsplit("|> ").next().unwrap_or_default().split('(').next().unwrap_or_default();
        let node = result_of(&graph, last);
        // The last dense layer is there only because a model ends in one: no result of interest depends on it.
        let own = graph.parameters.len() - 2;
        graph.parameters[own..].iter_mut().for_each(|parameter| parameter.trainable = false);
        assert_eq!(own, case.gradients.len(), "{}: the parameters of the layer", case.name);

        let find = |torch: &str| {
            let name = if torch == "embedding.weight" { torch.to_owned() } else { (written.name)(torch) };
            let place = graph.parameters[..own].iter().position(|parameter| parameter.name == name);
            place.unwrap_or_else(|| panic!("{}: there is no `{name}`", case.name))
        };
        let parameters: Vec<usize> = case.gradients.iter().map(|gradient| find(gradient.name)).collect();
        let number = |place: usize| parameters.iter().position(|p| *p == place);
        let network = network(&graph, &sizes(9, 2), |p, i| number(p).map_or(0.0, |p| weight(p, i)));
        let value = match written.trees {
            Some(parents) => {
                let parents: Vec<_> = texts().iter().map(|text| parents(text.len())).collect();
                let tokens = BTreeMap::from([("text".to_owned(), Tokens::from_trees(&texts(), &parents))]);
                network.forward(&[node], &tokens, mode).expect("a sound graph").remove(0)
            }
            None => forward(&network, node, &texts(), mode),
        };
        let places = places(graph.node(node), &value, &texts());
        Self { network, parameters, value, places }
    }

    /// The largest distance from the results of the case.
    fn error(&self, case: &Case) -> f64 {
        let values = numbers(&self.value);
        let error = |(places, expected): (&Vec<usize>, &&[f64])| {
            assert_eq!(places.len(), expected.len(), "{}", case.name);
            let errors =
                places.iter().zip(*expected).map(|(place, expected)| (f64::from(values[*place]) - expected).abs());
            errors.fold(0.0, f64::max)
        };
        self.places.iter().zip(case.results).map(error).fold(0.0, f64::max)
    }

    /// The loss of the tables: true places only.
    fn loss(&self) -> Tensor {
        let mut coefficients = vec![0f32; self.value.elem_count()];
        for places in &self.places {
            places.iter().enumerate().for_each(|(k, place)| coefficients[*place] = (0.5 * k as f64 + 0.1).cos() as f32);
        }
        let coefficients = Tensor::from_vec(coefficients, self.value.shape(), &Device::Cpu).expect("a tensor");
        (&self.value * coefficients).and_then(|product| product.sum_all()).expect("a scalar")
    }
}

/// Asserts that results and gradients are those of the case.
pub fn is_pytorch(case: &Case, written: &Written) {
    let run = Run::new(case, written, &written.stages, Mode::Train { seed: 1, step: 0 });
    assert!(run.error(case) < 1e-5, "{}: results differ by {}", case.name, run.error(case));
    let gradients = run.network.gradients(&run.loss()).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    let values = run.network.values().expect("values");
    let len = |place: usize| values[place].len();
    for (place, expected) in run.parameters.iter().zip(case.gradients) {
        let gradient = gradients[*place].as_ref().expect("all of these are trained");
        let gradient: Vec<f64> = gradient.to_whole(len(*place)).into_iter().map(f64::from).collect();
        let (sum, square) = gradient.iter().fold((0.0, 0.0), |(sum, square), g| (sum + g, square + g * g));
        let what = format!("{}: {}", case.name, expected.name);
        assert_close(&what, &[sum, square.sqrt()], &[expected.sum, expected.norm], 1e-5);
        assert_close(&what, &gradient[..expected.first.len()], expected.first, 1e-5);
    }
}

#[test]
fn results_and_gradients_are_those_of_pytorch() {
    CASES.iter().for_each(|case| is_pytorch(case, &written(case.name)));
}

#[test]
fn dropout_between_layers_is_in_training_only() {
    let stacks = [
        ("lstm_two_layers", "lstm(3, num_layers = 2, dropout = 0.5)"),
        ("gru_two_layers", "gru(3, num_layers = 2, dropout = 0.5)"),
        ("gru_two_layers_reverse", "gru(3, num_layers = 2, dropout = 0.5, reverse = true)"),
        ("bigru_two_layers", "bigru(3, num_layers = 2, dropout = 0.5)"),
    ];
    for (name, stages) in stacks {
        let case = CASES.iter().find(|case| case.name == name).expect("a case of the tables");
        let error = |mode| Run::new(case, &written(name), stages, mode).error(case);
        assert!(error(Mode::Evaluate) < 1e-5, "{stages}");
        assert!(error(Mode::Train { seed: 1, step: 0 }) > 1e-2, "{stages} drops nothing in training");
    }
}

#[test]
fn a_cell_read_by_hand_is_the_layer() {
    let same = [
        ("gru_two_layers", "recurrent(gru, 3, num_layers = 2)", (|n| format!("recurrent.{n}")) as fn(&str) -> String),
        ("lstm", "scan(lstm, 3)", |n| n.to_owned()),
        ("rnn_relu_reverse", "scan(rnn(nonlinearity = relu), 3, reverse = true)", |n| format!("{n}_reverse")),
        ("bigru_two_layers", "bidirectional(gru, 3, num_layers = 2, dropout = 0.5)", |n| format!("bidirectional.{n}")),
    ];
    for (name, stages, rename) in same {
        let case = CASES.iter().find(|case| case.name == name).expect("a case of the tables");
        let error = Run::new(case, &sequence(stages, rename), stages, Mode::Evaluate).error(case);
        assert!(error < 1e-5, "{stages}: {error}");
    }
}
