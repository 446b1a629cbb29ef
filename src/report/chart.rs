//! What a chart shows: series of points over two axes. How it is drawn is for `plot` and `terminal`.

/// Series over two axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    pub title: String,
    /// What the values are, in a line below the title.
    pub caption: String,
    pub x: Axis,
    pub y: Axis,
    pub series: Vec<Series>,
    /// Upright lines with a name, by their place on the x axis.
    pub marks: Vec<(f64, String)>,
    /// Sentences below the chart. What stands between backticks is code.
    pub notes: Vec<String>,
}

/// One of the two directions of a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What stands beside it; may be empty.
    pub name: String,
    pub scale: Scale,
    /// Written as percentages: 0.5 as `50%`.
    pub percent: bool,
    /// Two values that are on it whatever the series are.
    pub holds: Option<(f64, f64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    Linear,
    /// What is zero or below has no place.
    Logarithmic,
}

/// Points of one name.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    pub name: String,
    pub shape: Shape,
    /// By rising x. A point whose y has no place on its axis interrupts a line.
    pub points: Vec<(f64, f64)>,
}

/// How points are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Line,
    /// From zero, or from the foot of a logarithmic axis; as wide as they are apart.
    Bars,
    Dots,
}

impl Chart {
    /// A chart without marks and notes.
    pub fn new(title: impl Into<String>, x: Axis, y: Axis, series: Vec<Series>) -> Self {
        Self { title: title.into(), caption: String::new(), x, y, series, marks: Vec::new(), notes: Vec::new() }
    }
}

impl Axis {
    pub fn linear(name: impl Into<String>) -> Self {
        Self { name: name.into(), scale: Scale::Linear, percent: false, holds: None }
    }

    pub fn logarithmic(name: impl Into<String>) -> Self {
        Self { scale: Scale::Logarithmic, ..Self::linear(name) }
    }

    /// From 0% to 100%.
    pub fn shares(name: impl Into<String>) -> Self {
        Self { percent: true, holds: Some((0.0, 1.0)), ..Self::linear(name) }
    }

    /// With these two values on it, whatever the series are.
    pub fn holding(self, low: f64, high: f64) -> Self {
        Self { holds: Some((low, high)), ..self }
    }

    /// The coordinate of a value, where it has a place.
    pub(super) fn coordinate(&self, value: f64) -> Option<f64> {
        // What is larger leaves no room for differences.
        let finite = value.abs() < 1e300;
        match self.scale {
            Scale::Linear => finite.then_some(value),
            Scale::Logarithmic => (finite && value > 0.0).then(|| value.log10()),
        }
    }
}

impl Series {
    pub fn line(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.into(), shape: Shape::Line, points }
    }

    pub fn bars(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.into(), shape: Shape::Bars, points }
    }

    pub fn dots(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.into(), shape: Shape::Dots, points }
    }

    /// The smallest distance of two neighbours, which is how wide a bar is.
    pub(super) fn apart(&self) -> f64 {
        let gaps = self.points.windows(2).map(|pair| pair[1].0 - pair[0].0).filter(|gap| *gap > 0.0);
        let least = gaps.fold(f64::INFINITY, f64::min);
        if least.is_finite() { least } else { 1.0 }
    }
}
