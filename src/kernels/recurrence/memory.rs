//! Where the operands of a step stand while a block of examples runs: an address that moves with step and row.
//!
//! All blocks work on the same arrays at once, each on the rows of its own examples.

use std::collections::BTreeMap;

use crate::ir::ParameterId;
use crate::passes::fuse::program::{Array, Operand, Place, Program, StepProgram};

/// An array over all steps and examples, `[T, B, width]`.
#[derive(Clone, Copy)]
pub struct Shared {
    base: *mut f32,
    rows: usize,
    width: usize,
}

// SAFETY: a `Shared` is an address only. Blocks on different threads reach through it to rows of different examples; what
// several of them read (the input, the gradient of the result) nobody writes meanwhile. See `block`.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    /// An array that is only read, of so many rows.
    pub fn read(values: &[f32], rows: usize, width: usize) -> Self {
        assert_eq!(values.len(), rows * width, "an array of another size");
        Self { base: values.as_ptr().cast_mut(), rows, width }
    }

    pub fn write(values: &mut [f32], rows: usize, width: usize) -> Self {
        assert_eq!(values.len(), rows * width, "an array of another size");
        Self { base: values.as_mut_ptr(), rows, width }
    }

    /// For an array that a program does not touch.
    pub fn none() -> Self {
        Self { base: std::ptr::null_mut(), rows: 0, width: 0 }
    }

    /// Writes zeros over a row.
    ///
    /// # Safety
    /// The array is one of [`Shared::write`], still there, and nobody else has this row.
    pub unsafe fn clear(&self, row: usize) {
        assert!(row < self.rows);
        // SAFETY: the row is inside the array; the caller vouches for the rest.
        unsafe { std::slice::from_raw_parts_mut(self.base.add(row * self.width), self.width).fill(0.0) }
    }
}

/// The arrays of one run.
pub struct Arrays {
    pub steps: usize,
    pub batch: usize,
    pub input: Shared,
    pub result: Shared,
    pub upstream: Shared,
    pub input_gradient: Shared,
    pub tapes: Vec<Shared>,
    /// The states before the first step, `[B, width]` each; none where they are zeros.
    pub start: Vec<Shared>,
}

impl Arrays {
    pub fn get(&self, array: Array) -> Shared {
        match array {
            Array::Input => self.input,
            Array::Result => self.result,
            Array::Upstream => self.upstream,
            Array::InputGradient => self.input_gradient,
            Array::Tape(tape) => self.tapes[tape],
        }
    }

    /// What stands for the row before the first step of an array of states; nothing where that is zeros.
    fn start(&self, array: Array) -> Option<Shared> {
        self.start.get(array.state()?).copied()
    }
}

/// Scratch memory of one block of examples.
pub struct Scratch {
    rows: usize,
    /// Rows that go through the instructions of a stage together.
    pub tile: usize,
    block: Piece,
    local: Piece,
    /// One a state, twice: as the step after left its gradient, and as this one leaves it, in turn.
    carried: Vec<Piece>,
    /// Stands for a state before its first step.
    zeros: Piece,
}

/// Memory that is reached by address only, for as long as this stands.
struct Piece {
    base: *mut f32,
    width: usize,
    _memory: Vec<f32>,
}

impl Piece {
    fn new(rows: usize, width: usize) -> Self {
        let mut memory = vec![0.0; rows * width];
        Self { base: memory.as_mut_ptr(), width, _memory: memory }
    }
}

/// So many numbers of scratch memory stay in the first cache.
const TILE: usize = 4096;

impl Scratch {
    pub fn new(program: &Program, step: &StepProgram, rows: usize) -> Self {
        let tile = (TILE / step.local.max(1)).clamp(1, rows.max(1));
        Self {
            rows,
            tile,
            block: Piece::new(rows, step.block),
            local: Piece::new(tile, step.local),
            carried: program.states.iter().map(|width| Piece::new(2 * rows, *width)).collect(),
            zeros: Piece::new(1, program.states.iter().copied().max().unwrap_or(0)),
        }
    }
}

/// Where a block stands.
#[derive(Clone, Copy)]
pub struct Now<'a> {
    pub t: usize,
    /// The step that was read before this one, for rows below `fresh`.
    pub before: usize,
    /// Rows from here on are at their first step.
    pub fresh: usize,
    /// Which half of a carried state is the old one: 0 or 1.
    pub turn: usize,
    /// First row of the tile.
    pub tile: usize,
    /// The examples of the rows.
    pub examples: &'a [usize],
}

