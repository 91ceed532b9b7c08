//! Which files an Action can reach by `require`, whatever links a repository contains.
#![cfg(unix)]

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use postlogin_engine::{Keyword, ModuleSource};
use postlogin_js::{Dependencies, Modules};
use tempfile::TempDir;

/// A repository `repo` with an Action in `repo/actions/a`, and a foreign folder beside it.
struct World {
    folder: TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let world = Self { folder };
        world.write("repo/.git/config.json", "{\"token\": \"secret\"}");
        world.write("repo/.env.json", "{\"secret\": 1}");
        world.write("repo/actions/a/code.js", "");
        world.write("foreign/node_modules/x/index.js", "secret");
        world.write("foreign/secret.json", "{\"secret\": 1}");
        world.write("foreign/package.json", "{}");
        world
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let file = self.path(path);
        fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
        fs::write(file, text).expect("a file");
    }

    fn link(&self, target: impl AsRef<Path>, at: &str) {
        let link = self.path(at);
        fs::create_dir_all(link.parent().expect("a parent")).expect("a folder");
        symlink(target, link).expect("a link");
    }

    fn modules(&self) -> Modules {
        Modules::new(Dependencies {
            folder: Some(self.path("repo/actions/a")),
            ..Dependencies::default()
        })
        .expect("no module is there twice")
    }

    /// Returns the module that the Action gets for a specifier, and the notices.
    fn ask(&self, specifier: &str) -> (Option<String>, Vec<String>) {
        let modules = self.modules();
        let resolved = modules.resolve("", specifier, Keyword::Require);
        let code = resolved.path.ok().and_then(|path| modules.load(&path).ok());
        let notices = resolved.notices.into_iter();
        (
            code.map(|file| file.code.to_string()),
            notices
                .map(|notice| format!("{}: {}", notice.code, notice.message))
                .collect(),
        )
    }

    #[track_caller]
    fn gives(&self, specifier: &str, code: &str) {
        let (found, notices) = self.ask(specifier);
        assert_eq!(found.as_deref(), Some(code), "{specifier}: {notices:?}");
    }

    /// Refuses the request, and says that a link leads out when `is_told`.
    #[track_caller]
    fn refuses(&self, specifier: &str, is_told: bool) {
        let (found, notices) = self.ask(specifier);
        assert_eq!(found, None, "{specifier}");
        let told = notices
            .iter()
            .any(|notice| notice.starts_with("package-outside: "));
        assert_eq!(told, is_told, "{specifier}: {notices:?}");
    }
}

#[test]
fn node_modules_that_is_a_link_out_of_the_project_is_no_root() {
    for target in [
        "/",
        "/etc",
        "../foreign",
        "../foreign/node_modules",
        "..",
        "actions",
        ".git",
    ] {
        let world = World::new();
        world.link(target, "repo/node_modules");
        world.write("repo/actions/x.json", "{}");
        for specifier in [
            "x",
            "etc/passwd",
            "passwd",
            "foreign/secret.json",
            "secret.json",
            "repo/.env.json",
            "config.json",
            "x.json",
        ] {
            world.refuses(specifier, true);
        }
    }
}

#[test]
fn node_modules_may_be_a_link_within_the_project() {
    let world = World::new();
    world.write("repo/tools/node_modules/x/index.js", "x");
    world.link("../../tools/node_modules", "repo/actions/a/node_modules");
    world.gives("x", "x");
    let world = World::new();
    world.write("repo/node_modules/x/index.js", "x");
    world.link("../node_modules", "repo/actions/node_modules");
    world.gives("x", "x");
    // A folder above the repository is searched by Node, too.
    let world = World::new();
    world.write("node_modules/x/index.js", "x");
    world.gives("x", "x");
}

