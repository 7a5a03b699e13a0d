//! Test harness: an application per test, a schema or file each
