//! Workflows that check and test a project, for the services that run them.
//!
//! They install nothing but this version, from npm, and keep what is compiled once. The third-party steps are pinned by commit: a tag can be moved.

use std::path::Path;

use postlogin_project::display_path;

use super::super::file_stem;
use crate::{args::Ci, repository::top_above};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A file of a service: its path relative to the repository's root, and its text.
pub(super) struct Workflow {
    pub(super) path: String,
    pub(super) text: String,
}

/// Returns the folder that a service reads: the repository around the project, else the project's own.
pub(super) fn root(home: &Path) -> &Path {
    top_above(home).unwrap_or(home)
}

/// Returns the services that a repository uses already.
pub(super) fn used(root: &Path) -> Vec<Ci> {
    let is_gitlab = root.join(".gitlab-ci.yml").exists();
    let is_github = root.join(".github/workflows").is_dir();
    let services = [(is_gitlab, Ci::Gitlab), (is_github, Ci::Github)];
    let used = services.into_iter().filter(|(is_used, _)| *is_used);
    used.map(|(_, service)| service).collect()
}

/// Returns the file for a project; `None` for no service, and for a folder whose name the service would take for an expression.
pub(super) fn workflow(service: Ci, root: &Path, home: &Path) -> Option<Workflow> {
    let folder = match display_path(home, root) {
        folder if folder == "." => None,
        folder => Some(folder),
    };
    let is_an_expression = |folder: &String| folder.contains(['$', '`', '\n']);
    if folder.as_ref().is_some_and(is_an_expression) {
        return None;
    }
    // Each project of a repository has a file of its own.
    let name = match &folder {
        Some(folder) => format!(
            "postlogin-{}",
            file_stem(&folder.replace('/', "-")).replace(' ', "-")
        ),
        None => "postlogin".to_owned(),
    };
    let folder = folder.as_deref();
    match service {
        Ci::Github => Some(Workflow {
            path: format!(".github/workflows/{name}.yml"),
            text: github(&name, folder),
        }),
        Ci::Gitlab => Some(Workflow {
            path: format!(".gitlab/{name}.yml"),
            text: gitlab(&name, folder),
        }),
        Ci::None => None,
    }
}

/// A string of YAML, which is one of JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn github(name: &str, folder: Option<&str>) -> String {
    let defaults = folder.map(|folder| {
        let folder = quoted(folder);
        format!("    defaults:\n      run:\n        working-directory: {folder}\n")
    });
    let report = quoted(&format!("{}report.xml", prefix(folder)));
    let defaults = defaults.unwrap_or_default();
    format!(
        "name: {name}
on: [push, pull_request]
permissions:
  contents: read
jobs:
  test:
    runs-on: ubuntu-latest
    timeout-minutes: 15
{defaults}    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
        with:
          persist-credentials: false
      - uses: actions/setup-node@49933ea5288caeca8642d1e84afbd3f7d6820020 # v4.4.0
        with:
          node-version: 22
      # The program, and the JavaScript engine that it compiles once for a kind of machine.
      - uses: actions/cache@0057852bfaa89a56745cba8c7296529d2fc39830 # v4.3.0
        with:
          path: |
            ~/.cache/postlogin
            ~/.npm
          key: postlogin-{VERSION}-${{{{ runner.os }}}}-${{{{ runner.arch }}}}
      - name: Install the packages that the Actions require
        run: if [ -f package-lock.json ]; then npm ci --ignore-scripts; elif [ -f \"$GITHUB_WORKSPACE/package-lock.json\" ]; then npm ci --prefix \"$GITHUB_WORKSPACE\" --ignore-scripts; fi
      - name: Check
        run: npx --yes postlogin@{VERSION} check --format github
      - name: Test
        run: npx --yes postlogin@{VERSION} test --reporter human --reporter github --reporter junit=report.xml
      - uses: actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2
        if: ${{{{ !cancelled() }}}}
        with:
          name: {name}-report
          path: {report}
          if-no-files-found: ignore
"
    )
}

