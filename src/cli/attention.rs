//! How `rnnc predict --explain` shows what a model looks at.

use crate::predictor::{Attention, Predictor, Weights};

/// Lines of a table at most: the largest weights.
const LINES: usize = 12;
/// The width of a bar of weight 1.
const BAR: f32 = 20.0;

/// A line of heading and a bar for every word or sentence. `texts` are those of the model's fields.
pub fn table(predictor: &Predictor, attention: &Attention, texts: &[String]) -> Vec<String> {
    let Attention { layer, field, weights } = attention;
    let (sentences, tokens) = pieces(predictor, field, texts);
    let heading = |over: &str| format!("  {layer}, {over} of {field}");
    match weights {
        Weights::OfTokens(weights) => bars(heading("words"), weights, &tokens.concat()),
        Weights::OfSentences(weights) => bars(heading("sentences"), weights, &sentences),
        Weights::OfTokensInSentences(weights) => {
            let word = |(weight, token): (&f32, &String)| format!("{token} {}", number(*weight));
            let sentence = |(weights, tokens): (&Vec<f32>, &Vec<String>)| {
                let words: Vec<String> = weights.iter().zip(tokens).map(word).collect();
                format!("    {}", words.join("  "))
            };
            let lines = weights.iter().zip(&tokens).map(sentence);
            std::iter::once(heading("words in the sentences")).chain(lines).collect()
        }
    }
}

/// The same for programs: the weights beside what each belongs to.
pub fn json(predictor: &Predictor, attention: &Attention, texts: &[String]) -> serde_json::Value {
    let Attention { layer, field, weights } = attention;
    let (sentences, tokens) = pieces(predictor, field, texts);
    let (over, of, weights) = match weights {
        Weights::OfTokens(weights) => ("tokens", serde_json::json!(tokens.concat()), serde_json::json!(weights)),
        Weights::OfSentences(weights) => ("sentences", serde_json::json!(sentences), serde_json::json!(weights)),
        Weights::OfTokensInSentences(weights) => {
            ("tokens of sentences", serde_json::json!(tokens), serde_json::json!(weights))
        }
    };
    serde_json::json!({ "layer": layer, "field": field, "over": over, "of": of, "weights": weights })
}

/// The sentences of a field's text and the tokens of each, as the text has them.
pub fn pieces(predictor: &Predictor, field: &str, texts: &[String]) -> (Vec<String>, Vec<Vec<String>>) {
    let place = predictor.model.inputs.iter().position(|input| input == field);
    let text = place.and_then(|place| texts.get(place));
    if let (Some(tree), true) = (text, predictor.data.is_tree(field)) {
        return (Vec::new(), vec![super::predict::words(tree)]);
    }
    let Some((text, tokenizer)) = text.zip(predictor.tokenizer(field)) else { return (Vec::new(), Vec::new()) };
    let (sentences, _) = tokenizer.sentences(text);
    let tokens = sentences.iter().map(|sentence| tokenizer.tokens(sentence)).collect();
    (sentences.into_iter().map(str::to_string).collect(), tokens)
}

/// One line each, in the order of the text; of many only those with the largest weights.
fn bars(heading: String, weights: &[f32], of: &[String]) -> Vec<String> {
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|a, b| weights[*b].total_cmp(&weights[*a]).then(a.cmp(b)));
    let (shown, others) = order.split_at(order.len().min(LINES));
    let mut shown = shown.to_vec();
    shown.sort_unstable();
    let line = |i: &usize| {
        let bar = "█".repeat((weights[*i] * BAR).round() as usize);
        format!("    {}  {bar:<20}  {}", number(weights[*i]), of.get(*i).map_or("", String::as_str))
    };
    let rest: f32 = others.iter().map(|i| weights[*i]).sum();
    let rest = (!others.is_empty()).then(|| format!("    {}  in the {} others", number(rest), others.len()));
    std::iter::once(heading).chain(shown.iter().map(line)).chain(rest).collect()
}

fn number(weight: f32) -> String {
    format!("{weight:.2}")
}
