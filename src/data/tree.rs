//! Trees as s-expressions: `(3 (2 fine) (3 words))`, a label first where there is one, then one word or the children.
//!
//! Only the ASCII space separates what is written; brackets need none. Any number of children is fine. A node is written
//! before its children, and so is its number below theirs. Nothing here recurses: a tree may be as deep as it likes, within
//! the limits.

/// More nodes or levels than this are no sentence.
pub const MOST_NODES: usize = 100_000;
pub const MOST_LEVELS: usize = 10_000;

/// A tree, its root first.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree<'t> {
    pub nodes: Vec<Node<'t>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Node<'t> {
    /// The number of its parent; the root is its own.
    pub parent: u32,
    pub label: Option<&'t str>,
    /// What stands at a leaf.
    pub word: Option<&'t str>,
}

impl<'t> Tree<'t> {
    /// Reads one tree; what is wrong is said with the place of the character, from 1.
    pub fn parse(text: &'t str) -> Result<Self, String> {
        let mut nodes: Vec<Node<'t>> = Vec::new();
        let mut open: Vec<Open<'t>> = Vec::new();
        for (at, piece) in pieces(text) {
            let wrong = |message: String| Err(format!("{message} (character {})", text[..at].chars().count() + 1));
            if open.is_empty() && !nodes.is_empty() {
                return wrong(format!("{} after the end of the tree", quoted(piece)));
            }
            match (piece, open.last_mut()) {
                ("(", parent) => {
                    if let Some(parent) = &parent
                        && parent.atoms.len() > 1
                    {
                        let atoms = parent.atoms.join(" ");
                        return wrong(format!(
                            "a node beside {}, which a label and a word are already",
                            quoted(&atoms)
                        ));
                    }
                    let number = parent.map_or(0, |parent| {
                        parent.children += 1;
                        parent.node
                    });
                    if nodes.len() == MOST_NODES {
                        return wrong(format!("more than {MOST_NODES} nodes"));
                    }
                    if open.len() == MOST_LEVELS {
                        return wrong(format!("more than {MOST_LEVELS} levels"));
                    }
                    open.push(Open { node: nodes.len(), atoms: Vec::new(), children: 0 });
                    nodes.push(Node { parent: number as u32, label: None, word: None });
                }
                (")", Some(_)) => {
                    let Some(Open { node, atoms, children }) = open.pop() else { continue };
                    (nodes[node].label, nodes[node].word) = match (&atoms[..], children) {
                        ([], 0) => return wrong("a node with neither word nor children".into()),
                        ([word], 0) => (None, Some(*word)),
                        ([label, word], 0) => (Some(*label), Some(*word)),
                        ([label], _) => (Some(*label), None),
                        _ => (None, None),
                    };
                }
                (atom, Some(node)) if node.children == 0 && node.atoms.len() < 2 => node.atoms.push(atom),
                (atom, Some(node)) => {
                    let beside = if node.children > 0 { "children" } else { "a label and a word" };
                    return wrong(format!(
                        "the word {} beside {beside}: every word has a node of its own",
                        quoted(atom)
                    ));
                }
                (piece, None) => return wrong(format!("a tree starts with `(`, not with {}", quoted(piece))),
            }
        }
        match (open.len(), nodes.is_empty()) {
            (0, false) => Ok(Self { nodes }),
            (0, true) => Err("there is no tree".into()),
            (1, _) => Err("a `(` is never closed".into()),
            (open, _) => Err(format!("{open} `(` are never closed")),
        }
    }

    /// The words at the leaves, in their order.
    pub fn words(&self) -> impl Iterator<Item = &'t str> {
        self.nodes.iter().filter_map(|node| node.word)
    }

    /// The number of the parent of every node.
    pub fn parents(&self) -> impl Iterator<Item = u32> {
        self.nodes.iter().map(|node| node.parent)
    }
}

/// The most children of any node, by the parents of all.
pub fn most_children(parents: &[u32]) -> usize {
    let mut counts = vec![0; parents.len()];
    parents.iter().skip(1).for_each(|parent| counts[*parent as usize] += 1);
    counts.into_iter().max().unwrap_or(0)
}

/// A node whose bracket is not closed yet.
struct Open<'t> {
    node: usize,
    /// What stands in it that is no node: a label, a word.
    atoms: Vec<&'t str>,
    children: usize,
}

/// Brackets and what stands between them, with where each begins.
fn pieces(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = 0..text.len();
    std::iter::from_fn(move || {
        let left = text[rest.clone()].trim_start_matches(' ');
        let start = text.len() - left.len();
        let first = left.bytes().next()?;
        let length = if matches!(first, b'(' | b')') { 1 } else { left.find(['(', ')', ' ']).unwrap_or(left.len()) };
        rest.start = start + length;
        Some((start, &left[..length]))
    })
}

fn quoted(piece: &str) -> String {
    super::error::quoted(piece)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match Tree::parse(text) {
            Ok(tree) => {
                let node =
                    |node: &Node| format!("{}:{}:{}", node.parent, node.label.unwrap_or("-"), node.word.unwrap_or("-"));
                tree.nodes.iter().map(node).collect::<Vec<_>>().join(" ")
            }
            Err(message) => message,
        }
    }

    #[test]
    fn labels_and_words_may_be_missing_where_it_is_clear_what_is_meant() {
        for (text, expected) in [
            ("(3 (2 It) (4 (2 's) (4 good)))", "0:3:- 0:2:It 0:4:- 2:2:'s 2:4:good"),
            ("((a)(b))", "0:-:- 0:-:a 0:-:b"),
            ("(NP (DT the) (JJ old) (NN\u{a0}cat house))", "0:NP:- 0:DT:the 0:JJ:old 0:NN\u{a0}cat:house"),
            ("( (S (X hm)) )", "0:-:- 0:S:- 1:X:hm"),
            ("(word)", "0:-:word"),
            ("(2 word)", "0:2:word"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
        assert_eq!(Tree::parse("(3 (2 a) (2 b))").unwrap().words().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!((most_children(&[0, 0, 1, 0, 0]), most_children(&[0])), (3, 0));
    }

    #[test]
    fn what_is_no_tree_is_said_to_be_so_and_where() {
        for (text, expected) in [
            ("", "there is no tree"),
            ("  ", "there is no tree"),
            ("fine words", "a tree starts with `(`, not with `fine` (character 1)"),
            ("(2 fine) (2 words)", "`(` after the end of the tree (character 10)"),
            ("(2 fine))", "`)` after the end of the tree (character 9)"),
            ("(3 (2 fine) (2 words)", "a `(` is never closed"),
            ("(3 ((2 fine", "3 `(` are never closed"),
            ("(3 ())", "a node with neither word nor children (character 5)"),
            ("(3 (2 fine) words)", "the word `words` beside children: every word has a node of its own (character 13)"),
            (
                "(3 é fine (2 x))",
                "the word `fine` beside a label and a word: every word has a node of its own (character 6)",
            ),
            ("(3 fine (2 x))", "a node beside `3 fine`, which a label and a word are already (character 9)"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn depth_and_size_have_limits_and_no_stack() {
        let chain = |levels: usize| format!("{}x{}", "(".repeat(levels), ")".repeat(levels));
        assert_eq!(Tree::parse(&chain(MOST_LEVELS)).unwrap().nodes.len(), MOST_LEVELS);
        assert_eq!(shown(&chain(MOST_LEVELS + 1)), "more than 10000 levels (character 10001)");
        let wide = format!("({})", "(x)".repeat(MOST_NODES));
        assert!(shown(&wide).starts_with("more than 100000 nodes"), "{}", shown(&wide));
    }
}
