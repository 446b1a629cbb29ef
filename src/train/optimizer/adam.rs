//! Adam (Kingma & Ba 2015) and AdamW (Loshchilov & Hutter 2019), as `torch.optim.Adam` and `AdamW`:
//! bias correction of both moments, `eps` added outside the root.

use super::{Rule, Step};

#[derive(Debug)]
pub(super) struct Adam {
    pub betas: (f64, f64),
    pub eps: f64,
    pub weight_decay: f64,
    /// Weight decay shrinks the value itself (AdamW) rather than entering the gradient.
    pub decoupled: bool,
}

impl Rule for Adam {
    fn buffers(&self) -> &'static [&'static str] {
        &["exp_avg", "exp_avg_sq"]
    }

    fn is_sparse(&self) -> bool {
        false
    }

    fn rests(&self) -> bool {
        self.weight_decay == 0.0
    }

    fn update(&self, step: Step, theta: &mut [f32], gradient: &[f32], [mean, square]: [&mut [f32]; 2]) {
        let correction = |beta: f64| 1.0 - beta.powf(step.number as f64);
        let rate = (step.learning_rate / correction(self.betas.0)) as f32;
        let inverse_root = (1.0 / correction(self.betas.1).sqrt()) as f32;
        let (mean_weight, square_keep, square_weight) =
            ((1.0 - self.betas.0) as f32, self.betas.1 as f32, (1.0 - self.betas.1) as f32);
        let (shrink, decay) = if self.decoupled {
            ((1.0 - step.learning_rate * self.weight_decay) as f32, 0.0)
        } else {
            (1.0, self.weight_decay as f32)
        };
        let eps = self.eps as f32;
        for (((theta, g), mean), square) in theta.iter_mut().zip(gradient).zip(mean).zip(square) {
            let value = *theta * shrink;
            let g = g * step.scale + decay * value;
            *mean += mean_weight * (g - *mean);
            *square = square_keep * *square + square_weight * g * g;
            *theta = value - rate * *mean / (square.sqrt() * inverse_root + eps);
        }
    }
}
