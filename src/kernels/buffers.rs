//! Large arrays that one step needs after another: kept and handed out again instead of being allocated and zeroed.

use std::ops::{Deref, DerefMut};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What is kept, at most: arrays, the largest of them are kept first.
const KEPT: usize = 64;
/// Arrays begin at one of so many distances from where their memory begins, in turn.
const PLACES: usize = 32;
/// Numbers from one distance to the next: a few cache lines more than a short row.
const DISTANCE: usize = 9 * 16;

static POOL: Mutex<Vec<Vec<f32>>> = Mutex::new(Vec::new());
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// An array out of the pool, which goes back there.
///
/// Arrays whose sizes are powers of two would all begin at addresses that the cache cannot tell apart, and a loop that reads
/// a row of each would find only as many of them in it as the cache has ways. So each begins a little further than the last.
#[derive(Debug)]
pub struct Buffer {
    memory: Vec<f32>,
    start: usize,
    len: usize,
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.memory[self.start..self.start + self.len]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.memory[self.start..self.start + self.len]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        give(std::mem::take(&mut self.memory));
    }
}

/// An array of this length that holds anything.
pub fn take(len: usize) -> Buffer {
    let start = NEXT.fetch_add(1, Ordering::Relaxed) % PLACES * DISTANCE;
    let room = len + PLACES * DISTANCE;
    // The smallest that is large enough, unless that is far too large.
    let kept = POOL.lock().ok().and_then(|mut pool| {
        let fits = |memory: &Vec<f32>| memory.len() >= room && memory.len() / 4 <= room;
        let candidates = pool.iter().enumerate().filter(|(_, memory)| fits(memory));
        let smallest = candidates.min_by_key(|(_, memory)| memory.len()).map(|(i, _)| i);
        smallest.map(|i| pool.swap_remove(i))
    });
    Buffer { memory: kept.unwrap_or_else(|| vec![0.0; room]), start, len }
}

fn give(memory: Vec<f32>) {
    if let Ok(mut pool) = POOL.lock() {
        pool.push(memory);
        if pool.len() > KEPT {
            let smallest = pool.iter().enumerate().min_by_key(|(_, memory)| memory.len()).map(|(i, _)| i);
            smallest.map(|i| pool.swap_remove(i));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_comes_back_with_the_length_asked_for() {
        // Far larger than what other tests, which use the pool too, would be given.
        take(6_000_000).fill(7.0);
        let again = take(5_900_000);
        assert!(again.len() == 5_900_000 && again.contains(&7.0));
        assert!(!take(5_900_000).contains(&7.0));
        assert_eq!(take(0).len(), 0);
    }

    #[test]
    fn neighbours_begin_at_different_distances() {
        let arrays: Vec<Buffer> = (0..4).map(|_| take(1 << 10)).collect();
        let starts: std::collections::BTreeSet<usize> = arrays.iter().map(|array| array.start).collect();
        assert!(starts.len() > 1, "{starts:?}");
    }
}