/// An operand, ready to be looked up row by row.
#[derive(Clone, Copy)]
pub struct Address {
    base: *mut f32,
    kind: Kind,
    row_step: usize,
    time_step: usize,
    pub width: usize,
    /// Read where a row is at its first step, by example.
    fresh: *mut f32,
    fresh_step: usize,
}

#[derive(Clone, Copy)]
enum Kind {
    /// By step and example.
    Array,
    /// By the step before and example, or what was there before the first.
    Before,
    /// By turn and row of the block.
    Carried {
        leaving: usize,
    },
    Block,
    /// By row of the tile.
    Local,
    /// The same for all rows and steps.
    Fixed,
    Constant(f32),
}

impl Address {
    pub fn new(
        operand: &Operand,
        arrays: &Arrays,
        scratch: &Scratch,
        parameters: &BTreeMap<ParameterId, &[f32]>,
    ) -> Self {
        let Operand { place, start, width } = *operand;
        let (mut fresh, mut fresh_step) = (scratch.zeros.base, 0);
        let (base, kind, row, time_step) = match place {
            Place::Array { array, before } => {
                let (given, array) = (arrays.start(array), arrays.get(array));
                assert_eq!(array.rows, arrays.steps * arrays.batch, "an array of another size");
                let kind = if before { Kind::Before } else { Kind::Array };
                assert!(!before || width <= scratch.zeros.width);
                if let Some(given) = given.filter(|_| before) {
                    assert!(given.rows == arrays.batch && given.width == array.width, "states of another size");
                    (fresh, fresh_step) = (given.base.wrapping_add(start), given.width);
                }
                (array.base, kind, array.width, arrays.batch * array.width)
            }
            Place::Carried { state, leaving } => {
                let piece = &scratch.carried[state];
                (piece.base, Kind::Carried { leaving: leaving.into() }, piece.width, scratch.rows * piece.width)
            }
            Place::Block => (scratch.block.base, Kind::Block, scratch.block.width, 0),
            Place::Local => (scratch.local.base, Kind::Local, scratch.local.width, 0),
            Place::Parameter(id) => {
                let values = parameters[&id];
                (values.as_ptr().cast_mut(), Kind::Fixed, values.len(), 0)
            }
            Place::Constant(value) => (std::ptr::null_mut(), Kind::Constant(value), start + width, 0),
        };
        assert!(start + width <= row, "an operand beyond its row");
        Self { base: base.wrapping_add(start), kind, row_step: row, time_step, width, fresh, fresh_step }
    }

    /// The one number that stands for every number of a row, where it is one.
    pub fn constant(&self) -> Option<f32> {
        if let Kind::Constant(value) = self.kind { Some(value) } else { None }
    }

    /// Whether this reads an array of the whole batch: more than a cache holds, so it is worth asking for early.
    pub fn is_far(&self) -> bool {
        matches!(self.kind, Kind::Array)
    }

    /// Asks for row `row` of step `t` ahead of time.
    #[inline(always)]
    pub fn prefetch(&self, t: usize, examples: &[usize], row: usize) {
        const LINE: usize = 16;
        let start = self.base.wrapping_add(t * self.time_step + examples[row] * self.row_step);
        for at in (0..self.width).step_by(LINE) {
            prefetch(start.wrapping_add(at));
        }
    }

    /// Where row `row` of the block stands: `width` numbers, unless it is a constant.
    #[inline(always)]
    pub fn row(&self, now: &Now, row: usize) -> *mut f32 {
        let (time, row) = match self.kind {
            Kind::Array => (now.t, now.examples[row]),
            Kind::Before if row >= now.fresh => {
                return self.fresh.wrapping_add(now.examples[row] * self.fresh_step);
            }
            Kind::Before => (now.before, now.examples[row]),
            Kind::Carried { leaving } => (now.turn ^ leaving, row),
            Kind::Block => (0, row),
            Kind::Local => (0, row - now.tile),
            Kind::Fixed | Kind::Constant(_) => (0, 0),
        };
        self.base.wrapping_add(time * self.time_step + row * self.row_step)
    }
}

/// Asks for the cache line of an address.
#[inline(always)]
fn prefetch(address: *const f32) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch reads nothing, and no address is wrong for it.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T1>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}
