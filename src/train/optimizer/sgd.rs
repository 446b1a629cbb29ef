//! Stochastic gradient descent with momentum (Sutskever et al. 2013), as `torch.optim.SGD` with `dampening=0`.

use super::{Rule, Step};

#[derive(Debug)]
pub(super) struct Sgd {
    pub momentum: f64,
    pub nesterov: bool,
    pub weight_decay: f64,
}

impl Rule for Sgd {
    fn buffers(&self) -> &'static [&'static str] {
        if self.momentum == 0.0 { &[] } else { &["momentum_buffer"] }
    }

    fn is_sparse(&self) -> bool {
        self.momentum == 0.0 && self.weight_decay == 0.0
    }

    fn rests(&self) -> bool {
        self.weight_decay == 0.0
    }

    fn update(&self, step: Step, theta: &mut [f32], gradient: &[f32], [velocity, _]: [&mut [f32]; 2]) {
        let (rate, decay, momentum) = (step.learning_rate as f32, self.weight_decay as f32, self.momentum as f32);
        let gradients = gradient.iter().map(|g| g * step.scale);
        if self.momentum == 0.0 {
            for (theta, g) in theta.iter_mut().zip(gradients) {
                *theta -= rate * (g + decay * *theta);
            }
        } else if self.nesterov {
            for ((theta, g), velocity) in theta.iter_mut().zip(gradients).zip(velocity) {
                let g = g + decay * *theta;
                *velocity = momentum * *velocity + g;
                *theta -= rate * (g + momentum * *velocity);
            }
        } else {
            for ((theta, g), velocity) in theta.iter_mut().zip(gradients).zip(velocity) {
                *velocity = momentum * *velocity + (g + decay * *theta);
                *theta -= rate * *velocity;
            }
        }
    }
}
