//! What a sweep varies: for every setting some choices or a range, and how a value is drawn from it.

use crate::random::Random;

/// One setting that is varied.
#[derive(Debug, Clone, PartialEq)]
pub struct Dimension {
    pub key: String,
    pub values: Values,
}

/// Where its values come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// `64|128|256`
    Choices(Vec<String>),
    /// `log(1e-4, 1e-2)`: every power of ten alike.
    Log(f64, f64),
    /// `uniform(0, 0.5)`
    Uniform(f64, f64),
    /// `int(1, 3)`, both ends included.
    Int(i64, i64),
}

impl Dimension {
    /// Reads `KEY=VALUES`; nothing where it is one value, which is not varied.
    pub fn parse(text: &str) -> Result<Option<Self>, String> {
        let (key, values) = text.split_once('=').ok_or("write KEY=VALUES, as in hidden=64|128")?;
        let (key, values) = (key.trim(), values.trim());
        let dimension = |values| Ok(Some(Self { key: key.to_string(), values }));
        let choices = choices(values);
        if choices.len() > 1 {
            if choices.iter().any(String::is_empty) {
                return Err("a choice is missing beside a `|`".into());
            }
            if let Some(twice) = choices.iter().enumerate().find(|(i, choice)| choices[..*i].contains(choice)) {
                return Err(format!("the choice {} is there twice", twice.1));
            }
            return dimension(Values::Choices(choices));
        }
        let Some((name, rest)) = values.split_once('(') else { return Ok(None) };
        let (Some(ends), true) = (rest.strip_suffix(')'), ["log", "uniform", "int"].contains(&name)) else {
            return Ok(None);
        };
        let ends: Vec<&str> = ends.split(',').map(str::trim).collect();
        let [low, high] = ends[..] else { return Err(format!("a range has two ends, as in {name}(1, 10)")) };
        let backwards = || format!("{low} is not below {high}");
        if name == "int" {
            let whole = |end: &str| end.parse::<i64>().map_err(|_| format!("{end} is not a whole number"));
            let (low, high) = (whole(low)?, whole(high)?);
            return if low < high { dimension(Values::Int(low, high)) } else { Err(backwards()) };
        }
        let number = |end: &str| {
            let number = end.parse::<f64>().ok().filter(|number| number.is_finite());
            number.ok_or_else(|| format!("{end} is not a number"))
        };
        let ends = (number(low)?, number(high)?);
        if ends.0 >= ends.1 {
            return Err(backwards());
        }
        match name {
            "log" if ends.0 <= 0.0 => Err(format!("a logarithm needs numbers above 0, and {low} is not")),
            "log" => dimension(Values::Log(ends.0, ends.1)),
            _ => dimension(Values::Uniform(ends.0, ends.1)),
        }
    }

    /// How many values there are, where they can be counted.
    pub fn count(&self) -> Option<usize> {
        match &self.values {
            Values::Choices(choices) => Some(choices.len()),
            Values::Int(low, high) => high.checked_sub(*low)?.checked_add(1)?.try_into().ok(),
            Values::Log(..) | Values::Uniform(..) => None,
        }
    }

    /// The value of this number, of those that can be counted.
    pub fn nth(&self, n: usize) -> String {
        match &self.values {
            Values::Choices(choices) => choices[n].clone(),
            Values::Int(low, _) => low.saturating_add(n as i64).to_string(),
            Values::Log(low, _) | Values::Uniform(low, _) => written(*low),
        }
    }

    /// A value as a file writes it.
    pub fn draw(&self, random: &mut Random) -> String {
        match (&self.values, self.count()) {
            (Values::Log(low, high), _) => {
                let (a, b) = (low.ln(), high.ln());
                written(rounded((a + (b - a) * random.uniform()).exp()).clamp(*low, *high))
            }
            (Values::Uniform(low, high), _) => {
                written(rounded(low + (high - low) * random.uniform()).clamp(*low, *high))
            }
            (_, count) => self.nth(random.below(count.unwrap_or(usize::MAX))),
        }
    }
}

/// The parts between bars that are in no brackets and in no quotes.
fn choices(text: &str) -> Vec<String> {
    let (mut parts, mut depth, mut quoted) = (vec![String::new()], 0i32, false);
    for character in text.chars() {
        match character {
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => depth -= 1,
            '|' if depth == 0 && !quoted => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = parts.last_mut() {
            last.push(character);
        }
    }
    parts.into_iter().map(|part| part.trim().to_string()).collect()
}

/// Four digits: what is in the file is what a person reads in the table.
fn rounded(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

fn written(value: f64) -> String {
    if value != 0.0 && value.abs() < 1e-3 { format!("{value:e}") } else { value.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Values {
        Dimension::parse(text).unwrap().unwrap().values
    }

    #[test]
    fn choices_and_ranges_are_told_apart() {
        let choices = |list: &[&str]| Values::Choices(list.iter().map(|text| text.to_string()).collect());
        assert_eq!(values("hidden=64|128 | 256"), choices(&["64", "128", "256"]));
        assert_eq!(
            values("train.optimizer=adam(lr = 1e-3)|sgd(lr = 0.1)"),
            choices(&["adam(lr = 1e-3)", "sgd(lr = 0.1)"])
        );
        assert_eq!(values("data.train=\"a|b.tsv\"|c.tsv"), choices(&["\"a|b.tsv\"", "c.tsv"]));
        assert_eq!(values("x=log(1e-4, 1e-2)"), Values::Log(1e-4, 1e-2));
        assert_eq!(values("x=uniform(-1,0.5)"), Values::Uniform(-1.0, 0.5));
        assert_eq!(values("x=int(1,3)"), Values::Int(1, 3));
        for single in ["train.epochs=3", "train.optimizer=adam(lr = 1e-3)", "x=\"a|b\"", "x=["] {
            assert_eq!(Dimension::parse(single), Ok(None), "{single}");
        }
        for (wrong, why) in [
            ("hidden", "write KEY=VALUES, as in hidden=64|128"),
            ("x=1||2", "a choice is missing beside a `|`"),
            ("x=1|2|1", "the choice 1 is there twice"),
            ("x=log(0, 1)", "a logarithm needs numbers above 0, and 0 is not"),
            ("x=log(1)", "a range has two ends, as in log(1, 10)"),
            ("x=uniform(2, 1)", "2 is not below 1"),
            ("x=uniform(a, 1)", "a is not a number"),
            ("x=int(1.5, 2)", "1.5 is not a whole number"),
        ] {
            assert_eq!(Dimension::parse(wrong), Err(why.into()), "{wrong}");
        }
    }

    #[test]
    fn draws_stay_inside_and_spread() {
        let mut random = Random::new(1, &[2]);
        let mut draw = |text: &str| -> Vec<f64> {
            let dimension = Dimension::parse(text).unwrap().unwrap();
            (0..2000).map(|_| dimension.draw(&mut random).parse().unwrap()).collect()
        };
        let log = draw("x=log(1e-4, 1e-2)");
        assert!(log.iter().all(|x| (1e-4..=1e-2).contains(x)));
        let low = log.iter().filter(|x| **x < 1e-3).count();
        assert!((900..1100).contains(&low), "{low}");
        let uniform = draw("x=uniform(-1, 3)");
        assert!((uniform.iter().sum::<f64>() / 2000.0 - 1.0).abs() < 0.1);
        let whole = draw("x=int(-1, 2)");
        assert!([-1.0, 0.0, 1.0, 2.0].iter().all(|n| whole.iter().filter(|x| *x == n).count() > 400));
    }
}
