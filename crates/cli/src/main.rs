//! The `postlogin` command.

fn main() {}
