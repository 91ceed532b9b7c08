//! Configurations that are written to take all time and memory, and those that leave out what runs.

use std::time::Instant;

use super::{read, repository};

/// The errors and warnings of a project, which must be read within seconds.
#[track_caller]
fn remarks_of(files: &[(&str, &str)]) -> Vec<String> {
    let folder = repository(files);
    let started = Instant::now();
    let project = read(&folder);
    let took = started.elapsed();
    assert!(took.as_secs() < 10, "it took {took:?}");
    let broken = project.remarks.broken.iter().map(|broken| &broken.error);
    let all = broken.chain(&project.remarks.notices);
    let unresolved = project.remarks.unresolved.iter().map(|(_, error)| error);
    all.chain(unresolved).map(ToString::to_string).collect()
}

/// An Action whose name is an expression.
fn action_named(name: &str) -> String {
    format!(
        "resource \"auth0_action\" \"a\" {{\n  name = {name}\n  code = \"exports.onExecutePostLogin = async () => {{}};\"\n}}\n"
    )
}

#[test]
fn a_template_that_names_itself_is_not_resolved() {
    let twice = "${templatefile(\"x.tpl\", {})}${templatefile(\"x.tpl\", {})}";
    let other = "${templatefile(\"y.tpl\", {})}";
    let back = "a ${upper(templatefile(\"x.tpl\", {}))} b";
    for (x, y) in [(twice, ""), (other, back), (other, other)] {
        let action = action_named("templatefile(\"x.tpl\", {})");
        let found = remarks_of(&[("main.tf", &action), ("x.tpl", x), ("y.tpl", y)]);
        assert!(!found.is_empty() && found.len() <= 2, "{found:?}");
        assert!(
            found
                .iter()
                .any(|one| one.contains("refers to too much") || one.contains("computes too much")),
            "{found:?}"
        );
    }
}

#[test]
fn locals_that_multiply_lists_are_not_resolved() {
    let chain = |first: &str, next: &dyn Fn(usize) -> String| {
        let locals: Vec<String> = (1..24)
            .map(|at| format!("  r{at} = {}\n", next(at - 1)))
            .collect();
        format!(
            "locals {{\n  r0 = {first}\n{}}}\n{}",
            locals.concat(),
            action_named("length(local.r23)")
        )
    };
    let eight = "[\"a\", \"a\", \"a\", \"a\", \"a\", \"a\", \"a\", \"a\"]";
    let of = |text: &str| text.to_owned();
    for text in [
        chain(eight, &|at| {
            format!("split(\"\", join(\"aaaaaaaa\", local.r{at}))")
        }),
        chain(eight, &|at| format!("concat(local.r{at}, local.r{at})")),
        chain(eight, &|at| format!("[local.r{at}, local.r{at}]")),
        chain(eight, &|at| {
            format!("{{ a = local.r{at}, b = local.r{at} }}")
        }),
        chain("\"aaaaaaaa\"", &|at| {
            format!("\"${{local.r{at}}}${{local.r{at}}}\"")
        }),
        chain("\"0,0\"", &|at| {
            format!("replace(local.r{at}, \"0\", \"0,0,0,0\")")
        }),
        of("locals { t = \"a,b\" }\n")
            + &action_named("jsondecode(\"[${replace(\"0\", \"\", \"1,\")}\")"),
    ] {
        let found = remarks_of(&[("main.tf", &text)]);
        assert!(!found.is_empty() && found.len() <= 3, "{found:?}");
    }
}

#[test]
fn instances_have_a_ceiling_in_total() {
    let one = |number: usize| {
        format!(
            "resource \"auth0_action\" \"a{number}\" {{\n  count = 1000\n  name = \"a${{count.index}}\"\n  code = \"exports.onExecutePostLogin = async () => {{}};\"\n  description = \"{}\"\n}}\n",
            "d".repeat(1_000)
        )
    };
    let text: String = (0..300).map(one).collect();
    let folder = repository(&[("main.tf", &text)]);
    let started = Instant::now();
    let project = read(&folder);
    assert!(started.elapsed().as_secs() < 10);
    assert!(project.actions.len() <= 10_000);
    let broken: Vec<String> = project
        .remarks
        .broken
        .iter()
        .map(|one| one.error.to_string())
        .collect();
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert!(broken[0].contains("computes too much"), "{broken:?}");
    assert!(broken[0].starts_with("main.tf:"), "{broken:?}");
    // What is not known is not green.
    assert!(project.bind("post-login").is_err());
    assert!(!project.missing_in_bindings().is_empty());
}

