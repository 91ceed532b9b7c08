//! Commands that CI systems read from a build's output.

/// Returns the byte offsets of the ASCII characters that make a line a command: when each of them is written in
/// another way, the line is none.
///
/// - `::name …::text` of GitHub Actions, at the start of a line; the runner skips white space before it.
/// - `##[name]text` of GitHub Actions and Azure Pipelines, `##vso[…]` of Azure Pipelines and `##teamcity[…]`, anywhere
///   in a line.
///
/// Characters that a comparison may ignore are ignored here, too.
///
/// <https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs>,
/// <https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands>,
/// <https://www.jetbrains.com/help/teamcity/service-messages.html>
pub fn command_marks(line: &str) -> Vec<usize> {
    let mut marks = Vec::new();
    marks.extend(colons(line));
    marks.extend(brackets(line));
    marks
}

/// Returns the offset of the first of two colons that begin the line.
fn colons(line: &str) -> Option<usize> {
    let is_skipped = |letter: char| letter.is_whitespace() || is_ignorable(letter);
    let start = line.trim_start_matches(is_skipped);
    let rest = start.strip_prefix(':')?;
    let is_command = rest.trim_start_matches(is_ignorable).starts_with(':');
    is_command.then_some(line.len() - start.len())
}

/// Returns the offset of each `#` that is the second one before a name and a bracket.
fn brackets(line: &str) -> impl Iterator<Item = usize> {
    // Between two brackets each character is looked at once.
    let mut begin = 0;
    line.match_indices('[').filter_map(move |(at, _)| {
        let before = line.get(begin..at).unwrap_or_default();
        let offset = begin;
        begin = at + 1;
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || is_ignorable(letter);
        let hashes = before.trim_end_matches(is_name);
        let first = hashes.strip_suffix('#')?;
        let is_command = first.trim_end_matches(is_ignorable).ends_with('#');
        is_command.then_some(offset + first.len())
    })
}

/// Returns whether comparisons by culture ignore a character: it is invisible, and part of no word.
fn is_ignorable(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}' | '\u{34f}' | '\u{200c}'..='\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}'
    ) || super::is_hostile(letter)
}
