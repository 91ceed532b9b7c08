//! Rules in TypeScript, which teams compile before they deploy them.

use crate::action::has_handler;

/// Whether a text in TypeScript has a function with a Rule's parameters at its beginning or exports one; types may stand before it.
pub(super) fn is_rule(text: &str) -> bool {
    let begins = [
        "function ",
        "async function ",
        "export ",
        "module.exports",
        "(",
    ];
    let mut lines = text.lines().filter(|line| {
        let begins = begins.iter().any(|begin| line.starts_with(begin));
        begins && !has_handler(line)
    });
    lines.any(|line| {
        let parameters = line.split_once('(').map(|(_, rest)| rest.trim());
        parameters.is_some_and(|rest| rest.is_empty() || rest.starts_with("user"))
    }) && text.contains("callback")
}

#[cfg(test)]
mod tests {
    use super::is_rule;

    #[test]
    fn a_rule_calls_back() {
        for text in [
            "function addRoles(user: any, context: any, callback: any) {\n}\n",
            "import type { User } from './types';\n\nexport default function (user: User, context: any, callback: any) {}\n",
            "export default async (\n  user: User,\n  context: Context,\n  callback: Callback,\n) => {};\n",
        ] {
            assert!(is_rule(text), "{text}");
        }
        for text in [
            "",
            "export interface User { callback: string }\n",
            "export function help(name: string) { return name; } // callback\n",
            "export function onExecutePostLogin(user: any) { callback(); }\n",
        ] {
            assert!(!is_rule(text), "{text}");
        }
    }
}
