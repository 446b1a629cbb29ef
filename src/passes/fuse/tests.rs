//! Compiled cells, looked at.
