//! One SARIF 2.1.0 document (OASIS 2020), for code hosts and editors that collect findings of many tools.
//!
//! Only the part of the standard that says something about a `.rnn` file is modelled here.

use super::Place;
use crate::diagnostic::{Code, Diagnostic, Fix, Label, code};
use crate::source::{Sources, Span};
use serde::Serialize;

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'a str,
    version: &'a str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    column_kind: &'a str,
    results: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
struct Driver<'a> {
    name: &'a str,
    version: &'a str,
    rules: Vec<Rule<'a>>,
}

/// A code of the registry that occurs in this document.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    id: &'a str,
    short_description: Message,
    help: Message,
    default_configuration: Configuration<'a>,
}

#[derive(Serialize)]
struct Configuration<'a> {
    level: &'a str,
}

/// What SARIF calls a result.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'a> {
    rule_id: &'a str,
    rule_index: usize,
    level: &'a str,
    message: Message,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<FixObject>,
}

#[derive(Serialize)]
struct Message {
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    markdown: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

/// Lines and columns from 1; the end column is the one after the last character.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FixObject {
    description: Message,
    artifact_changes: [ArtifactChange; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactChange {
    artifact_location: ArtifactLocation,
    replacements: [Replacement; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement {
    deleted_region: Region,
    inserted_content: Message,
}

pub(super) fn render(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let occurs = |code: &&Code| diagnostics.iter().any(|diagnostic| diagnostic.code.id == code.id);
    let codes: Vec<&Code> = code::ALL.iter().filter(occurs).collect();
    let driver = Driver {
        name: "rnnc",
        version: env!("CARGO_PKG_VERSION"),
        rules: codes.iter().map(|code| rule(code)).collect(),
    };
    let results = diagnostics.iter().map(|diagnostic| finding(diagnostic, &codes, sources)).collect();
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run { tool: Tool { driver }, column_kind: "unicodeCodePoints", results }],
    };
    serde_json::to_string_pretty(&log).expect("strings and numbers have a JSON form") + "\n"
}

fn rule(code: &Code) -> Rule<'static> {
    Rule {
        id: code.id,
        short_description: text(code.summary),
        help: Message { text: code.page.to_string(), markdown: Some(code.page.to_string()) },
        default_configuration: Configuration { level: code.severity().word() },
    }
}

fn finding(diagnostic: &Diagnostic, codes: &[&Code], sources: &Sources) -> Finding<'static> {
    let Diagnostic { code, message, primary, labels, help, fixes } = diagnostic;
    let markdown = help.as_ref().map(|help| format!("{message}\n\n**help**: {help}"));
    Finding {
        rule_id: code.id,
        rule_index: codes.iter().position(|rule| rule.id == code.id).unwrap_or_default(),
        level: code.severity().word(),
        message: Message { text: message.clone(), markdown },
        locations: [location(primary, sources)],
        related_locations: labels.iter().map(|label| location(label, sources)).collect(),
        fixes: fixes.iter().map(|fix| fix_object(fix, sources)).collect(),
    }
}

fn location(label: &Label, sources: &Sources) -> Location {
    let (artifact_location, region) = place(label.span, sources);
    let message = (!label.message.is_empty()).then(|| text(&label.message));
    Location { physical_location: PhysicalLocation { artifact_location, region }, message }
}

fn fix_object(fix: &Fix, sources: &Sources) -> FixObject {
    let (artifact_location, deleted_region) = place(fix.span, sources);
    let replacements = [Replacement { deleted_region, inserted_content: text(&fix.replacement) }];
    FixObject { description: text(&fix.title), artifact_changes: [ArtifactChange { artifact_location, replacements }] }
}

fn place(span: Span, sources: &Sources) -> (ArtifactLocation, Region) {
    let Place { path, start, end } = Place::of(span, sources);
    let region =
        Region { start_line: start.line, start_column: start.column, end_line: end.line, end_column: end.column };
    (ArtifactLocation { uri: uri(path) }, region)
}