fn gitlab(name: &str, folder: Option<&str>) -> String {
    let enter =
        folder.map(|folder| format!("    - {}\n", quoted(&format!("cd {}", in_shell(folder)))));
    let report = quoted(&format!("{}report.xml", prefix(folder)));
    let enter = enter.unwrap_or_default();
    format!(
        "{name}:
  image: node:22
  variables:
    npm_config_cache: $CI_PROJECT_DIR/.npm
    POSTLOGIN_CACHE_DIR: $CI_PROJECT_DIR/.postlogin-cache
  # The program, and the JavaScript engine that it compiles once for a kind of machine.
  cache:
    key: postlogin-{VERSION}
    paths: [.npm, .postlogin-cache]
  script:
    # Machine code is used only from a folder that no other user may write to.
    - mkdir -p .postlogin-cache && chmod -R go-w .postlogin-cache
{enter}    - if [ -f package-lock.json ]; then npm ci --ignore-scripts; elif [ -f \"$CI_PROJECT_DIR/package-lock.json\" ]; then npm ci --prefix \"$CI_PROJECT_DIR\" --ignore-scripts; fi
    - npx --yes postlogin@{VERSION} check
    - npx --yes postlogin@{VERSION} test --reporter human --reporter junit=report.xml
  artifacts:
    when: always
    reports:
      junit: {report}
"
    )
}

fn prefix(folder: Option<&str>) -> String {
    folder.map_or_else(String::new, |folder| format!("{folder}/"))
}

/// A word of a shell.
fn in_shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{github, gitlab, workflow};
    use crate::args::Ci;

    #[test]
    fn a_project_in_a_folder_has_its_own_file_at_the_root() {
        let found = workflow(Ci::Github, Path::new("/r"), Path::new("/r/tenants/eu one"));
        let found = found.expect("a workflow");
        assert_eq!(found.path, ".github/workflows/postlogin-tenants-eu-one.yml");
        assert!(
            found
                .text
                .contains("working-directory: \"tenants/eu one\"\n"),
            "{}",
            found.text
        );
        assert!(
            found.text.contains("path: \"tenants/eu one/report.xml\"\n"),
            "{}",
            found.text
        );
        let whole = workflow(Ci::Gitlab, Path::new("/r"), Path::new("/r")).expect("a job");
        assert_eq!(whole.path, ".gitlab/postlogin.yml");
        assert!(!whole.text.contains("cd "), "{}", whole.text);
        assert!(workflow(Ci::None, Path::new("/r"), Path::new("/r")).is_none());
    }

    #[test]
    fn a_folders_name_is_no_command() {
        let text = gitlab("x", Some("it's; rm \"x\" #"));
        assert!(text.contains(r#"- "cd 'it'\\''s; rm \"x\" #'""#), "{text}");
        for folder in ["a${{ github.token }}", "a$(id)", "a`id`", "a\nb"] {
            let home = Path::new("/r").join(folder);
            assert!(
                workflow(Ci::Github, Path::new("/r"), &home).is_none(),
                "{folder}"
            );
        }
    }

    #[test]
    fn steps_of_others_are_pinned_and_nothing_is_installed_without_a_version() {
        for text in [github("x", None), github("x", Some("a")), gitlab("x", None)] {
            for line in text.lines().filter(|line| line.contains("uses:")) {
                let pin = line.split(['@', ' ']).find(|word| word.len() == 40);
                assert!(
                    pin.is_some_and(|pin| pin.bytes().all(|digit| digit.is_ascii_hexdigit())),
                    "{line}"
                );
            }
            let all = text.matches("npx").count();
            assert_eq!(
                (
                    all,
                    text.matches(concat!(
                        "npx --yes postlogin@",
                        env!("CARGO_PKG_VERSION"),
                        " "
                    ))
                    .count()
                ),
                (2, 2)
            );
            assert!(!text.contains("cargo"), "{text}");
        }
    }
}
