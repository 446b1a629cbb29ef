//! Tables of which a step reads a few rows: the steps of the others wait until somebody looks.
//!
//! Under most rules a row moves at every step, gradient or not. Those idle steps are made up for, one by one and in order,
//! when the row is next read: the same bits as if all rows had been updated all the time, without touching all of
//! them. With `sparse` they are left out instead, which is another algorithm (`torch.optim.SparseAdam`).

use super::{Rule, Step};

/// How far the rows of one table are.
#[derive(Debug, Clone)]
pub struct RowSteps {
    width: usize,
    /// The last step each row has made; 0 where it has never had a gradient.
    last: Vec<u64>,
}

/// One table and what its rule remembers of it.
pub struct Table<'a> {
    pub theta: &'a mut [f32],
    pub state: [&'a mut [f32]; 2],
}

/// The idle steps that may be missing: `first` and the following ones.
#[derive(Debug, Clone, Copy)]
pub struct Idle<'a> {
    pub first: u64,
    pub learning_rates: &'a [f64],
}

impl RowSteps {
    /// A table whose rows have all made step `last`, or never moved if that is 0.
    pub fn new(rows: usize, width: usize, last: u64) -> Self {
        Self { width, last: vec![last; rows] }
    }

    /// Makes up for the idle steps of `rows`, which ascend, up to step `now`.
    pub fn settle(&mut self, rule: &dyn Rule, rows: &[u32], now: u64, idle: Idle, table: Table) {
        let behind = |row: &&u32| {
            let last = self.last[**row as usize];
            // A row that has never moved rests, unless there is weight decay.
            last < now && (last > 0 || !rule.rests())
        };
        let rows: Vec<(u32, u64)> = rows.iter().filter(behind).map(|row| (*row, self.last[*row as usize])).collect();
        rows.iter().for_each(|(row, _)| self.last[*row as usize] = now);
        make_up(rule, &rows, self.width, now, idle, 0, table);
    }

    /// Notes that `rows` have made step `now`.
    pub fn moved(&mut self, rows: &[u32], now: u64) {
        rows.iter().for_each(|row| self.last[*row as usize] = now);
    }

    pub fn width(&self) -> usize {
        self.width
    }

    pub fn rows(&self) -> usize {
        self.last.len()
    }
}

/// Rows that one thread goes through.
const SHARE: usize = 64;

/// Every row's missing steps; the table begins with row `start`. Halves are shared among threads.
fn make_up(rule: &dyn Rule, rows: &[(u32, u64)], width: usize, now: u64, idle: Idle, start: usize, table: Table) {
    let Table { theta, state: [first, second] } = table;
    if rows.len() > SHARE {
        let (left, right) = rows.split_at(rows.len() / 2);
        let middle = right[0].0 as usize;
        let at = (middle - start) * width;
        let (theta_left, theta_right) = theta.split_at_mut(at);
        let (first_left, first_right) = first.split_at_mut(at.min(first.len()));
        let (second_left, second_right) = second.split_at_mut(at.min(second.len()));
        let left_table = Table { theta: theta_left, state: [first_left, second_left] };
        let right_table = Table { theta: theta_right, state: [first_right, second_right] };
        rayon::join(
            || make_up(rule, left, width, now, idle, start, left_table),
            || make_up(rule, right, width, now, idle, middle, right_table),
        );
        return;
    }
    let zeros = vec![0.0; width];
    for (row, last) in rows {
        let from = (*row as usize - start) * width;
        for number in (*last + 1).max(idle.first)..=now {
            let learning_rate = idle.learning_rates[(number - idle.first) as usize];
            let step = Step { number, learning_rate, scale: 1.0 };
            let part = |buffer: &mut [f32]| if buffer.is_empty() { 0..0 } else { from..from + width };
            let (one, two) = (part(first), part(second));
            rule.update(step, &mut theta[from..from + width], &zeros, [&mut first[one], &mut second[two]]);
        }
    }
}
