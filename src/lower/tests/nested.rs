//! Texts of sentences: every sentence is read as if it were a text by itself, and a document does not see its batch.

use proptest::prelude::*;

use super::padding::{random_features, summary};
use super::*;
use crate::ir::{BinaryOp, Op, ParameterId, UnaryOp};

type Document = Vec<Vec<u32>>;

/// Documents of sentences, some of them empty, none of them nothing but empty sentences.
fn documents() -> impl Strategy<Value = Vec<Document>> {
    let sentence = || prop::collection::vec(0..VOCABULARY as u32, 0..5);
    let document = (prop::collection::vec(sentence(), 0..5), prop::collection::vec(0..VOCABULARY as u32, 1..4));
    let document = document.prop_map(|(sentences, last)| [sentences, vec![last]].concat());
    prop::collection::vec(document, 1..5)
}

fn batch(documents: &[Document]) -> BTreeMap<String, Tokens> {
    BTreeMap::from([("text".to_owned(), Tokens::from_documents(documents))])
}

fn numbers(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().and_then(|flat| flat.to_vec1()).expect("numbers")
}

/// `[.., width]` values at the true sentences, document by document, of a result `[S, B, width]`.
fn sentences<'a>(result: &'a [f32], documents: &'a [Document], width: usize) -> Vec<&'a [f32]> {
    let place = |s: usize, b: usize| (s * documents.len() + b) * width;
    let of = |(b, document): (usize, &Document)| (0..document.len()).map(move |s| place(s, b)).collect::<Vec<_>>();
    documents.iter().enumerate().flat_map(of).map(|start| &result[start..start + width]).collect()
}

fn close(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-5 * a.abs().max(1.0))
}

/// Asks for the gradients only of what the output depends on.
fn train_what_is_used(b: &mut Builder, output: NodeId) {
    let mut used = vec![false; b.graph.nodes.len()];
    used[output.0] = true;
    let mut parameters = Vec::new();
    for (i, node) in b.graph.nodes.iter().enumerate().rev().filter(|(i, _)| *i <= output.0) {
        if used[i] {
            node.inputs.iter().for_each(|input| used[input.0] = true);
            let of_cell = if let Op::Scan { cell, .. } = node.op { &b.graph.cells[cell.0].nodes[..] } else { &[] };
            let id = |node: &crate::ir::Node| if let Op::Parameter(id) = node.op { Some(id) } else { None };
            parameters.extend(of_cell.iter().chain([node]).filter_map(id));
        }
    }
    for (i, parameter) in b.graph.parameters.iter_mut().enumerate() {
        parameter.trainable = parameters.contains(&ParameterId(i));
    }
}

