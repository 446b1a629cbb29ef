//! Adagrad (Duchi et al. 2011), as `torch.optim.Adagrad` with `lr_decay=0` and `initial_accumulator_value=0`.

use super::{Rule, Step};

#[derive(Debug)]
pub(super) struct Adagrad {
    pub eps: f64,
    pub weight_decay: f64,
}

impl Rule for Adagrad {
    fn buffers(&self) -> &'static [&'static str] {
        &["sum"]
    }

    fn is_sparse(&self) -> bool {
        self.weight_decay == 0.0
    }

    fn rests(&self) -> bool {
        self.weight_decay == 0.0
    }

    fn update(&self, step: Step, theta: &mut [f32], gradient: &[f32], [sum, _]: [&mut [f32]; 2]) {
        let (rate, decay, eps) = (step.learning_rate as f32, self.weight_decay as f32, self.eps as f32);
        for ((theta, g), sum) in theta.iter_mut().zip(gradient).zip(sum) {
            let g = g * step.scale + decay * *theta;
            *sum += g * g;
            *theta -= rate * g / (sum.sqrt() + eps);
        }
    }
}
