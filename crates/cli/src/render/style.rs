//! The meaning of colours. A colour never says anything that the text does not say as well.

use anstyle::{AnsiColor, Color, Style};

/// The part that a piece of text plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Running text.
    Plain,
    /// Headings and the names that the eye looks for.
    Strong,
    /// The parts that are always the same: standard claims, places, units.
    Dim,
    /// All is well.
    Good,
    /// Something was refused or broke.
    Bad,
    /// Something to look at.
    Warn,
    /// Where a value came from.
    Source,
}

impl Role {
    pub(super) fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Strong => Style::new().bold(),
            Self::Dim => Style::new().dimmed(),
            Self::Good => colour(AnsiColor::Green).bold(),
            Self::Bad => colour(AnsiColor::Red).bold(),
            Self::Warn => colour(AnsiColor::Yellow),
            Self::Source => colour(AnsiColor::Cyan),
        }
    }
}

fn colour(colour: AnsiColor) -> Style {
    Style::new().fg_color(Some(Color::Ansi(colour)))
}
