use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::profile::Columns;

fn columns(given: &[(&str, &str)]) -> Columns {
    let given: Vec<_> = given
        .iter()
        .map(|(name, path)| ((*name).to_owned(), (*path).to_owned()))
        .collect();
    Columns::new(&given).unwrap_or_else(|path| panic!("{path}"))
}

/// The entries as text: `line content`, problems with `!`.
fn read(bytes: &[u8], columns: &Columns) -> (Form, Vec<String>) {
    let mut users =
        Users::of(of_bytes(bytes.to_vec()), columns).unwrap_or_else(|error| panic!("{error}"));
    let mut found = Vec::new();
    while let Some(entry) = users.next_entry().unwrap_or_else(|error| panic!("{error}")) {
        found.push(match entry.content {
            Ok(text) => format!("{} {}", entry.line, String::from_utf8_lossy(&text)),
            Err(why) => format!("{} !{why}", entry.line),
        });
    }
    (users.form(), found)
}

#[track_caller]
fn check(bytes: &[u8], form: Form, expected: &[&str]) {
    let (found_form, found) = read(bytes, &Columns::new(&[]).unwrap_or_default());
    assert_eq!(found_form, form);
    assert_eq!(found, expected);
}

#[test]
fn lines_are_users() {
    check(
        b"{\"a\":1}\n\n {\"b\":2}\r\n{\"c\"",
        Form::Lines,
        &["1 {\"a\":1}", "3  {\"b\":2}", "4 {\"c\""],
    );
    check("\u{feff}{}\n".as_bytes(), Form::Lines, &["1 {}"]);
    check(b"", Form::Lines, &[]);
}

#[test]
fn elements_of_an_array_are_users() {
    check(
        b" [ {\"a\":\"]},\\\"\"} , {\"b\":[1,2]},]\n",
        Form::Array,
        &["1 {\"a\":\"]},\\\"\"}", "2 {\"b\":[1,2]}"],
    );
    check(b"[]", Form::Array, &[]);
    check(
        b"[{}",
        Form::Array,
        &["1 !the array is cut off: its `]` is missing"],
    );
    check(
        b"[{}]{}\n{}",
        Form::Array,
        &["1 {}", "2 !text after the `]` of the array"],
    );
}

#[test]
fn a_long_entry_is_a_problem_and_not_kept() {
    let long = "x".repeat(LONGEST_ENTRY);
    let text = format!("{{\"a\":\"{long}\"}}\n{{\"b\":1}}\n");
    check(
        text.as_bytes(),
        Form::Lines,
        &["1 !longer than 4 MiB", "2 {\"b\":1}"],
    );
    let text = format!("[{{\"a\":\"{long}\"}},{{\"b\":1}}]");
    check(
        text.as_bytes(),
        Form::Array,
        &["1 !longer than 4 MiB", "2 {\"b\":1}"],
    );
    let text = format!("user_id,name\n'a,\"{long}\n'b,'c\n");
    check(
        text.as_bytes(),
        Form::Table,
        &[
            "2 !longer than 4 MiB",
            "3 {\"user_id\":\"b\",\"name\":\"c\"}",
        ],
    );
}

#[test]
fn blanks_before_an_element_are_not_counted() {
    let blanks = " \n".repeat(LONGEST_ENTRY);
    let text = format!("[{blanks}{{\"a\":1}},{blanks}{{\"b\":2}}{blanks}");
    let Some(text) = text.get(..text.len() - blanks.len()) else {
        panic!("blanks are ASCII");
    };
    check(
        format!("{text}]").as_bytes(),
        Form::Array,
        &["1 {\"a\":1}", "2 {\"b\":2}"],
    );
}

