//! RMSprop (Hinton 2012, lecture 6e), as `torch.optim.RMSprop`, not centered: `eps` added outside the root.

use super::{Rule, Step};

#[derive(Debug)]
pub(super) struct RmsProp {
    pub alpha: f64,
    pub eps: f64,
    pub momentum: f64,
    pub weight_decay: f64,
}

impl Rule for RmsProp {
    fn buffers(&self) -> &'static [&'static str] {
        if self.momentum == 0.0 { &["square_avg"] } else { &["square_avg", "momentum_buffer"] }
    }

    fn is_sparse(&self) -> bool {
        false
    }

    fn rests(&self) -> bool {
        self.weight_decay == 0.0
    }

    fn update(&self, step: Step, theta: &mut [f32], gradient: &[f32], [square, velocity]: [&mut [f32]; 2]) {
        let (rate, decay, eps) = (step.learning_rate as f32, self.weight_decay as f32, self.eps as f32);
        let (keep, weight, momentum) = (self.alpha as f32, (1.0 - self.alpha) as f32, self.momentum as f32);
        if self.momentum == 0.0 {
            for ((theta, g), square) in theta.iter_mut().zip(gradient).zip(square) {
                let g = g * step.scale + decay * *theta;
                *square = keep * *square + weight * g * g;
                *theta -= rate * g / (square.sqrt() + eps);
            }
        } else {
            for (((theta, g), square), velocity) in theta.iter_mut().zip(gradient).zip(square).zip(velocity) {
                let g = g * step.scale + decay * *theta;
                *square = keep * *square + weight * g * g;
                *velocity = momentum * *velocity + g / (square.sqrt() + eps);
                *theta -= rate * *velocity;
            }
        }
    }
}
