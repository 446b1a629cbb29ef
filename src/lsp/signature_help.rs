//! `textDocument/signatureHelp`: what the call around the cursor takes, and which of it is being written.

use gen_lsp_types::{
    ActiveParameter, Documentation, MarkupContent, MarkupKind, ParameterInformation, ParameterInformationLabel,
    SignatureHelp, SignatureInformation,
};

use crate::check::settings::Choice;
use crate::check::{OPTIMIZERS, SCHEDULES, SOURCES};

use super::analysis::Analysis;
use super::context::{self, Block, Call};
use super::definitions::is_value;
use super::describe;

pub fn signature_help(analysis: &Analysis, offset: usize) -> Option<SignatureHelp> {
    let context = context::at(analysis, offset);
    let call = context.call.filter(|_| !context.silent)?;
    let name = call.callee.text(analysis.text());
    let setting = context
        .setting
        .as_deref()
        .or_else(|| call.named.last().map(String::as_str).filter(|_| call.commas < call.named.len()));
    match context.block {
        Block::Body => of_definition(analysis, name, &call, setting),
        Block::Data | Block::Train => of_choice(name, &call, setting),
        _ => None,
    }
}

fn of_definition(analysis: &Analysis, name: &str, call: &Call, setting: Option<&str>) -> Option<SignatureHelp> {
    let definitions = analysis.definitions();
    let definition = definitions.applied(name)?;
    let taken = definitions.taken(definition);
    let sources = &analysis.checked.sources;
    let parts: Vec<String> = taken.iter().map(|parameter| describe::parameter(parameter, sources)).collect();
    let input = taken.iter().position(|parameter| is_value(parameter)).filter(|_| call.piped);
    let open: Vec<usize> = (0..taken.len()).filter(|index| input != Some(*index)).collect();
    let active = match setting {
        Some(setting) => taken.iter().position(|parameter| parameter.name.name == setting),
        None => open.get(call.commas).copied(),
    };
    Some(help(name, &parts, active, definition.docs().to_string()))
}

fn of_choice(name: &str, call: &Call, setting: Option<&str>) -> Option<SignatureHelp> {
    let choice: &Choice = [OPTIMIZERS, SCHEDULES, SOURCES].into_iter().flatten().find(|choice| choice.name == name)?;
    let part = |row: &crate::check::settings::Setting| {
        if row.default.is_empty() { row.name.to_string() } else { format!("{} = {}", row.name, row.default) }
    };
    let parts: Vec<String> = choice.settings.iter().map(part).collect();
    let active = match setting {
        Some(setting) => choice.settings.iter().position(|row| row.name == setting),
        None => Some(call.commas).filter(|_| call.commas == 0),
    };
    Some(help(name, &parts, active, describe::choice(choice)))
}

fn help(name: &str, parts: &[String], active: Option<usize>, docs: String) -> SignatureHelp {
    let parameters = parts.iter().map(|part| ParameterInformation {
        label: ParameterInformationLabel::String(part.clone()),
        documentation: None,
    });
    let signature = SignatureInformation {
        label: format!("{name}({})", parts.join(", ")),
        documentation: Some(Documentation::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value: docs })),
        parameters: Some(parameters.collect()),
        active_parameter: None,
    };
    let active = active.map_or(ActiveParameter::Null, |index| ActiveParameter::Int(index as u32));
    SignatureHelp { signatures: vec![signature], active_signature: Some(0), active_parameter: Some(active) }
}