fn text(text: &str) -> Message {
    Message { text: text.to_string(), markdown: None }
}

/// A path as a URI reference (RFC 3986): every byte that is neither unreserved nor a slash percent-encoded.
fn uri(path: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => char::from(byte).to_string(),
        b'\\' if cfg!(windows) => "/".to_string(),
        _ => format!("%{byte:02X}"),
    };
    let encoded: String = path.bytes().map(encode).collect();
    if path.starts_with('/') { format!("file://{encoded}") } else { encoded }
}

#[cfg(test)]
mod tests {
    use super::super::examples::examples;
    use super::*;

    #[test]
    fn one_document() {
        let (sources, diagnostics) = examples();
        let page = serde_json::to_string(diagnostics[3].code.page).unwrap();
        let document = render(&diagnostics[3..4], &sources).replace(&page, "(the page)");
        insta::assert_snapshot!(document, @r##"
        {
          "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
          "version": "2.1.0",
          "runs": [
            {
              "tool": {
                "driver": {
                  "name": "rnnc",
                  "version": "0.1.0",
                  "rules": [
                    {
                      "id": "E0102",
                      "shortDescription": {
                        "text": "a block or bracket that is never closed"
                      },
                      "help": {
                        "text": (the page),
                        "markdown": (the page)
                      },
                      "defaultConfiguration": {
                        "level": "error"
                      }
                    }
                  ]
                }
              },
              "columnKind": "unicodeCodePoints",
              "results": [
                {
                  "ruleId": "E0102",
                  "ruleIndex": 0,
                  "level": "error",
                  "message": {
                    "text": "`train {` is never closed"
                  },
                  "locations": [
                    {
                      "physicalLocation": {
                        "artifactLocation": {
                          "uri": "unclosed.rnn"
                        },
                        "region": {
                          "startLine": 5,
                          "startColumn": 1,
                          "endLine": 5,
                          "endColumn": 1
                        }
                      },
                      "message": {
                        "text": "the file ends here"
                      }
                    }
                  ],
                  "relatedLocations": [
                    {
                      "physicalLocation": {
                        "artifactLocation": {
                          "uri": "unclosed.rnn"
                        },
                        "region": {
                          "startLine": 1,
                          "startColumn": 7,
                          "endLine": 1,
                          "endColumn": 8
                        }
                      },
                      "message": {
                        "text": "opened here"
                      }
                    }
                  ],
                  "fixes": [
                    {
                      "description": {
                        "text": "add `}`"
                      },
                      "artifactChanges": [
                        {
                          "artifactLocation": {
                            "uri": "unclosed.rnn"
                          },
                          "replacements": [
                            {
                              "deletedRegion": {
                                "startLine": 5,
                                "startColumn": 1,
                                "endLine": 5,
                                "endColumn": 1
                              },
                              "insertedContent": {
                                "text": "}\n"
                              }
                            }
                          ]
                        }
                      ]
                    }
                  ]
                }
              ]
            }
          ]
        }
        "##);
    }

    #[test]
    fn every_finding_names_its_rule_and_no_finding_is_a_document_too() {
        let (sources, diagnostics) = examples();
        let log: serde_json::Value = serde_json::from_str(&render(&diagnostics, &sources)).unwrap();
        let run = &log["runs"][0];
        assert_eq!(run["results"].as_array().unwrap().len(), diagnostics.len());
        for result in run["results"].as_array().unwrap() {
            let index = result["ruleIndex"].as_u64().unwrap() as usize;
            assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        }
        let log: serde_json::Value = serde_json::from_str(&render(&[], &sources)).unwrap();
        assert_eq!(log["runs"][0]["results"], serde_json::json!([]));
    }

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri("models/a b#1.rnn"), "models/a%20b%231.rnn");
        assert_eq!(uri("<stdlib>/lstm.rnn"), "%3Cstdlib%3E/lstm.rnn");
        assert_eq!(uri("/tmp/模.rnn"), "file:///tmp/%E6%A8%A1.rnn");
    }
}
