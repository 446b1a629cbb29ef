//! Large arrays that one step needs after another: kept and handed out again instead of being allocated and zeroed.

use std::sync::Mutex;

/// What is kept, at most: arrays, the largest of them are kept first.
const KEPT: usize = 64;

static POOL: Mutex<Vec<Vec<f32>>> = Mutex::new(Vec::new());

/// An array of this length that holds anything: the smallest kept one that is large enough, unless that is far too
/// large, or a new one.
pub fn take(len: usize) -> Vec<f32> {
    let kept = POOL.lock().ok().and_then(|mut pool| {
        let fits = |buffer: &Vec<f32>| buffer.capacity() >= len && buffer.capacity() / 4 <= len;
        let candidates = pool.iter().enumerate().filter(|(_, buffer)| fits(buffer));
        let smallest = candidates.min_by_key(|(_, buffer)| buffer.capacity()).map(|(i, _)| i);
        smallest.map(|i| pool.swap_remove(i))
    });
    let mut buffer = kept.unwrap_or_default();
    buffer.resize(len, 0.0);
    buffer
}

/// Keeps an array for later.
pub fn give(buffer: Vec<f32>) {
    if buffer.capacity() == 0 {
        return;
    }
    if let Ok(mut pool) = POOL.lock() {
        pool.push(buffer);
        if pool.len() > KEPT {
            let smallest = pool.iter().enumerate().min_by_key(|(_, buffer)| buffer.capacity()).map(|(i, _)| i);
            smallest.map(|i| pool.swap_remove(i));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_comes_back_with_the_length_asked_for() {
        // A size of its own: other tests use the pool too.
        give(vec![7.0; 123_457]);
        let again = take(100_001);
        assert_eq!((again.len(), again.capacity() >= 123_457), (100_001, true));
        assert!(take(100_001).capacity() < 123_457);
        assert_eq!(take(0).len(), 0);
    }
}
