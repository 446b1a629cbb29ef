//! One renderer a file: the same diagnostics for people, editors, scripts and code hosts.
