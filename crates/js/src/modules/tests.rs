use super::*;

/// The view of Action Modules of these sizes, called `0`, `1`, …, with room for so many MiB.
fn modules(mebibytes: &[usize], most: usize) -> Modules {
    let modules = mebibytes
        .iter()
        .enumerate()
        .map(|(number, size)| ActionModule {
            name: number.to_string(),
            text: format!("//{}", "x".repeat((size << 20) - 1000)).into(),
            ..ActionModule::default()
        });
    let dependencies = Dependencies {
        modules: modules.collect(),
        ..Dependencies::default()
    };
    let mut view = Modules::new(dependencies).expect("names differ");
    view.most_bytes = most << 20;
    view
}

#[test]
fn the_files_of_an_action_have_room_together() {
    assert_eq!(modules(&[], 1).most_bytes, 1 << 20);
    assert_eq!(Modules::none().most_bytes, LOADED_BYTES);
    let view = modules(&[1, 1, 1, 1], 3);
    let load = |number: usize| view.load(&format!("{SCHEME}{number}")).map(|_| ());
    assert_eq!([load(0), load(1), load(2)], [Ok(()), Ok(()), Ok(())]);
    let refusal = load(3).expect_err("there is no room");
    assert!(
        refusal
            .message
            .contains("the files that this Action requires have more than 3 MiB together"),
        "{}",
        refusal.message
    );
    // What is refused stays refused, and what is loaded stays loaded, in any order and as often as it is asked for.
    for _ in 0..3 {
        assert!(load(3).is_err());
        assert!(load(0).is_ok());
    }
}

#[test]
fn a_smaller_file_may_still_fit() {
    let view = modules(&[2, 2, 1], 3);
    let load = |number: usize| view.load(&format!("{SCHEME}{number}")).is_ok();
    assert_eq!([load(0), load(1), load(2)], [true, false, true]);
}

/// The resolver remembers each folder of each path that it looks at; an Action may ask for any number of them.
#[test]
fn paths_that_are_not_there_are_not_remembered_without_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let package = folder.path().join("node_modules/p");
    std::fs::create_dir_all(&package).expect("a folder");
    std::fs::write(package.join("package.json"), r#"{"name":"p"}"#).expect("a file");
    std::fs::write(package.join("there.js"), "exports.a = 1;").expect("a file");
    let packages = Packages::new(folder.path());
    let (mut most, mut emptied, mut before) = (0, 0, 0);
    for number in 0..60 {
        let missing = format!("p/{number}{}", "/x".repeat(900));
        let found = packages.resolve("", &missing, Keyword::Require);
        assert!(found.is_err(), "{missing}");
        let cached = packages.cached();
        most = most.max(cached);
        emptied += usize::from(cached < before);
        before = cached;
        // The same answer with a cache and without one.
        for (name, keyword) in [
            ("p/there.js", Keyword::Import),
            ("p/there", Keyword::Require),
        ] {
            let found = packages.resolve("", name, keyword);
            let found = found.map_err(|refusal| refusal.message);
            assert!(
                found.as_ref().is_ok_and(|it| it.ends_with("/p/there.js")),
                "{found:?}"
            );
        }
    }
    // A folder of 2,000 bytes has 1,000 in the middle: 60 questions are at least 54 MB, three times the limit.
    assert!(most <= 16 << 20, "{most}");
    assert!(emptied >= 3, "{emptied}");
}
