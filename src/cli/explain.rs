//! `rnnc explain`: the page of a diagnostic code.

use std::io::Write;
use std::process::ExitCode;

use super::Failure;
use crate::diagnostic::{Code, code, suggest};

pub fn explain(id: &str) -> Result<ExitCode, Failure> {
    let Some(code) = Code::find(id) else {
        let ids = code::ALL.iter().map(|code| code.id);
        let near = suggest::nearest(&id.to_uppercase(), ids.clone()).map(|near| format!("; did you mean {near}?"));
        let list = ids.collect::<Vec<_>>().join(" ");
        return Err(Failure::usage(format!(
            "there is no code {id:?}{}\nthe codes are {list}",
            near.unwrap_or_default()
        )));
    };
    writeln!(std::io::stdout().lock(), "{}", code.page.trim_end())?;
    Ok(ExitCode::SUCCESS)
}
