//! JSON Lines: one object a line; keys nobody asked for are skipped. A label may be a string, a number or a boolean.

use super::DataError;
use super::error::quoted;
use super::header::missing;
use super::lines::Lines;
use super::read::{Row, Source};
use super::tsv::blank_to_the_end;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

pub(super) struct JsonLines {
    lines: Lines,
    columns: Vec<String>,
}

impl JsonLines {
    pub fn new(lines: Lines, columns: &[String]) -> Self {
        Self { lines, columns: columns.to_vec() }
    }
}

impl Source for JsonLines {
    fn next(&mut self) -> Result<Option<Row>, DataError> {
        let Some(line) = self.lines.next()? else { return Ok(None) };
        if line.trim().is_empty() {
            return blank_to_the_end(&mut self.lines);
        }
        let found = parse(line, &self.columns);
        // Only a row with a missing key is read again, for the list of its keys.
        let keys = match &found {
            Ok(values) if values.contains(&None) => serde_json::from_str::<Map<String, Value>>(line).ok(),
            _ => None,
        };
        let number = self.lines.number();
        let values = found.map_err(|error| {
            let text = error.to_string();
            self.lines.error(format!("not one JSON object: {}", text.replace(" at line 1 column ", " at byte ")))
        })?;
        let values = self.columns.iter().zip(values).map(|(column, value)| match value {
            Some(Value::String(text)) => Ok(text),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(value.to_string()),
            Some(value) => {
                let kind = match value {
                    Value::Null => "null",
                    Value::Array(_) => "an array",
                    _ => "an object",
                };
                Err(self.lines.error(format!("the {} is {kind}, not a string", quoted(column))))
            }
            None => {
                let keys: Vec<_> = keys.iter().flat_map(Map::keys).map(String::as_str).collect();
                Err(missing(self.lines.path(), number, column, &keys))
            }
        });
        Ok(Some(Row { line: number, values: values.collect::<Result<_, _>>()? }))
    }

    fn lines(&self) -> &Lines {
        &self.lines
    }
}

/// The values of the columns, `None` for a key that is not there.
fn parse(line: &str, columns: &[String]) -> serde_json::Result<Vec<Option<Value>>> {
    let mut deserializer = serde_json::Deserializer::from_str(line);
    let values = Object { columns }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(values)
}

struct Object<'a> {
    columns: &'a [String],
}

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = Vec<Option<Value>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = Vec<Option<Value>>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = vec![None; self.columns.len()];
        while let Some(key) = map.next_key::<String>()? {
            if !self.columns.contains(&key) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value: Value = map.next_value()?;
            for (slot, _) in values.iter_mut().zip(self.columns).filter(|(_, column)| **column == key) {
                if slot.replace(value.clone()).is_some() {
                    return Err(A::Error::custom(format!("the key {} stands twice", quoted(&key))));
                }
            }
        }
        Ok(values)
    }
}
