//! What a curve means, in a word: does a gradient vanish, explode, or is it kept?

use super::Curve;

/// A gradient that is this many times smaller or larger than it was is said to have vanished or exploded.
pub const THRESHOLD: f64 = 100.0;

/// What happens to a gradient on its way back, and at which step that is seen best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Finding {
    /// So much of it is left at the furthest step.
    Vanishing { back: usize, left: f64 },
    /// So much has become of it at its largest; infinite where no number holds it.
    Exploding { back: usize, left: f64 },
    /// So much is left at the furthest step: neither.
    Kept { back: usize, left: f64 },
    /// No gradient arrives at the end of the reading, so there is nothing to compare with.
    Nothing,
}

impl Finding {
    pub fn of(norms: &[f64]) -> Self {
        let (Some(&end), Some(&furthest)) = (norms.first(), norms.last()) else { return Self::Nothing };
        if !(end.is_finite() && end > 0.0) {
            return Self::Nothing;
        }
        let size = |norm: f64| if norm.is_finite() { norm / end } else { f64::INFINITY };
        let sizes = norms.iter().map(|norm| size(*norm)).enumerate();
        // The first of equals, so the first step that no number holds.
        let (peak, most) =
            sizes.fold((0, 0.0), |(at, most), (back, size)| if size > most { (back, size) } else { (at, most) });
        let (back, left) = (norms.len() - 1, size(furthest));
        if most > THRESHOLD {
            Self::Exploding { back: peak, left: most }
        } else if left < 1.0 / THRESHOLD {
            Self::Vanishing { back, left }
        } else {
            Self::Kept { back, left }
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Vanishing { .. } => "vanishing",
            Self::Exploding { .. } => "exploding",
            Self::Kept { .. } => "kept",
            Self::Nothing => "nothing",
        }
    }

    /// The step it is about, and how much of the last gradient is there.
    pub fn at(self) -> Option<(usize, f64)> {
        match self {
            Self::Vanishing { back, left } | Self::Exploding { back, left } | Self::Kept { back, left } => {
                Some((back, left))
            }
            Self::Nothing => None,
        }
    }
}

impl Curve {
    /// The finding as a sentence.
    pub fn sentence(&self) -> String {
        use crate::report::number;
        let name = &self.name;
        let finding = Finding::of(self.norms());
        match finding.at() {
            None => format!("no gradient arrives at the end of `{name}`"),
            Some((0, _)) => format!("`{name}` reads one step: there is nothing to compare"),
            Some((back, 0.0)) => {
                format!("at step −{back} the gradient of `{name}` is 0, too small for a number: vanishing")
            }
            Some((back, left)) if left.is_infinite() => {
                format!("at step −{back} the gradient of `{name}` is too large for a number: exploding")
            }
            Some((back, left)) => {
                let left = number(left);
                format!("at step −{back} the gradient of `{name}` is {left} of its last: {}", finding.word())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundredth_is_gone_and_a_hundredfold_is_too_much() {
        let of = |norms: &[f64]| Finding::of(norms);
        assert_eq!(of(&[2.0, 0.2, 0.01]), Finding::Vanishing { back: 2, left: 0.005 });
        assert_eq!(of(&[2.0, 0.2, 0.02]), Finding::Kept { back: 2, left: 0.01 });
        assert_eq!(of(&[1.0, 5000.0, 0.0]), Finding::Exploding { back: 1, left: 5000.0 });
        assert_eq!(of(&[1.0, f64::INFINITY, f64::NAN]), Finding::Exploding { back: 1, left: f64::INFINITY });
        assert_eq!(of(&[1.0, 0.0]), Finding::Vanishing { back: 1, left: 0.0 });
        assert_eq!((of(&[]), of(&[0.0, 1.0]), of(&[f64::NAN])), (Finding::Nothing, Finding::Nothing, Finding::Nothing));
    }
}