thread_local! {
    /// So many more reads of content are let through.
    static READS: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

fn is_over() -> bool {
    READS.with(|reads| {
        let left = reads.get();
        reads.set(left.saturating_sub(1));
        left == 0
    })
}

/// Each stage of reading ends when it is stopped, also within an entry that has no end.
#[test]
fn reading_ends_where_it_is_stopped() {
    let (open, blank, ones) = (
        "x".repeat(1 << 16),
        "\n".repeat(1 << 16),
        "1,".repeat(1 << 15),
    );
    for (begin, repeated) in [
        ("[{\"a\":\"", &open),
        ("[", &blank),
        ("[1]", &blank),
        ("[", &ones),
        ("{\"a\":\"", &open),
        ("{}\n", &blank),
        ("user_id,name\n", &blank),
        ("user_id,name\n\"", &open),
        ("user_id,", &open),
    ] {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        let mut write = |text: &str| {
            encoder
                .write_all(text.as_bytes())
                .unwrap_or_else(|error| panic!("{error}"));
        };
        write(begin);
        (0..64).for_each(|_| write(repeated));
        let bytes = encoder.finish().unwrap_or_else(|error| panic!("{error}"));
        READS.with(|reads| reads.set(8));
        let users = Users::until(of_bytes(bytes), &Columns::default(), is_over);
        let ended = users.and_then(|mut users| {
            while users.next_entry()?.is_some() {}
            Ok(())
        });
        let error = ended.expect_err(begin).to_string();
        assert_eq!(error, "stopped", "{begin}");
    }
}

#[test]
fn several_members_of_gzip_are_read() {
    let mut bytes = Vec::new();
    for part in ["{\"a\":1}\n{\"b\"", ":2}\n"] {
        let mut encoder = GzEncoder::new(&mut bytes, Compression::fast());
        encoder
            .write_all(part.as_bytes())
            .unwrap_or_else(|error| panic!("{error}"));
    }
    check(&bytes, Form::Lines, &["1 {\"a\":1}", "2 {\"b\":2}"]);
    bytes.truncate(bytes.len() - 4);
    let mut users =
        Users::of(of_bytes(bytes), &Columns::default()).unwrap_or_else(|error| panic!("{error}"));
    while let Ok(Some(_)) = users.next_entry() {}
    let error = users.next_entry().expect_err("a cut file is an error");
    assert_eq!(
        error.to_string(),
        "the gzip file is cut off, after 16 bytes of its text; `gzip -t` tests it"
    );
}

/// Text after the compressed text, as of a download that went wrong.
#[test]
fn other_bytes_in_a_gzip_file_are_an_error() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder
        .write_all(b"{\"a\":1}\n")
        .unwrap_or_else(|error| panic!("{error}"));
    let whole = encoder.finish().unwrap_or_else(|error| panic!("{error}"));
    for more in ["<html>", "a long text that is no member of a gzip file"] {
        let bytes = [&whole, more.as_bytes()].concat();
        let mut users = Users::of(of_bytes(bytes), &Columns::default())
            .unwrap_or_else(|error| panic!("{error}"));
        let error = loop {
            match users.next_entry() {
                Ok(entry) => assert!(entry.is_some(), "{more}"),
                Err(error) => break error.to_string(),
            }
        };
        assert!(error.starts_with("the gzip file is "), "{error}");
    }
}

/// One quote that is not closed, or not where a field begins, costs its own line and no other.
#[test]
fn quotes_that_do_not_fit_cost_one_line() {
    let user = |line: u64| format!("{line} {{\"user_id\":\"{line}\",\"name\":\"n\"}}");
    let wrong = |line: u64, why: &str| format!("{line} !{why}");
    let unclosed = "a quote that is not closed";
    for (line, why) in [
        // The next quote of the file is far away, or there is none.
        ("3,\"n", unclosed),
        ("3,\"n\"\"", unclosed),
        ("\"3,n", unclosed),
        ("3,\"n\" x", "text after the closing quote of a field"),
        ("\"3\"4,n", "text after the closing quote of a field"),
    ] {
        for after in ["4,n\r\n5,n\r\n", "4,n\r\n\"5\",\"n\"\r\n", "4,\"n\"\r\n5,n"] {
            let text = format!("user_id,name\r\n2,n\r\n{line}\r\n{after}");
            let expected = [user(2), wrong(3, why), user(4), user(5)];
            let expected = expected
                .each_ref()
                .map(|line| line.replace("\"user_id\":\"", "\"user_id\":"));
            let expected = expected
                .each_ref()
                .map(|line| line.replace("\",\"name", ",\"name"));
            let (_, found) = read(text.as_bytes(), &Columns::new(&[]).unwrap_or_default());
            assert_eq!(found, expected, "{text}");
        }
    }
    // A quote inside of a field without quotes is one of its characters.
    check(
        b"user_id,name\n'a,6\" tall\n'b,\"c\nd\"\n",
        Form::Table,
        &[
            "2 {\"user_id\":\"a\",\"name\":\"6\\\" tall\"}",
            "3 {\"user_id\":\"b\",\"name\":\"c\\nd\"}",
        ],
    );
}

