//! The texts that the runner of GitHub Actions treats as a command, by the rules of its `ActionCommand`; every name of a command
//! is registered. It is stricter than the runner where that depends on the machine: invisible characters are ignored.
//!
//! <https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs>

/// A command: its name, its properties, its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) name: String,
    pub(crate) properties: Vec<(String, String)>,
    pub(crate) data: String,
}

/// The commands in what a step printed.
pub(crate) fn commands(printed: &str) -> Vec<Command> {
    let lines = printed.split(['\n', '\r']);
    lines
        .filter_map(|line| second(line).or_else(|| first(line)))
        .collect()
}

/// `::name key=value,key=value::data`
fn second(line: &str) -> Option<Command> {
    let line: String = line
        .chars()
        .filter(|letter| !is_invisible(*letter))
        .collect();
    let line = line.trim_start().strip_prefix("::")?;
    let (info, data) = line.split_once("::")?;
    let unescaped = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n");
    let property = |text: &str| {
        let text = unescaped(text).replace("%3A", ":").replace("%2C", ",");
        text.replace("%25", "%")
    };
    let (name, properties) = info.split_once(' ').unwrap_or((info, ""));
    let properties = properties
        .trim()
        .split(',')
        .filter_map(|pair| pair.split_once('='));
    Some(Command {
        name: name.to_owned(),
        properties: properties
            .map(|(key, value)| (key.to_owned(), property(value)))
            .collect(),
        data: unescaped(data).replace("%25", "%"),
    })
}

/// `##[name key=value;key=value]data`; also the commands of Azure Pipelines, which have the same form.
fn first(line: &str) -> Option<Command> {
    let line: String = line
        .chars()
        .filter(|letter| !is_invisible(*letter))
        .collect();
    for prefix in ["##[", "##vso[", "##teamcity["] {
        if let Some((_, rest)) = line.split_once(prefix) {
            let (name, data) = rest.split_once(']').unwrap_or((rest, ""));
            return Some(Command {
                name: name.to_owned(),
                properties: Vec::new(),
                data: data.to_owned(),
            });
        }
    }
    None
}

fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
        || letter.is_control() && letter != '\t'
}