/// From sentences `[S, 2]` to features of the document: read in order, then one of the ways to sum up.
fn read_sentences(b: &mut Builder, sentences: NodeId, kind: usize) -> NodeId {
    let cell = b.cell(2, &[3], |c| {
        let (input, recurrent) = (c.dense(c.x(), 2, 3), c.dense(c.state(0), 3, 3));
        let sum = c.node(Op::Binary(BinaryOp::Add), &[input, recurrent]);
        vec![c.node(Op::Unary(UnaryOp::Tanh), &[sum])]
    });
    let table = b.parameter(&[3, 2]);
    let times = b.node(Op::ByDistance, &[table, sentences]);
    let timed = b.node(Op::Binary(BinaryOp::Add), &[sentences, times]);
    let read = b.scan(cell, kind.is_multiple_of(2), timed);
    summary(b, read, kind)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_sentence_is_read_like_a_text(seed in 0u64..1_000_000, documents in documents()) {
        let mut nested = Builder::of_documents(seed);
        let of_sentences = random_features(&mut nested, seed);
        let mut flat = Builder::new(seed);
        let of_texts = random_features(&mut flat, seed);
        prop_assert_eq!(&nested.values, &flat.values);
        train_what_is_used(&mut nested, of_sentences);
        train_what_is_used(&mut flat, of_texts);

        let (nested, flat) = (network(&nested), network(&flat));
        let mode = Mode::Train { seed, step: 0 };
        let texts = documents.concat();
        let result = nested.forward(&[of_sentences], &batch(&documents), mode).unwrap().remove(0);
        let expected = flat.forward(&[of_texts], &tokens(&texts), mode).unwrap().remove(0);
        let (seen, numbers) = (numbers(&result), numbers(&expected));
        for (seen, expected) in sentences(&seen, &documents, 2).iter().zip(numbers.chunks(2)) {
            prop_assert!(close(seen, expected), "{seen:?} is not {expected:?}");
        }

        // The same gradient at the same sentence leads to the same gradients of the weights; padding gets none.
        let factors: Vec<f32> = (0..numbers.len()).map(|i| coefficient(i, 3) as f32).collect();
        let mut spread = vec![0f32; seen.len()];
        let mut places: Vec<usize> = Vec::new();
        for (b, document) in documents.iter().enumerate() {
            places.extend((0..document.len()).flat_map(|s| (0..2).map(move |f| (s, f))).map(|(s, f)| (s * documents.len() + b) * 2 + f));
        }
        places.iter().zip(&factors).for_each(|(place, factor)| spread[*place] = *factor);
        let gradients = |network: &Network, result: &Tensor, factors: Vec<f32>| {
            let factors = Tensor::from_vec(factors, result.shape(), &Device::Cpu).unwrap();
            network.gradients(&(result * factors).unwrap().sum_all().unwrap()).unwrap()
        };
        let seen = gradients(&nested, &result, spread);
        for (seen, expected) in seen.iter().zip(gradients(&flat, &expected, factors)) {
            let whole = |gradient: &Option<_>| gradient.as_ref().map_or(Vec::new(), |g: &crate::lower::Gradient| g.to_whole(21));
            let (seen, expected) = (whole(seen), whole(&expected));
            prop_assert!(seen.iter().zip(&expected).all(|(a, b)| (a - b).abs() <= 1e-4 * a.abs().max(1.0)), "{seen:?} is not {expected:?}");
        }
    }

    #[test]
    fn a_document_does_not_see_its_batch(seed in 0u64..1_000_000, kind in 0usize..6, documents in documents()) {
        let mut b = Builder::of_documents(seed);
        let of_sentences = random_features(&mut b, seed);
        let read = read_sentences(&mut b, of_sentences, kind);
        let output = b.dense(read, 2);
        let network = network(&b);
        let result = |documents: &[Document]| {
            numbers(&network.forward(&[output], &batch(documents), Mode::Evaluate).unwrap()[0])
        };
        for (document, together) in documents.iter().zip(result(&documents).chunks(2)) {
            let alone = result(std::slice::from_ref(document));
            prop_assert!(alone.iter().zip(together).all(|(a, b)| (a - b).abs() <= 1e-6 * a.abs().max(1.0)), "{together:?} in the batch, {alone:?} alone");
        }
    }

    #[test]
    fn padding_has_no_gradient(seed in 0u64..1_000_000, kind in 0usize..6) {
        let mut b = Builder::of_documents(seed);
        let of_sentences = random_features(&mut b, seed);
        let read = read_sentences(&mut b, of_sentences, kind);
        let output = b.dense(read, 2);
        let network = network(&b);
        let documents = vec![vec![vec![1, 2], vec![3]], vec![vec![4]], vec![vec![5], vec![], vec![6, 1, 2], vec![2]]];
        let result = network.forward(&[output], &batch(&documents), Mode::Train { seed, step: 0 }).unwrap().remove(0);
        result.sum_all().unwrap().backward().unwrap();
        if let Some((rows, values)) = network.tables[&ParameterId(0)].gradient(3).unwrap() {
            prop_assert!(rows[0] > 0 || values[..3] == [0.0; 3]);
        }
    }
}