#[test]
fn links_inside_of_packages_do_not_lead_out() {
    let world = World::new();
    world.write("repo/node_modules/pkg/index.js", "x");
    world.link("/", "repo/node_modules/root");
    world.link("/etc", "repo/node_modules/@s/etc");
    world.link("/", "repo/node_modules/@all");
    world.link("/etc/passwd", "repo/node_modules/passwd.json");
    world.link("/etc/passwd", "repo/node_modules/pkg/p.json");
    world.link("/etc", "repo/node_modules/pkg/lib");
    world.link("../../../foreign", "repo/node_modules/pkg/foreign");
    world.link("../.git", "repo/node_modules/git");
    world.link("..", "repo/node_modules/self");
    world.link(
        "../../.git/config.json",
        "repo/node_modules/pkg/config.json",
    );
    world.link("../../.env.json", "repo/node_modules/pkg/env.json");
    world.link("/proc/self", "repo/node_modules/proc");
    world.link("/proc/self/environ", "repo/node_modules/pkg/environ.json");
    world.gives("pkg", "x");
    for specifier in [
        "root/etc/passwd",
        "@s/etc/passwd",
        "@all/etc/passwd",
        "passwd.json",
        "git/config.json",
        "self/.env.json",
        "proc/environ",
    ] {
        world.refuses(specifier, true);
    }
    for specifier in [
        "passwd",
        "pkg/p.json",
        "pkg/p",
        "pkg/lib/passwd",
        "pkg/foreign",
        "pkg/foreign/secret.json",
        "pkg/config.json",
        "pkg/env.json",
        "pkg/environ.json",
        "pkg/../../.env.json",
        "pkg/../../../foreign/secret.json",
    ] {
        world.refuses(specifier, false);
    }
}

