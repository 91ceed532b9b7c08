//! Texts that forge something where a careless writer prints them.

/// Each does harm in at least one medium.
pub(crate) const HOSTILE: &[&str] = &[
    "\u{1b}[31mRED\u{1b}[0m\u{1b}]0;title\u{7}\n::error::INJ\r\n::set-output name=a::b\u{0}\u{fffe}\u{202e}]]>&<x>",
    "::error file=a,line=1::b",
    "  \t::add-mask::x",
    "\u{a0}\u{2003}::stop-commands::t",
    "\u{feff}::error::x",
    "\u{ad}:\u{200d}:error::x",
    "x\n  ::warning::y",
    "x\r::debug::y",
    "a ##[add-mask]b",
    "###[error]c",
    "##vso[task.setvariable variable=a]b",
    "#\u{200d}#teamcity[message text='x']",
    "ok 99 - forged",
    "x\nnot ok 1 - forged\n  ---\n  ...\nBail out!",
    "x # SKIP y",
    "x \\# TODO y",
    "a\nSF:/etc/passwd\nDA:1,1\nend_of_record",
    "</testcase><testcase name=\"forged\"/>",
    "<script>alert(1)</script>' onload=\"x",
    "\u{9b}31m\u{85}\u{2028}\u{2029}\u{7f}",
    "\u{2066}\u{2069}\u{202a}\u{200b}\u{61c}",
    "\u{e0041}\u{ffff}\u{10fffe}\u{fdd0}",
    "a\r\nb\tc",
    "100% %0A %25 %",
    "",
    " ",
];

/// Letters of which harmful texts are made.
pub(crate) const LETTERS: &[char] = &[
    ':', ':', ':', '#', '#', '[', ']', '\n', '\r', '\t', ' ', '\u{1b}', 'm', '3', ';', '%', ',',
    '=', '<', '>', '&', '"', '\'', '\\', '-', '.', 'a', 'o', 'k', '0', '\0', '\u{7f}', '\u{85}',
    '\u{9b}', '\u{ad}', '\u{200b}', '\u{200d}', '\u{2028}', '\u{202e}', '\u{2066}', '\u{feff}',
    '\u{fffe}', '\u{ffff}', '\u{a0}', 'é', '🙂',
];
