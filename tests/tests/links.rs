//! Links of the repository's Markdown lead to files and headings that exist. Pages of the book name files outside of it by their address
//! on GitHub: in the built book, a relative path leads nowhere.

use std::{
    collections::HashSet,
    fs,
    path::{Component, Path, PathBuf},
};

use postlogin_tests::workspace;

#[test]
fn links_lead_somewhere() {
    let root = workspace();
    let mut pages = Vec::new();
    collect(&root, &mut pages);
    assert!(pages.len() > 20, "{pages:?}");
    let broken: Vec<String> = pages.iter().flat_map(|page| broken_links(page)).collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn every_page_of_the_book_is_in_its_summary() {
    let book = workspace().join("docs/book/src");
    let summary = fs::read_to_string(book.join("SUMMARY.md")).expect("the summary");
    let mut pages = Vec::new();
    collect(&book, &mut pages);
    for page in pages.iter().filter(|page| !page.ends_with("SUMMARY.md")) {
        let name = page.strip_prefix(&book).expect("it is in the book");
        let link = format!("]({})", name.display());
        assert!(
            summary.contains(&link),
            "SUMMARY.md lacks {}",
            name.display()
        );
    }
}

fn collect(folder: &Path, pages: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_foreign = name.starts_with('.') || name == "node_modules" || name == "target";
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() && !is_foreign {
            collect(&path, pages);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
}

fn broken_links(page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).expect("a page is text");
    let mut broken = Vec::new();
    let mut is_code = false;
    for (number, line) in text.lines().enumerate() {
        is_code ^= line.starts_with("```");
        if is_code {
            continue;
        }
        for link in links(line) {
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            let folder = page.parent().expect("a page is in a folder");
            let target = match (path, of_repository(path)) {
                (_, Some(path)) => workspace().join(path),
                ("", _) => page.to_owned(),
                (path, _) => folder.join(path),
            };
            let is_page = target
                .extension()
                .is_some_and(|extension| extension == "md");
            let fits = target.exists()
                && !leads_out_of_the_book(page, path)
                && (heading.is_empty() || !is_page || headings(&target).contains(heading));
            if !fits {
                broken.push(format!("{}:{}: {link}", page.display(), number + 1));
            }
        }
    }
    broken
}

/// The beginnings of addresses of files and folders of this repository.
const REPOSITORY: [&str; 2] = [
    "https://github.com/postlogin/postlogin/blob/main/",
    "https://github.com/postlogin/postlogin/tree/main/",
];

/// Returns the path of a file of this repository that is named by its address.
fn of_repository(link: &str) -> Option<&str> {
    let mut beginnings = REPOSITORY.iter();
    beginnings.find_map(|beginning| link.strip_prefix(beginning))
}

/// Whether a relative link of a page of the book leads out of it.
fn leads_out_of_the_book(page: &Path, path: &str) -> bool {
    let book = workspace().join("docs/book/src");
    let Ok(place) = page.strip_prefix(&book) else {
        return false;
    };
    if of_repository(path).is_some() {
        return false;
    }
    let mut depth = place.components().count().saturating_sub(1);
    for part in Path::new(path).components() {
        match (part, depth) {
            (Component::ParentDir, 0) => return true,
            (Component::ParentDir, _) => depth -= 1,
            _ => depth += 1,
        }
    }
    false
}

#[test]
fn links_out_of_the_book_are_found() {
    let page = workspace().join("docs/book/src/guide/run.md");
    let check = |link: &str, leads_out: bool| {
        assert_eq!(leads_out_of_the_book(&page, link), leads_out, "{link}");
    };
    check("check.md", false);
    check("../reference/cli.md", false);
    check("../../../../SECURITY.md", true);
    check("../../book.toml", true);
    check(
        "https://github.com/postlogin/postlogin/blob/main/SECURITY.md",
        false,
    );
    assert!(!leads_out_of_the_book(
        &workspace().join("README.md"),
        "../x"
    ));
    let missing = "https://github.com/postlogin/postlogin/blob/main/no-such-file.md";
    assert_eq!(of_repository(missing), Some("no-such-file.md"));
}

/// The targets of the inline links and definitions of a line: paths, and addresses of this repository.
fn links(line: &str) -> Vec<&str> {
    let inline = line
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', ' ']).next());
    let definition = line
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("]: "));
    let all = inline.chain(definition.map(|(_, target)| target));
    all.filter(|target| !target.is_empty())
        .filter(|target| !target.contains(':') || of_repository(target).is_some())
        .collect()
}

/// The anchors of a page's headings, as GitHub and mdBook make them.
fn headings(page: &Path) -> HashSet<String> {
    let text = fs::read_to_string(page).expect("a page is text");
    let titles = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |title: &str| {
        let title = title.trim_start_matches('#').trim().to_lowercase();
        let kept = title
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    titles.map(anchor).collect()
}
