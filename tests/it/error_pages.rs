//! The pages behind `rnnc explain`: each shows a file that gives its code and the same file repaired.

use rnnc::check::{self, LoadError, Loaded, Loader};
use rnnc::diagnostic::code;

/// The files that the pages about imports speak of, and no others.
struct Project;

impl Loader for Project {
    fn load(&mut self, _: &str, path: &str) -> Result<Loaded, LoadError> {
        let text = match path {
            "encoder.rnn" => "layer encoder(x: [T, I], size: H) -> [T, 2*H] {\n  x |> bilstm(H)\n}\n",
            "circle.rnn" => "use \"model.rnn\"\n",
            "model.rnn" => "use \"circle.rnn\"\n",
            path if path.contains("..") => return Err(LoadError::Outside("the project".into())),
            _ => return Err(LoadError::Missing("no such file".into())),
        };
        Ok(Loaded { identity: path.into(), path: path.into(), text: text.into() })
    }
}

/// The ```` ```rnn ```` blocks of a page.
fn blocks(page: &str) -> Vec<&str> {
    page.split("```rnn\n").skip(1).filter_map(|rest| rest.split("\n```").next()).collect()
}

#[test]
fn every_page_shows_the_mistake_and_its_repair() {
    for code in code::ALL {
        let blocks = blocks(code.page);
        // A file too large is not printed; what a command needs or finds, also in the data, a check does not ask for.
        let shown = !["E0105", "E0601", "E0603", "E0604"].contains(&code.id) && !code.id[1..].starts_with("08");
        let (wrong, right) = match (shown, blocks.as_slice()) {
            (true, [wrong, right]) => (Some(*wrong), *right),
            (false, [right]) => (None, *right),
            _ => panic!("{}: {} blocks", code.id, blocks.len()),
        };
        if let Some(wrong) = wrong {
            let found = check::check("model.rnn", wrong, &mut Project).diagnostics;
            let ids: Vec<_> = found.iter().map(|d| d.code.id).collect();
            assert!(!ids.is_empty() && ids.iter().all(|id| *id == code.id), "{}: {found:#?}", code.id);
        }
        let found = check::check("model.rnn", right, &mut Project).diagnostics;
        assert_eq!(found, [], "{}: the repair", code.id);
    }
}

#[test]
fn every_page_says_something() {
    for code in code::ALL {
        let words = code.page.split("```").step_by(2).flat_map(str::split_whitespace).count();
        assert!(words >= 30, "{}: only {words} words", code.id);
    }
}
