//! The framework's facade: what applications depend on

pub mod config;
