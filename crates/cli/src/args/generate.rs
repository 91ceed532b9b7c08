//! The options of `generate`.

use clap::{Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum GenerateCommand {
    /// Write users as the vendor's export job does: the same for the same seed, and user N for any count
    Users {
        /// The number of users
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=1_000_000_000))]
        count: u64,

        /// The seed of all choices
        #[arg(long, value_name = "N", default_value_t = 0)]
        seed: u64,

        /// The form of the export
        #[arg(long, value_enum, default_value_t = ExportForm::Ndjson, value_name = "FORMAT")]
        format: ExportForm,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportForm {
    /// One JSON object a line
    Ndjson,
    /// One JSON array
    Json,
    /// Comma-separated values, without lists and objects
    Csv,
}
