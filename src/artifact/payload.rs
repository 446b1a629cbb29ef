//! The JSON value of a file: how it is wrapped for the safetensors metadata, and unwrapped again.
//!
//! It is one string under one key, because readers expect strings and several keys are written in random order.

use super::Problem;
use super::record::EDITION;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The version of the wrapping; a higher one is refused.
const SCHEMA: u64 = 1;

/// What one kind of file says beside its tensors. It must serialise to a JSON object.
///
/// A field `edition` is checked against the newest edition this program knows, and a field `rnnc_version` is named in
/// the error, before anything else of the value is looked at.
pub trait Payload: Serialize + DeserializeOwned {
    /// The metadata key, which also tells the kinds of files apart.
    const KEY: &'static str;
    /// The word for such a file in messages: `model`, `checkpoint`.
    const KIND: &'static str;
}

/// The metadata entry of a value: `{"schema":1, …}`.
pub(super) fn wrap<P: Payload>(payload: &P) -> Result<(String, String), Problem> {
    let refused = |reason: String| Problem::Refused(format!("its {} record {reason}", P::KIND));
    let value = serde_json::to_value(payload).map_err(|error| refused(format!("has no JSON form ({error})")))?;
    let Value::Object(fields) = value else { return Err(refused("is not a JSON object".to_string())) };
    let mut object = Map::new();
    object.insert("schema".to_string(), SCHEMA.into());
    object.extend(fields);
    Ok((P::KEY.to_string(), Value::Object(object).to_string()))
}

/// The value in a file's metadata.
pub(super) fn unwrap<P: Payload>(metadata: &BTreeMap<String, String>) -> Result<P, Problem> {
    let Some(json) = metadata.get(P::KEY) else {
        return Err(Problem::NoRecord { kind: P::KIND, key: P::KEY });
    };
    let damaged = |reason: String| Problem::Record { kind: P::KIND, reason };
    let mut value: Value = serde_json::from_str(json).map_err(|error| damaged(error.to_string()))?;
    let Some(fields) = value.as_object_mut() else { return Err(damaged("it is not an object".to_string())) };

    let schema = fields.shift_remove("schema").and_then(|schema| schema.as_u64());
    let Some(schema) = schema else { return Err(damaged("it states no schema".to_string())) };
    let edition = fields.get("edition").and_then(Value::as_u64).unwrap_or_default();
    if schema > SCHEMA || edition > u64::from(EDITION) {
        let version = fields.get("rnnc_version").and_then(Value::as_str);
        return Err(Problem::Newer { schema, edition, version: version.map(str::to_string) });
    }
    if schema == 0 {
        return Err(damaged("there is no schema 0".to_string()));
    }
    serde_json::from_value(value).map_err(|error| damaged(error.to_string()))
}