#[test]
fn manifests_lead_nowhere_else() {
    let world = World::new();
    for (name, manifest) in [
        ("main", r#"{"main": "../../../foreign/secret.json"}"#),
        ("absolute", r#"{"main": "/etc/passwd"}"#),
        (
            "exported",
            r#"{"exports": {"./x": "./../../../foreign/secret.json"}}"#,
        ),
        ("linked", r#"{"exports": {"./x": "./out/secret.json"}}"#),
        (
            "imported",
            r##"{"imports": {"#x": "./out/secret.json"}, "main": "./index.js"}"##,
        ),
        ("hidden", r#"{"main": "../../.git/config.json"}"#),
    ] {
        world.write(&format!("repo/node_modules/{name}/package.json"), manifest);
        world.link("../../../foreign", &format!("repo/node_modules/{name}/out"));
    }
    // A manifest of its own that is a link is not read.
    world.write("foreign/manifest.json", r#"{"main": "./real.js"}"#);
    world.link(
        "../../../foreign/manifest.json",
        "repo/node_modules/borrowed/package.json",
    );
    world.write("repo/node_modules/borrowed/real.js", "secret");
    for specifier in [
        "main",
        "absolute",
        "exported/x",
        "linked/x",
        "hidden",
        "borrowed",
    ] {
        world.refuses(specifier, false);
    }
    let modules = world.modules();
    let importer = "/home/action/outer-2/node_modules/imported/index.js";
    world.write("repo/node_modules/imported/index.js", "");
    for specifier in [
        "#x",
        "./out/secret.json",
        "../../../foreign/secret.json",
        "../../.env.json",
    ] {
        let found = modules.resolve(importer, specifier, Keyword::Require).path;
        assert!(found.is_err(), "{specifier}: {found:?}");
    }
}

#[test]
fn workspace_packages_work_as_node_resolves_them() {
    let world = World::new();
    world.write(
        "repo/packages/pkg/package.json",
        r#"{"name": "@org/pkg", "main": "lib/main.js"}"#,
    );
    world.write("repo/packages/pkg/lib/main.js", "main");
    world.write("repo/packages/pkg/data.json", "{}");
    world.write("repo/packages/pkg/notes.txt", "notes");
    world.write("repo/packages/pkg/.env.json", "secret");
    world.write("repo/packages/pkg/node_modules/dep/index.js", "dep");
    world.write("repo/packages/loose/index.js", "loose");
    world.link("../../packages/pkg", "repo/node_modules/@org/pkg");
    world.link("../packages/loose", "repo/node_modules/loose");
    world.gives("@org/pkg", "main");
    world.gives("@org/pkg/data.json", "{}");
    for specifier in [
        "@org/pkg/notes.txt",
        "@org/pkg/.env.json",
        "@org/pkg/../../.env.json",
    ] {
        world.refuses(specifier, false);
    }
    // A folder without a manifest is no package.
    world.refuses("loose", true);
    let modules = world.modules();
    let main = modules.resolve("", "@org/pkg", Keyword::Require).path;
    let main = main.expect("it is found");
    assert_eq!(main, "/home/action/workspace/packages/pkg/lib/main.js");
    for (specifier, expected) in [
        (
            "../data.json",
            "/home/action/workspace/packages/pkg/data.json",
        ),
        (
            "dep",
            "/home/action/workspace/packages/pkg/node_modules/dep/index.js",
        ),
    ] {
        let found = modules.resolve(&main, specifier, Keyword::Require).path;
        assert_eq!(found.ok().as_deref(), Some(expected), "{specifier}");
    }
}

#[test]
fn the_store_of_pnpm_works() {
    let world = World::new();
    let store = "repo/node_modules/.pnpm/x@1.0.0/node_modules";
    world.write(&format!("{store}/x/index.js"), "x");
    world.write(
        "repo/node_modules/.pnpm/y@2.0.0/node_modules/y/index.js",
        "y",
    );
    world.link(".pnpm/x@1.0.0/node_modules/x", "repo/node_modules/x");
    world.link("../../y@2.0.0/node_modules/y", &format!("{store}/y"));
    world.gives("x", "x");
    let modules = world.modules();
    let path = modules.resolve("", "x", Keyword::Require).path;
    let path = path.expect("it is found");
    let below = modules.resolve(&path, "y", Keyword::Require).path;
    assert!(modules.load(&below.expect("it is found")).is_ok());
}

#[test]
fn without_a_repository_the_workspace_or_the_folder_is_the_project() {
    let world = World::new();
    fs::remove_dir_all(world.path("repo/.git")).expect("removed");
    world.write("repo/packages/pkg/package.json", "{}");
    world.write("repo/packages/pkg/index.js", "pkg");
    world.link("../packages/pkg", "repo/node_modules/pkg");
    world.refuses("pkg", true);
    world.write("repo/package.json", r#"{"workspaces": ["packages/*"]}"#);
    world.gives("pkg", "pkg");
    fs::remove_file(world.path("repo/package.json")).expect("removed");
    world.refuses("pkg", true);
    world.write("repo/pnpm-workspace.yaml", "packages: [\"packages/*\"]");
    world.gives("pkg", "pkg");
}

#[test]
fn only_regular_files_of_bounded_size_are_read() {
    let world = World::new();
    world.write("repo/node_modules/pkg/index.js", "x");
    let large = fs::File::create(world.path("repo/node_modules/pkg/large.json")).expect("a file");
    large.set_len((16 << 20) + 1).expect("a size");
    for pipe in ["pkg/pipe.json", "pkg/index.json", "pkg2/package.json"] {
        let path = world.path(&format!("repo/node_modules/{pipe}"));
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        let made = Command::new("mkfifo").arg(&path).status().expect("mkfifo");
        assert!(made.success());
    }
    world.link("/dev/zero", "repo/node_modules/pkg/zero.json");
    world.gives("pkg", "x");
    for specifier in [
        "pkg/pipe.json",
        "pkg/pipe",
        "pkg/zero.json",
        "pkg/large.json",
        "pkg2",
    ] {
        world.refuses(specifier, false);
    }
    let modules = world.modules();
    let path = modules.resolve("", "pkg/large.json", Keyword::Require).path;
    let refusal = modules
        .load(&path.expect("it is there"))
        .expect_err("it is too large");
    assert!(refusal.message.ends_with("more than 16 MiB"), "{refusal:?}");
}

#[test]
fn a_name_that_no_file_has_is_not_kept() {
    let world = World::new();
    let modules = world.modules();
    let name = "n".repeat(5_000_000);
    let resolved = modules.resolve("", &name, Keyword::Require);
    assert!(resolved.path.is_err());
    for notice in resolved.notices {
        assert!(notice.message.len() < 300, "{}", notice.message.len());
    }
}

#[test]
fn manifests_are_small_and_few() {
    let world = World::new();
    let manifest = |bytes: usize| {
        let filling = " ".repeat(bytes);
        format!("{{\"name\": \"x\", \"main\": \"i.js\"{filling}}}")
    };
    let package = |name: &str, bytes: usize| {
        let folder = format!("repo/node_modules/{name}");
        world.write(&format!("{folder}/package.json"), &manifest(bytes));
        world.write(&format!("{folder}/i.js"), name);
    };
    package("small", 1000);
    package("large", 1 << 20);
    assert_eq!(world.ask("small").0.as_deref(), Some("small"));
    // Its manifest is not read, so that nothing says what its main file is.
    assert_eq!(world.ask("large").0, None);
    // Eight of nearly 1 MiB, each read twice, are more than all may have together.
    let modules = world.modules();
    let found = (0..8).filter(|number| {
        let name = format!("p{number}");
        package(&name, 1_000_000);
        modules.resolve("", &name, Keyword::Require).path.is_ok()
    });
    let found = found.count();
    assert!((1..8).contains(&found), "{found}");
}

#[test]
fn a_manifest_that_multiplies_a_request_is_refused() {
    let world = World::new();
    let stars = "*".repeat(200_000);
    let one = |name: &str, manifest: String| {
        let folder = format!("repo/node_modules/{name}");
        world.write(&format!("{folder}/package.json"), &manifest);
        world.write(&format!("{folder}/index.js"), name);
        world.write(&format!("{folder}/a/x.js"), "deep");
    };
    one(
        "many",
        format!(r#"{{"exports": {{".": "./index.js", "./*": "./{stars}"}}}}"#),
    );
    one(
        "inner",
        format!(r##"{{"imports": {{"#*": "./{stars}"}}}}"##),
    );
    one("broken", "{\"exports\": ".to_owned());
    one("readme", format!(r#"{{"readme": "{stars}"}}"#));
    one("usual", r#"{"exports": {"./*": "./a/*.js"}}"#.to_owned());
    let modules = world.modules();
    let long = "x".repeat(1900);
    let refused = |importer: &str, specifier: &str| {
        let found = modules.resolve(importer, specifier, Keyword::Require);
        let refusal = found.path.expect_err(specifier);
        (refusal.code, refusal.message)
    };
    let (code, message) = refused("", &format!("many/{long}"));
    assert_eq!(code, "ERR_INVALID_PACKAGE_CONFIG");
    assert_eq!(
        message,
        "Invalid package config /home/action/node_modules/many/package.json. postlogin does not read one with more than 10 `*` in a target of \"exports\" or \"imports\"."
    );
    // However it is asked for.
    assert_eq!(refused("", "many").1, message);
    let importer = "/home/action/node_modules/inner/index.js";
    let (code, _) = refused(importer, &format!("#{long}"));
    assert_eq!(code, "ERR_INVALID_PACKAGE_CONFIG");
    // Node's words.
    assert_eq!(
        refused("", "broken"),
        (
            "ERR_INVALID_PACKAGE_CONFIG".to_owned(),
            "Invalid package config /home/action/node_modules/broken/package.json.".to_owned()
        )
    );
    assert_eq!(world.ask("readme").0.as_deref(), Some("readme"));
    assert_eq!(world.ask("usual/x").0.as_deref(), Some("deep"));
}
