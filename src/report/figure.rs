//! A model as a flow chart: one box for each step of its body, from the fields it reads down to its result.
//!
//! Boxes stand in rows, each below everything it reads; a line leads from every value to what reads it.

use std::fmt::Write;

use super::style::{Drawing, escaped};
use crate::ir::{BinaryOp, Dim, Graph, Model, Node, NodeId, Op, Parameter, Symbol, Type, UnaryOp};
use crate::predictor::thousands;
use crate::source::Span;

/// Pixels.
const CHARACTER: f64 = 7.3;
const BOX_HEIGHT: f64 = 44.0;
const ROW_GAP: f64 = 30.0;
const COLUMN_GAP: f64 = 28.0;
const MARGIN: f64 = 12.0;
/// A longer step is cut: its page has the whole source.
const LONGEST: usize = 46;

struct Step {
    title: String,
    /// Shape of its value, and how many weights it has.
    detail: String,
    field: bool,
    reads: Vec<usize>,
    row: usize,
    x: f64,
    width: f64,
}

/// An SVG drawing of the steps of a model. `source` gives the text of a place in the file; all of it is escaped. `size` is that
/// of what data decides, where it is known.
pub fn figure(model: &Model, source: &dyn Fn(Span) -> String, size: &dyn Fn(&Symbol) -> Option<usize>) -> Drawing {
    let mut steps = steps(model, source, size);
    let (width, height) = place(&mut steps);
    Drawing { svg: draw(&model.name, &steps, width, height), styled: false }
}

/// One step an application in the body, a field, or an operator between them; in the order of the file.
fn steps(model: &Model, source: &dyn Fn(Span) -> String, size: &dyn Fn(&Symbol) -> Option<usize>) -> Vec<Step> {
    let graph = &model.graph;
    let mut steps: Vec<Step> = Vec::new();
    let mut of_call = vec![None; graph.calls.len()];
    let mut of_node: Vec<Option<usize>> = vec![None; graph.nodes.len()];
    for (i, node) in graph.nodes.iter().enumerate() {
        if matches!(node.op, Op::Parameter(_) | Op::Constant(_)) {
            continue;
        }
        let call = node.call.map(|call| graph.outermost(call));
        let known = call.and_then(|call| of_call[call.0]);
        let number = known.unwrap_or_else(|| {
            let title = match (call, &node.op) {
                (Some(call), _) => one_line(&source(graph.calls[call.0].span)),
                (None, Op::Input(field)) => field.clone(),
                (None, op) => operator(op),
            };
            let field = matches!(node.op, Op::Input(_));
            steps.push(Step { title, detail: String::new(), field, reads: Vec::new(), row: 0, x: 0.0, width: 0.0 });
            if let Some(call) = call {
                of_call[call.0] = Some(steps.len() - 1);
            }
            steps.len() - 1
        });
        of_node[i] = Some(number);
        for read in node.inputs.iter().filter_map(|input| of_node[input.0]).filter(|read| *read != number) {
            if !steps[number].reads.contains(&read) {
                steps[number].reads.push(read);
            }
        }
        let result = call.and_then(|call| graph.calls[call.0].result).unwrap_or(NodeId(i));
        let parameters = call.map_or(Dim::default(), |call| parameters(graph, call.0));
        steps[number].detail = detail(graph.node(result), &parameters, size);
    }
    steps
}

/// How many numbers the parameters of an application in the body are.
fn parameters(graph: &Graph, call: usize) -> Dim {
    let own = graph.parameters.iter().filter(|parameter| parameter.call.is_some_and(|c| graph.outermost(c).0 == call));
    let size = |parameter: &Parameter| parameter.shape.iter().fold(Dim::constant(1), |n, axis| n.multiply(axis));
    own.fold(Dim::default(), |sum, parameter| sum.add(&size(parameter)))
}

fn detail(node: &Node, parameters: &Dim, size: &dyn Fn(&Symbol) -> Option<usize>) -> String {
    let known = |dim: &Dim| dim.evaluate(&size).map_or_else(|| dim.clone(), Dim::from);
    let shape = Type { axes: node.ty.axes.iter().map(known).collect(), ..node.ty.clone() };
    match parameters.evaluate(&size) {
        Some(0) => shape.to_string(),
        Some(n) => format!("{shape} · {} weights", thousands(n as u64)),
        None => format!("{shape} · {parameters} weights"),
    }
}

fn operator(op: &Op) -> String {
    let sign = match op {
        Op::Binary(BinaryOp::Add) => "+",
        Op::Binary(BinaryOp::Subtract) | Op::Unary(UnaryOp::Negate) => "−",
        Op::Binary(BinaryOp::Multiply) => "×",
        Op::Binary(BinaryOp::Divide) => "÷",
        Op::Product => "@",
        Op::Narrow { .. } => "split",
        _ => "·",
    };
    sign.to_string()
}

fn one_line(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= LONGEST { text } else { text.chars().take(LONGEST - 1).chain(['…']).collect() }
}

