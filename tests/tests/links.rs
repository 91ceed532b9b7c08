//! Relative links of the repository's Markdown lead to files and headings that exist.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
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
            let target = match path {
                "" => page.to_owned(),
                path => folder.join(path),
            };
            let is_page = target
                .extension()
                .is_some_and(|extension| extension == "md");
            let fits = target.exists()
                && (heading.is_empty() || !is_page || headings(&target).contains(heading));
            if !fits {
                broken.push(format!("{}:{}: {link}", page.display(), number + 1));
            }
        }
    }
    broken
}

/// The targets of the inline links and definitions of a line, without those that have a scheme.
fn links(line: &str) -> Vec<&str> {
    let inline = line
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', ' ']).next());
    let definition = line
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("]: "));
    let all = inline.chain(definition.map(|(_, target)| target));
    all.filter(|target| !target.contains(':') && !target.is_empty())
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