#[test]
fn locals_that_are_tried_again_and_again_end_soon() {
    let chain: String = (1..80)
        .map(|at| {
            let before = format!("local.l{}", at - 1);
            format!("  l{at} = try({before}.x, can({before}.y) ? {before} : {before})\n")
        })
        .collect();
    let actions: String = (0..40)
        .map(|at| action_named("local.l79").replace("\"a\"", &format!("\"a{at}\"")))
        .collect();
    let text = format!("locals {{\n  l0 = \"a\"\n{chain}}}\n{actions}");
    let found = remarks_of(&[("main.tf", &text)]);
    assert!(!found.is_empty(), "{found:?}");
}

#[test]
fn a_binding_that_is_not_resolved_is_an_error_and_not_left_out() {
    let action = action_named("\"a\"");
    for (binding, trigger) in [
        (
            "resource \"auth0_trigger_actions\" \"l\" {\n  trigger = \"post-login\"\n  actions {\n    id = auth0_action.a.id\n  }\n  actions {\n    id = data.auth0_action.other.id\n  }\n}\n",
            "post-login",
        ),
        (
            "resource \"auth0_trigger_action\" \"l\" {\n  trigger = \"post-login\"\n  action_id = var.nope\n}\n",
            "post-login",
        ),
        (
            "resource \"auth0_trigger_actions\" \"l\" {\n  trigger = var.nope\n  actions {\n    id = auth0_action.a.id\n  }\n}\n",
            "credentials-exchange",
        ),
        (
            "resource \"auth0_trigger_actions\" \"l\" {\n  trigger = \"post-login\"\n  actions {\n    id = 5\n  }\n}\n",
            "post-login",
        ),
    ] {
        let text = format!("{action}{binding}");
        let folder = repository(&[("main.tf", &text)]);
        let project = read(&folder);
        let error = project.bind(trigger).expect_err(binding).to_string();
        assert!(error.contains("is not resolved"), "{error}");
        assert!(error.starts_with("main.tf:"), "{error}");
        assert_eq!(project.missing_in_bindings().len(), 1, "{binding}");
        // It is said once.
        assert_eq!(project.remarks.notices, [], "{binding}");
    }
    // The file of the user decides.
    let text = format!(
        "{action}resource \"auth0_trigger_actions\" \"l\" {{\n  trigger = \"post-login\"\n  actions {{\n    id = var.nope\n  }}\n}}\n"
    );
    let folder = repository(&[
        ("main.tf", &text),
        ("postlogin.toml", "export = \".\"\nbinding = [\"a\"]\n"),
    ]);
    let project = read(&folder);
    assert_eq!(project.bind("post-login").expect("bound").len(), 1);
    assert_eq!(project.missing_in_bindings(), []);
    // A name that is only shown is not needed.
    let text = format!(
        "{action}resource \"auth0_trigger_actions\" \"l\" {{\n  trigger = \"post-login\"\n  actions {{\n    id = auth0_action.a.id\n    display_name = var.nope\n  }}\n}}\n"
    );
    let folder = repository(&[("main.tf", &text)]);
    let project = read(&folder);
    assert_eq!(project.bind("post-login").expect("bound").len(), 1);
    assert_eq!(project.remarks, Default::default());
}

/// Links to one file count as a file each: git keeps them in a few bytes.
#[cfg(unix)]
#[test]
fn files_of_a_folder_have_a_limit_together() {
    let list = format!(
        "resource \"x\" \"y\" {{\n  x = [{}]\n}}\n",
        "1,".repeat(100_000)
    );
    let discovered = |links: usize| {
        let folder = repository(&[("main.tf", &action_named("\"a\"")), ("list.tf", &list)]);
        for number in 0..links {
            let link = folder.path().join(format!("link{number}.tf"));
            std::os::unix::fs::symlink("list.tf", link).expect("a link");
        }
        let found = crate::Project::discover(folder.path());
        found.map(|project| project.is_some_and(|project| project.actions.len() == 1))
    };
    // 600,000 values for each file.
    assert_eq!(discovered(2), Ok(true));
    let error = discovered(3).expect_err("it is too much");
    assert!(
        error.to_string().starts_with(
            "list.tf: the files of the project are too large up to this one: together more than 96 MiB"
        ),
        "{error}"
    );
}

#[test]
fn files_beyond_the_five_hundredth_are_named() {
    let many: Vec<(String, String)> = (0..501)
        .map(|number| {
            (
                format!("f{number:03}.tf"),
                format!("locals {{ a{number} = 1 }}\n"),
            )
        })
        .collect();
    let action = action_named("\"a\"");
    let mut files: Vec<(&str, &str)> = vec![("a.tf", &action)];
    files.extend(
        many.iter()
            .map(|(file, text)| (file.as_str(), text.as_str())),
    );
    let found = remarks_of(&files);
    assert_eq!(
        found,
        [
            "f499.tf: the folder has more than 500 files of Terraform; those from here on are not read"
        ]
    );
}