/// Gives every step its row and its place in it, and the size of the whole.
fn place(steps: &mut [Step]) -> (f64, f64) {
    for i in 0..steps.len() {
        steps[i].row = steps[i].reads.iter().map(|read| steps[*read].row + 1).max().unwrap_or(0);
        let longest = steps[i].title.chars().count().max(steps[i].detail.chars().count());
        steps[i].width = longest as f64 * CHARACTER + 24.0;
    }
    // A field stands right above its first reader.
    for i in 0..steps.len() {
        let readers = steps.iter().filter(|step| step.reads.contains(&i)).map(|step| step.row);
        if let (true, Some(first)) = (steps[i].field, readers.min()) {
            steps[i].row = first.saturating_sub(1);
        }
    }
    let rows = steps.iter().map(|step| step.row + 1).max().unwrap_or(0);
    let total = |steps: &[Step], row: usize| {
        let widths: Vec<f64> = steps.iter().filter(|step| step.row == row).map(|step| step.width).collect();
        widths.iter().sum::<f64>() + COLUMN_GAP * widths.len().saturating_sub(1) as f64
    };
    let widest = (0..rows).map(|row| total(steps, row)).fold(0.0, f64::max);
    for row in 0..rows {
        let mut x = MARGIN + (widest - total(steps, row)) / 2.0;
        for step in steps.iter_mut().filter(|step| step.row == row) {
            step.x = x;
            x += step.width + COLUMN_GAP;
        }
    }
    let height = rows as f64 * (BOX_HEIGHT + ROW_GAP) - ROW_GAP;
    (widest + 2.0 * MARGIN, height.max(0.0) + 2.0 * MARGIN)
}

fn top(step: &Step) -> f64 {
    MARGIN + step.row as f64 * (BOX_HEIGHT + ROW_GAP)
}

fn draw(name: &str, steps: &[Step], width: f64, height: f64) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" \
         role=\"img\" font-family=\"ui-monospace, monospace\" font-size=\"12\" fill=\"none\" stroke=\"#7a7f87\">\n\
         <title>{}</title>\n",
        escaped(name)
    );
    for step in steps {
        for read in &step.reads {
            let from = &steps[*read];
            let (x1, y1) = (from.x + from.width / 2.0, top(from) + BOX_HEIGHT);
            let (x2, y2) = (step.x + step.width / 2.0, top(step));
            let middle = y1 + (y2 - y1) / 2.0;
            let _ =
                writeln!(svg, "<path d=\"M{x1:.1} {y1:.1}C{x1:.1} {middle:.1} {x2:.1} {middle:.1} {x2:.1} {y2:.1}\"/>");
            let _ = writeln!(
                svg,
                "<path d=\"M{:.1} {:.1}L{x2:.1} {y2:.1}L{:.1} {:.1}\"/>",
                x2 - 4.0,
                y2 - 6.0,
                x2 + 4.0,
                y2 - 6.0
            );
        }
    }
    for step in steps {
        let (x, y, w) = (step.x, top(step), step.width);
        let (fill, round) = if step.field { ("#2f81f726", 22.0) } else { ("#8b949e1f", 6.0) };
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{BOX_HEIGHT}\" rx=\"{round}\" fill=\"{fill}\"/>"
        );
        let middle = x + w / 2.0;
        // A grey that can be read on white and on black.
        for (text, below, weight) in [(&step.title, 19.0, "bold"), (&step.detail, 35.0, "normal")] {
            let _ = writeln!(
                svg,
                "<text x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\" stroke=\"none\" fill=\"#6e7781\" font-weight=\"{weight}\">{}</text>",
                y + below,
                escaped(text)
            );
        }
    }
    svg + "</svg>\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{NoFiles, check};

    fn drawn(text: &str) -> String {
        let checked = check("m.rnn", text, &mut NoFiles);
        let model = checked.program.expect("it is sound").model.expect("it has a model");
        figure(&model, &|span| checked.sources.text(span).to_string(), &|_| None).svg
    }

    #[test]
    fn every_step_of_the_body_is_a_box_below_what_it_reads() {
        let svg = drawn(
            "model M(text: words[T]) -> class[C] {\n  let e = text |> embedding(8)\n  \
             concat(e |> lstm(4) |> last, e |> max_over_time) |> dense(C) |> softmax\n}\n",
        );
        assert_eq!(svg.matches("<rect").count(), 8, "{svg}");
        let y = |title: &str| -> f64 {
            let line = svg.lines().find(|line| line.contains(&format!(">{title}<"))).expect(title);
            line.split("y=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
        };
        let order = ["text", "embedding(8)", "lstm(4)", "last", "dense(C)", "softmax"].map(y);
        assert!(order.is_sorted_by(|a, b| a < b), "{order:?}");
        assert_eq!(y("lstm(4)"), y("max_over_time"));
        assert!(svg.contains("[T, 4] · 224 weights"), "{svg}");
    }
}
