//! Names of people.

use crate::random::Random;

/// A language with given names and family names.
type Names = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

/// Names of many scripts: with marks, from right to left, without spaces, outside the first plane of Unicode, with apostrophes and hyphens.
const NAMES: &[Names] = &[
    (
        "en",
        &["Olivia", "Noah", "Amelia", "Liam", "Ava", "Jack"],
        &["Smith", "O'Brien", "Taylor", "Johnson", "Wright-Jones"],
    ),
    (
        "de",
        &["Jürgen", "Käthe", "Lukas", "Anna-Lena", "Björn"],
        &["Müller", "Weiß", "Schröder", "von der Heide"],
    ),
    (
        "es",
        &["José", "María", "Íñigo", "Lucía", "Álvaro"],
        &["García Márquez", "Núñez", "Fernández", "Peña"],
    ),
    (
        "fr",
        &["Chloé", "François", "Anaïs", "Zoë"],
        &["Lefèvre", "D’Amboise", "Gagné", "Œuvrard"],
    ),
    (
        "pl",
        &["Łukasz", "Małgorzata", "Stanisław"],
        &["Wójcik", "Żółkiewski", "Dąbrowska"],
    ),
    (
        "vi",
        &["Nguyệt", "Đức", "Hương"],
        &["Nguyễn", "Trần", "Phạm"],
    ),
    (
        "tr",
        &["İbrahim", "Işıl", "Gülşen"],
        &["Yılmaz", "Şahin", "Çelik"],
    ),
    (
        "ru",
        &["Алексей", "Екатерина", "Фёдор"],
        &["Иванов", "Щербакова", "Ёлкин"],
    ),
    ("el", &["Νίκος", "Ελένη"], &["Παπαδόπουλος", "Αθανασίου"]),
    ("ar", &["محمد", "فاطمة"], &["الحسيني", "بن علي"]),
    ("he", &["יעל", "דוד"], &["כהן", "לוי"]),
    ("hi", &["आरव", "प्रिया"], &["शर्मा", "पटेल"]),
    ("th", &["สมชาย", "สุนีย์"], &["ใจดี", "วงศ์สุวรรณ"]),
    ("zh", &["偉", "秀英", "𠮷"], &["王", "李", "歐陽"]),
    ("ja", &["さくら", "健太", "葵"], &["佐藤", "髙橋", "渡邉"]),
    ("ko", &["서연", "민준"], &["김", "남궁"]),
];

/// A user's person.
pub(super) struct Person {
    pub(super) given: String,
    pub(super) family: String,
    pub(super) language: &'static str,
    /// The part of an address before the `@`. Two users have different ones.
    pub(super) address: String,
}

pub(super) fn person(random: &mut Random, number: u64) -> Person {
    // Half of all users have names of the first three languages.
    let among = if random.chance(50) { 3 } else { NAMES.len() };
    let picked = NAMES.get(random.below(among));
    let (language, given, family) = picked.copied().unwrap_or(("en", &[], &[]));
    let word = random.text(&[
        "sun", "river", "stone", "cloud", "maple", "night", "north", "blue",
    ]);
    let address = match random.below(3) {
        0 => format!("{word}{number}"),
        1 => format!("{word}.{number}"),
        _ => format!("{language}.{word}.{number}"),
    };
    Person {
        given: random.text(given),
        family: random.text(family),
        language,
        address,
    }
}
