//! `report.html` of a run, kept up to date while it trains, and the report of an evaluation.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::say;
use super::trial::history;
use crate::artifact::write_atomically;
use crate::check::{self, NoFiles};
use crate::data::{Dataset, Said, Split};
use crate::ir::{FieldKind, TextKind, Train};
use crate::predictor::{self, Analysis, Evaluation, Predictor, analyse, evaluate};
use crate::report::{Drawing, Examined, RunReport, figure, run_page};
use crate::train::{Epoch, EpochRecord, Outcome, Setup, Watch};

/// Characters of a text that a report shows.
const LONGEST_TEXT: usize = 600;
/// A report that nobody can have read yet is not written anew.
const PAUSE: Duration = Duration::from_secs(2);

/// What a report says about a model whatever it has learnt.
struct Subject {
    model: String,
    source: String,
    figure: Drawing,
    parameters: u64,
    train: Train,
}

impl Subject {
    /// `source` is the text that the model was checked from.
    fn new(predictor: &Predictor, source: &str, train: Train) -> Self {
        let sources = check::check("model.rnn", source, &mut NoFiles).sources;
        let shapes = crate::lower::Network::shapes(&predictor.model.graph, &|symbol| predictor.sizes.get(symbol));
        let size = |shape: &Vec<usize>| shape.iter().product::<usize>() as u64;
        Self {
            model: predictor.model.name.clone(),
            source: source.to_string(),
            figure: figure(&predictor.model, &|span| sources.text(span).to_string(), &|s| predictor.sizes.get(s)),
            parameters: shapes.map_or(0, |shapes| shapes.iter().map(size).sum()),
            train,
        }
    }
}

/// A closer look at a model's answers.
struct Look {
    name: &'static str,
    evaluation: Evaluation,
    analysis: Analysis,
    texts: BTreeMap<usize, Said>,
    from_ids: bool,
}

impl Look {
    fn at(predictor: &Predictor, split: &Split, name: &'static str, evaluation: Evaluation) -> Result<Self, String> {
        let analysis = analyse(predictor, split).map_err(|error| error.to_string())?;
        let rows: Vec<usize> = analysis.mistakes.iter().map(|mistake| mistake.row).collect();
        let recalled = split.recall(&predictor.data, &predictor.model.target, &rows, LONGEST_TEXT);
        let from_ids = recalled.is_none();
        let texts =
            recalled.unwrap_or_else(|| rows.iter().map(|row| (*row, from_the_ids(predictor, split, *row))).collect());
        Ok(Self { name, evaluation, analysis, texts, from_ids })
    }

    fn examined(&self) -> Examined<'_> {
        let Self { name, evaluation, analysis, texts, from_ids } = self;
        Examined { name, evaluation, analysis, texts, from_ids: *from_ids }
    }
}

/// The texts of a row as its tokens spell them.
fn from_the_ids(predictor: &Predictor, split: &Split, row: usize) -> Said {
    let text = |(field, texts): (&String, &crate::data::Texts)| {
        let vocabulary = predictor.vocabularies.get(predictor.data.vocabulary_of(field));
        let words = texts.get(row).iter().filter_map(|id| vocabulary?.token(*id));
        let kind = predictor.data.field(field).map(|field| &field.kind);
        let between =
            if matches!(kind, Some(FieldKind::Text(text)) if text.kind == TextKind::Chars) { "" } else { " " };
        let text = words.collect::<Vec<_>>().join(between);
        (field.clone(), text.chars().take(LONGEST_TEXT).collect())
    };
    split.texts.iter().map(text).collect()
}

/// Writes the report of a run while it trains.
pub struct Reporter {
    path: PathBuf,
    out: PathBuf,
    subject: Subject,
    dataset: Arc<Dataset>,
    history: Vec<EpochRecord>,
    /// Of the best epoch.
    valid: Option<Evaluation>,
    written: Option<Instant>,
    /// Whether an epoch is not in the report yet.
    stale: bool,
    failed: bool,
}

impl Reporter {
    /// The report of a run into the folder `out`.
    pub fn new(setup: &Setup, out: &Path) -> Self {
        Self {
            path: out.join("report.html"),
            out: out.to_path_buf(),
            subject: Subject::new(&setup.predictor, &setup.source, setup.program.train.clone()),
            dataset: setup.dataset.clone(),
            history: Vec::new(),
            valid: None,
            written: None,
            stale: false,
            failed: false,
        }
    }

