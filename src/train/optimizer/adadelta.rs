//! Adadelta (Zeiler 2012), as `torch.optim.Adadelta`: `eps` added inside both roots.

use super::{Rule, Step};

#[derive(Debug)]
pub(super) struct Adadelta {
    pub rho: f64,
    pub eps: f64,
    pub weight_decay: f64,
}

impl Rule for Adadelta {
    fn buffers(&self) -> &'static [&'static str] {
        &["square_avg", "acc_delta"]
    }

    fn is_sparse(&self) -> bool {
        false
    }

    fn rests(&self) -> bool {
        self.weight_decay == 0.0
    }

    fn update(&self, step: Step, theta: &mut [f32], gradient: &[f32], [square, moved]: [&mut [f32]; 2]) {
        let (rate, decay, eps) = (step.learning_rate as f32, self.weight_decay as f32, self.eps as f32);
        let (keep, weight) = (self.rho as f32, (1.0 - self.rho) as f32);
        for (((theta, g), square), moved) in theta.iter_mut().zip(gradient).zip(square).zip(moved) {
            let g = g * step.scale + decay * *theta;
            *square = keep * *square + weight * g * g;
            let delta = (*moved + eps).sqrt() / (*square + eps).sqrt() * g;
            *moved = keep * *moved + weight * delta * delta;
            *theta -= rate * delta;
        }
    }
}
