use super::*;

fn places() -> Places {
    Places {
        roots: vec![
            (
                "/p/a/node_modules".into(),
                "/home/action/node_modules".into(),
            ),
            (
                "/p/node_modules".into(),
                "/home/action/outer-1/node_modules".into(),
            ),
        ],
        project: Some("/p".into()),
        refused: Vec::new(),
    }
}

#[test]
fn files_and_names_belong_together() {
    #[track_caller]
    fn check(file: &str, path: &str) {
        let places = places();
        assert_eq!(places.inside(Path::new(file)).as_deref(), Some(path));
        assert_eq!(
            places.outside(path, Path::canonicalize).as_deref(),
            Some(Path::new(file))
        );
    }
    check(
        "/p/a/node_modules/x/y.js",
        "/home/action/node_modules/x/y.js",
    );
    check(
        "/p/node_modules/@s/x/y.js",
        "/home/action/outer-1/node_modules/@s/x/y.js",
    );
    check(
        "/p/b/node_modules/.pnpm/x@1/node_modules/x/y.js",
        "/home/action/workspace/b/node_modules/.pnpm/x@1/node_modules/x/y.js",
    );
    check("/p/b/x.js", "/home/action/workspace/b/x.js");
}

#[test]
fn other_files_have_no_names() {
    for file in [
        "/etc/passwd",
        "/p",
        "/p/.git/config",
        "/p/.env",
        "/p/b/.ssh/node_modules/x.js",
        "/q/node_modules/x.js",
        "/p2/x.js",
    ] {
        assert_eq!(places().inside(Path::new(file)), None, "{file}");
    }
    for path in [
        "/home/action/node_modules/../../x.js",
        "/home/action/node_modules_/x.js",
        "/home/action/workspace/../x.js",
        "/home/action/workspace/.git/config",
        "/p/a/node_modules/x/y.js",
        "/etc/passwd",
        "",
    ] {
        assert_eq!(places().outside(path, Path::canonicalize), None, "{path}");
    }
}