    /// Completes the report when the training is over, or stopped for now.
    pub fn finish(mut self, outcome: &Outcome) {
        if self.history.is_empty() {
            // Nothing was left to do.
            self.history = history(&self.out);
        }
        let epochs = self.subject.train.epochs * self.subject.train.restarts.max(1);
        let status = match outcome {
            Outcome::Done { epochs: done, .. } if *done < epochs => {
                format!("Trained {done} of {epochs} epochs: patience was over.")
            }
            Outcome::Done { .. } if epochs == 1 => "Trained 1 epoch.".to_string(),
            Outcome::Done { .. } => format!("Trained {epochs} epochs."),
            Outcome::Interrupted { epoch, step } => {
                format!("Stopped in epoch {epoch} after step {step}; `--resume` goes on from there.")
            }
        };
        if self.history.is_empty() {
            return;
        }
        let mut results: Vec<(&str, &Evaluation)> = Vec::new();
        if let Outcome::Done { valid, test, .. } = outcome {
            results.extend(valid.as_ref().map(|valid| ("validation", valid)));
            results.extend(test.as_ref().map(|test| ("test", test)));
        }
        match self.look(&results) {
            Ok(look) => self.write(&status, &results, Some(&look)),
            Err(error) => {
                say(format!("warning: the report has no closer look at the answers: {error}"));
                self.write(&status, &results, None);
            }
        }
    }

    /// At the model as it is kept: on the validation data, so that the test data stay unseen; on others where there are none.
    fn look(&self, results: &[(&str, &Evaluation)]) -> Result<Look, String> {
        let (predictor, _) = predictor::load(&self.out.join("model.safetensors")).map_err(|error| error.to_string())?;
        let Dataset { train, valid, test, .. } = &*self.dataset;
        let (name, split) = match (valid, test) {
            (Some(valid), _) => ("validation", valid),
            (None, Some(test)) => ("test", test),
            (None, None) => ("training", train),
        };
        let known = results.iter().find(|(known, _)| *known == name).map(|(_, evaluation)| (*evaluation).clone());
        let evaluation = match known {
            Some(evaluation) => evaluation,
            None => evaluate(&predictor, split).map_err(|error| error.to_string())?,
        };
        Look::at(&predictor, split, name, evaluation)
    }

    fn write(&mut self, status: &str, results: &[(&str, &Evaluation)], look: Option<&Look>) {
        let Dataset { train, valid, test, vocabularies, labels, .. } = &*self.dataset;
        let mut splits = vec![("training", train)];
        splits.extend(valid.as_ref().map(|valid| ("validation", valid)));
        splits.extend(test.as_ref().map(|test| ("test", test)));
        let Subject { model, source, figure, parameters, train } = &self.subject;
        let page = run_page(&RunReport {
            model,
            status,
            source,
            figure,
            parameters: *parameters,
            train,
            history: &self.history,
            results,
            examined: look.map(Look::examined),
            splits: &splits,
            vocabularies,
            labels: labels.as_ref().map_or(&[], |labels| labels.names()),
        });
        (self.stale, self.written) = (false, Some(Instant::now()));
        // Training is worth more than its report.
        if let (Err(error), false) = (write_atomically(&self.path, page.as_bytes()), self.failed) {
            self.failed = true;
            say(format!("warning: the report is not written: {error}"));
        }
    }

    fn write_so_far(&mut self) {
        let epochs = self.subject.train.epochs * self.subject.train.restarts.max(1);
        let status = format!("Epoch {} of {epochs} is done; the training goes on.", self.history.len());
        let valid = self.valid.take();
        let results: Vec<(&str, &Evaluation)> = valid.iter().map(|valid| ("validation", valid)).collect();
        self.write(&status, &results, None);
        self.valid = valid;
    }
}

impl Watch for Reporter {
    fn epoch(&mut self, epoch: &Epoch) {
        self.history = epoch.history.to_vec();
        if epoch.record().best || self.valid.is_none() {
            self.valid = epoch.valid.cloned();
        }
        self.stale = true;
        if self.written.is_none_or(|written| written.elapsed() >= PAUSE) {
            self.write_so_far();
        }
    }

    fn end(&mut self) {
        if self.stale {
            self.write_so_far();
        }
    }
}

/// The report of an evaluation of a model whose source this is.
pub fn of_evaluation(
    predictor: &Predictor,
    source: &str,
    split: &Split,
    evaluation: &Evaluation,
) -> Result<String, String> {
    let program = check::check("model.rnn", source, &mut NoFiles).program;
    let train = program.map(|program| program.train).ok_or("the source of the model is not sound")?;
    let subject = Subject::new(predictor, source, train);
    let look = Look::at(predictor, split, "evaluated", evaluation.clone())?;
    Ok(run_page(&RunReport {
        model: &subject.model,
        status: &format!("Evaluated on {}.", split.path()),
        source,
        figure: &subject.figure,
        parameters: subject.parameters,
        train: &subject.train,
        history: &[],
        results: &[("evaluated", evaluation)],
        examined: Some(look.examined()),
        splits: &[("evaluated", split)],
        vocabularies: &predictor.vocabularies,
        labels: predictor.labels.as_ref().map_or(&[], |labels| labels.names()),
    }))
}
