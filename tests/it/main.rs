//! What a user sees: the built program run on files that each test writes.

mod cli_bad_data;
mod cli_bad_files;
mod cli_bad_models;
mod cli_check;
mod cli_imports;
mod cli_options;
mod cli_predict;
mod cli_resume;
mod cli_settings;
mod cli_train;
mod command;