/// A table as the vendor's job writes it: texts begin with `'`, dates and numbers do not, quotes are doubled.
#[test]
fn a_table_of_the_vendor_is_read() {
    let text = "user_id,email_verified,logins_count,\"'user_metadata.plan\",identities[0].connection,created_at,nickname,app_metadata\r\n\
        \"'auth0|1\",true,12,\"'7\",\"'db\",2025-03-14T09:26:53.000Z,\"'a \"\"b\"\",\nc\",\"'{\"\"roles\"\":[\"\"x\"\"]}\"\r\n\
        \"'auth0|2\",false,,,,,,\r\n";
    check(
        text.as_bytes(),
        Form::Table,
        &[
            "2 {\"user_id\":\"auth0|1\",\"email_verified\":true,\"logins_count\":12,\"user_metadata\":{\"plan\":\"7\"},\
             \"identities\":[{\"connection\":\"db\"}],\"created_at\":\"2025-03-14T09:26:53.000Z\",\"nickname\":\"a \\\"b\\\",\\nc\",\
             \"app_metadata\":{\"roles\":[\"x\"]}}",
            "4 {\"user_id\":\"auth0|2\",\"email_verified\":false}",
        ],
    );
}

#[test]
fn headings_of_the_old_extension_and_given_ones_are_known() {
    let text = "Id,Given Name,Email Verified,Connection,plan,shoe size\na|1,Jane,true,db,pro,39\n";
    let columns = columns(&[("plan", "app_metadata.plan")]);
    let mut users =
        Users::of(of_bytes(text.into()), &columns).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(users.unknown_columns(), ["shoe size"]);
    let entry = users
        .next_entry()
        .ok()
        .flatten()
        .and_then(|entry| entry.content.ok())
        .unwrap_or_default();
    assert_eq!(
        String::from_utf8_lossy(&entry),
        "{\"user_id\":\"a|1\",\"given_name\":\"Jane\",\"email_verified\":true,\"identities\":[{\"connection\":\"db\"}],\
         \"app_metadata\":{\"plan\":\"pro\"}}"
    );
}

#[test]
fn what_is_no_export_is_refused() {
    for (bytes, expected) in [
        (&b"\xff\xfe{\0"[..], "UTF-16"),
        (b"hello world\n", "no column of the heading"),
        (b"a,b\n1,2\n", "no column of the heading"),
        (b"\xc3\x28,b\n", "neither JSON nor the heading"),
    ] {
        let found = Users::of(of_bytes(bytes.to_vec()), &Columns::default()).map(|_| ());
        let error = found.expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
    }
    let text = "user_id,name\n'a|1\n'a|2,'x\n";
    check(
        text.as_bytes(),
        Form::Table,
        &[
            "2 !the line has another number of fields than the heading",
            "3 {\"user_id\":\"a|2\",\"name\":\"x\"}",
        ],
    );
    // What spreadsheets write of booleans, where a boolean may be; a name may be the text.
    let text = "user_id,email_verified,blocked,app_metadata.beta,name\n'a|1,TRUE,False,True,TRUE\n";
    check(
        text.as_bytes(),
        Form::Table,
        &[
            "2 {\"user_id\":\"a|1\",\"email_verified\":true,\"blocked\":false,\"app_metadata\":{\"beta\":true},\"name\":\"TRUE\"}",
        ],
    );
    let text = b"user_id,name\n'a|1,\"x\n'a|2,y\n";
    check(
        text,
        Form::Table,
        &[
            "2 !a quote that is not closed",
            "3 {\"user_id\":\"a|2\",\"name\":\"y\"}",
        ],
    );
    let text = b"user_id,name\n'a|1,\xff\n";
    check(text, Form::Table, &["2 !the line is not UTF-8"]);
}
