//! Gives every value of a step a place in memory and the work an order.
//!
//! A value that somebody reads later goes straight to the array it is read from, a part of a joined value straight to its
//! part. What is left lives in scratch memory: for one stage if it can, else for the step.

use std::collections::{BTreeMap, BTreeSet};

use super::program::{ElementOp, Instruction, Matrix, Operand, Place, Stage, StepProgram};
use super::step::{StepOp, ValueId, Values};

/// What a step is to compute.
pub struct Task<'a> {
    pub values: &'a Values,
    /// Values with the place where they have to be afterwards.
    pub results: &'a [(ValueId, Place)],
    /// Values that are in memory already.
    pub given: &'a dyn Fn(ValueId) -> Option<Operand>,
}

/// The program of a step; matrices it needs are added to `matrices`.
pub fn place(task: &Task, matrices: &mut Vec<Matrix>) -> StepProgram {
    let mut placing = Placing::new(task);
    placing.results();
    placing.joins();
    placing.scratch();
    placing.emit(matrices)
}

/// Where a value of no own place stands: `offset` numbers into the memory of another value.
#[derive(Debug, Clone, Copy)]
struct Within {
    root: ValueId,
    offset: usize,
}

struct Placing<'a> {
    task: &'a Task<'a>,
    /// What has to be computed, in order. Slices are no work.
    order: Vec<ValueId>,
    /// The stage a value is computed in: one more than the last product it depends on.
    level: BTreeMap<ValueId, usize>,
    /// Places that are fixed: results.
    fixed: BTreeMap<ValueId, Place>,
    /// Values written into the memory of a joined value.
    within: BTreeMap<ValueId, Within>,
    /// Scratch memory of a value.
    scratch: BTreeMap<ValueId, Operand>,
    /// Results that stand elsewhere too.
    copies: Vec<(ValueId, Place)>,
    block: usize,
    local: usize,
}

impl<'a> Placing<'a> {
    fn new(task: &'a Task<'a>) -> Self {
        let mut needed = BTreeSet::new();
        let mut open: Vec<ValueId> = task.results.iter().map(|(id, _)| *id).collect();
        while let Some(id) = open.pop() {
            if (task.given)(id).is_none() && needed.insert(id) {
                open.extend(&task.values.get(id).inputs);
            }
        }
        let mut level: BTreeMap<ValueId, usize> = BTreeMap::new();
        for id in &needed {
            let value = task.values.get(*id);
            let inputs = value.inputs.iter().filter_map(|input| level.get(input)).max().copied().unwrap_or(0);
            level.insert(*id, inputs + usize::from(matches!(value.op, StepOp::Product { .. })));
        }
        let order = needed.into_iter().filter(|id| !is_slice(task.values, *id)).collect();
        Self {
            task,
            order,
            level,
            fixed: BTreeMap::new(),
            within: BTreeMap::new(),
            scratch: BTreeMap::new(),
            copies: Vec::new(),
            block: 0,
            local: 0,
        }
    }

    /// Whether a value is computed here and has no place yet.
    fn is_free(&self, id: ValueId) -> bool {
        self.level.contains_key(&id)
            && !is_slice(self.task.values, id)
            && !self.fixed.contains_key(&id)
            && !self.within.contains_key(&id)
    }

    fn results(&mut self) {
        for (id, place) in self.task.results {
            if self.is_free(*id) {
                self.fixed.insert(*id, *place);
            } else {
                self.copies.push((*id, *place));
            }
        }
    }

    /// Parts of joined values are computed where they will stand. Outer ones first, so that theirs go along.
    fn joins(&mut self) {
        for id in self.order.clone().into_iter().rev() {
            let value = self.task.values.get(id);
            if value.op != StepOp::Concat {
                continue;
            }
            let mut offset = 0;
            for part in &value.inputs {
                if self.is_free(*part) {
                    self.within.insert(*part, Within { root: id, offset });
                }
                offset += self.task.values.width(*part);
            }
        }
    }

    /// The value whose memory a computed value stands in, and where.
    fn root(&self, id: ValueId) -> Within {
        let mut at = Within { root: id, offset: 0 };
        loop {
            if let Some(within) = self.within.get(&at.root) {
                at = Within { root: within.root, offset: at.offset + within.offset };
            } else if let (true, StepOp::Narrow { start }) =
                (self.level.contains_key(&at.root), &self.task.values.get(at.root).op)
            {
                at = Within { root: self.task.values.get(at.root).inputs[0], offset: at.offset + start };
            } else {
                return at;
            }
        }
    }

    /// When things happen, in half stages: products of a stage before its other work.
    fn time(&self, id: ValueId) -> (usize, usize, usize) {
        let level = self.level.get(&id).copied().unwrap_or(0);
        (level, usize::from(!self.is_product(id)), id.0)
    }

    fn is_product(&self, id: ValueId) -> bool {
        matches!(self.task.values.get(id).op, StepOp::Product { .. })
    }

    fn scratch(&mut self) {
        // When each piece of memory is first written and last read.
        let mut lives: BTreeMap<ValueId, Life> = BTreeMap::new();
        let mut touch = |root: ValueId, time, product| {
            let life = lives.entry(root).or_insert(Life { first: time, last: time, product: false });
            life.first = life.first.min(time);
            life.last = life.last.max(time);
            life.product |= product;
        };
        for id in &self.order {
            let time = self.time(*id);
            touch(self.root(*id).root, time, self.is_product(*id));
            for input in &self.task.values.get(*id).inputs {
                touch(self.root(*input).root, time, self.is_product(*id));
            }
        }
        for (id, _) in &self.copies {
            let level = self.level.get(id).copied().unwrap_or(0);
            touch(self.root(*id).root, (level, 1, usize::MAX), false);
        }
        let mut pieces: Vec<(ValueId, Life)> = lives
            .into_iter()
            .filter(|(root, _)| self.level.contains_key(root) && !self.fixed.contains_key(root))
            .collect();
        pieces.sort_by_key(|(_, life)| life.first);
        // Memory that was used for something before: `(width, start, last use)`.
        let (mut block, mut local): (Vec<Slot>, Vec<Slot>) = (Vec::new(), Vec::new());
        for (root, life) in pieces {
            let width = self.task.values.width(root);
            let is_local = !life.product && life.first.0 == life.last.0;
            let (slots, total, place) = if is_local {
                (&mut local, &mut self.local, Place::Local)
            } else {
                (&mut block, &mut self.block, Place::Block)
            };
            let start = match slots.iter_mut().find(|slot| slot.width == width && slot.last < life.first) {
                Some(slot) => {
                    slot.last = life.last;
                    slot.start
                }
                None => {
                    let start = *total;
                    *total += width.next_multiple_of(LINE);
                    slots.push(Slot { width, start, last: life.last });
                    start
                }
            };
            self.scratch.insert(root, Operand { place, start, width });
        }
    }

    fn operand(&self, id: ValueId) -> Operand {
        let width = self.task.values.width(id);
        let Within { root, offset } = self.root(id);
        let base = match (self.fixed.get(&root), self.scratch.get(&root)) {
            (Some(place), _) => Operand { place: *place, start: 0, width },
            (None, Some(scratch)) => *scratch,
            // Everything else was given.
            (None, None) => {
                (self.task.given)(root).unwrap_or(Operand { place: Place::Constant(f32::NAN), start: 0, width })
            }
        };
        Operand { start: base.start + offset, width, ..base }
    }

    fn emit(&self, matrices: &mut Vec<Matrix>) -> StepProgram {
        let mut stages = Vec::new();
        let last = self.level.values().max().copied().unwrap_or(0);
        for level in 0..=last {
            let here = |id: &&ValueId| self.level[*id] == level;
            for id in self.order.iter().filter(here).filter(|id| self.is_product(**id)) {
                stages.push(self.product(*id, matrices));
            }
            let work = self.order.iter().filter(here).filter(|id| !self.is_product(**id));
            let mut instructions: Vec<Instruction> = work.flat_map(|id| self.instructions(*id)).collect();
            for (id, place) in &self.copies {
                if self.level.get(id).copied().unwrap_or(0) == level {
                    let from = self.operand(*id);
                    let to = Operand { place: *place, start: 0, width: from.width };
                    instructions.push(Instruction { op: ElementOp::Copy, to, from: vec![from] });
                }
            }
            if !instructions.is_empty() {
                stages.push(Stage::Elementwise(instructions));
            }
        }
        StepProgram { stages, block: self.block, local: self.local }
    }

    fn product(&self, id: ValueId, matrices: &mut Vec<Matrix>) -> Stage {
        let value = self.task.values.get(id);
        let StepOp::Product { weight, transposed } = value.op else { return Stage::Elementwise(Vec::new()) };
        let matrix = Matrix { weight, transposed };
        let number = matrices.iter().position(|known| *known == matrix).unwrap_or_else(|| {
            matrices.push(matrix);
            matrices.len() - 1
        });
        Stage::Product {
            matrix: number,
            from: self.operand(value.inputs[0]),
            start: value.inputs.get(1).map(|start| self.operand(*start)),
            to: self.operand(id),
        }
    }

    fn instructions(&self, id: ValueId) -> Vec<Instruction> {
        let value = self.task.values.get(id);
        let to = self.operand(id);
        let op = match &value.op {
            StepOp::Unary(op) => ElementOp::Unary(*op),
            StepOp::Slope(op) => ElementOp::Slope(*op),
            StepOp::Binary(op) => ElementOp::Binary(*op),
            StepOp::MultiplyAdd => ElementOp::MultiplyAdd,
            StepOp::Sum => ElementOp::Sum,
            StepOp::Max => ElementOp::Max,
            StepOp::MaxSlope => ElementOp::MaxSlope,
            StepOp::Softmax => ElementOp::Softmax,
            StepOp::Concat => return self.joining(id, to),
            _ => return Vec::new(),
        };
        let from = value.inputs.iter().map(|input| self.operand(*input)).collect();
        vec![Instruction { op, to, from }]
    }

    /// Copies of the parts that stand elsewhere.
    fn joining(&self, id: ValueId, to: Operand) -> Vec<Instruction> {
        let mut start = to.start;
        let mut copies = Vec::new();
        for part in &self.task.values.get(id).inputs {
            let from = self.operand(*part);
            let to = Operand { start, width: from.width, ..to };
            start += from.width;
            if from != to {
                copies.push(Instruction { op: ElementOp::Copy, to, from: vec![from] });
            }
        }
        copies
    }
}

/// Pieces of scratch memory start at multiples of this.
const LINE: usize = 16;

struct Life {
    first: (usize, usize, usize),
    last: (usize, usize, usize),
    /// Whether a product reads or writes it.
    product: bool,
}

struct Slot {
    width: usize,
    start: usize,
    last: (usize, usize, usize),
}

fn is_slice(values: &Values, id: ValueId) -> bool {
    matches!(values.get(id).op, StepOp::Narrow { .. })
}
