//! Known answers: those of the vendor's page where it says the password, else of Python's hashlib, of OpenSSL (`dgst -hmac`,
//! `kdf PBKDF2`) and of the README of the Argon2 reference implementation.

use serde_json::{Value, json};

use super::ForeignHash;

const HORSE: &str = "correct horse";

#[track_caller]
fn check(object: Value, password: &str) {
    let hash = ForeignHash::read(&object).unwrap_or_else(|why| panic!("{why}: {object}"));
    assert!(hash.fits(password), "{object}");
    for wrong in ["", "Correct horse", "correct horse ", "passwore"] {
        assert!(!hash.fits(wrong), "{wrong}: {object}");
    }
}

fn plain(algorithm: &str, encoding: &str, value: &str) -> Value {
    json!({"algorithm": algorithm, "hash": {"value": value, "encoding": encoding}})
}

fn with(mut object: Value, key: &str, value: Value) -> Value {
    object[key] = value;
    object
}

#[test]
fn digests_with_and_without_salt() {
    check(
        plain("md4", "hex", "a448017aaf21d8525fc10ae87aa6729d"),
        "abc",
    );
    check(
        plain("md5", "hex", "3cb4e732631f47e6eb961f34554b7cde"),
        HORSE,
    );
    // The sample of the vendor's schema: MD5('salt' + 'password').
    let salted = plain("md5", "hex", "67A1E09BB1F83F5007DC119C14D663AA");
    check(
        with(
            salted,
            "salt",
            json!({"value": "salt", "position": "prefix"}),
        ),
        "password",
    );
    let salted = plain("sha1", "base64", "YjOxnlnw8lITpqjG3t-XV9jV7os");
    check(
        with(
            salted,
            "salt",
            json!({"value": "pepper", "position": "suffix"}),
        ),
        HORSE,
    );
    let salted = plain(
        "sha256",
        "hex",
        "7dd074e35d7d8e19669507f6877a85adbf056dcfdfdddfe0cd4b18d30a9bd0f8",
    );
    check(
        with(
            salted,
            "salt",
            json!({"value": "00FF10", "encoding": "hex"}),
        ),
        HORSE,
    );
}

#[test]
fn the_password_has_an_encoding() {
    for (algorithm, encoding, value) in [
        (
            "sha256",
            Some("utf8"),
            "d353a2671b67afff0941ae456e5c76e9394bd6579774ae7542a6185fb9843384",
        ),
        (
            "sha256",
            None,
            "d353a2671b67afff0941ae456e5c76e9394bd6579774ae7542a6185fb9843384",
        ),
        (
            "sha512",
            Some("ucs2"),
            "27fe51a7d2931fda9e6cff062abb710aa774153c12575ba2618bda9a5adb4917226be810ed238a2d1c5862ca40356a49db31038b1ba189627f1e633a676407ea",
        ),
        (
            "sha512",
            Some("utf16le"),
            "27fe51a7d2931fda9e6cff062abb710aa774153c12575ba2618bda9a5adb4917226be810ed238a2d1c5862ca40356a49db31038b1ba189627f1e633a676407ea",
        ),
        (
            "sha1",
            Some("latin1"),
            "11643d2c66fc0e882a49a31526510e0af48ad3fa",
        ),
        (
            "sha1",
            Some("binary"),
            "11643d2c66fc0e882a49a31526510e0af48ad3fa",
        ),
    ] {
        let object = plain(algorithm, "hex", value);
        check(
            with(object, "password", json!({"encoding": encoding})),
            "größe",
        );
    }
}

#[test]
fn every_digest_of_hmac() {
    // The vendor's sample.
    let peter = json!({"algorithm": "hmac", "hash": {
        "value": "cg7f42jH39/2EaAU4wNd4s2lKIk=", "encoding": "base64", "digest": "sha1", "key": {"value": "736868", "encoding": "hex"},
    }});
    check(peter, "test");
    for (digest, value) in [
        ("md4", "44e3e82cc8147e6b101da4bb0e4702eb"),
        ("md5", "9bc6103e5cc88c81ea9da4da252d8b3e"),
        ("ripemd160", "0bb113430a48f002d18a3a867e141a4df06db1b8"),
        ("sha1", "b36b944f5033f0fa9767b6bb20bf9f7b075f4eba"),
        (
            "sha224",
            "4f93cb1a5d7042d9def6b1cb6431fb26967db20608c634841a7f2f18",
        ),
        (
            "sha256",
            "955ca3bd5be9681f0de4e366f1d33a17f77dde1ef64f2394b5f939aad39dbe26",
        ),
        (
            "sha384",
            "0c6b79deb02fb320df3bc4da6f7bc4854817b0a27afdc8d022f66f25fb96e2d12ff0433788df58664c2ea8f7b90c2f64",
        ),
        (
            "sha512",
            "16cc4f959aa5338d1138ad5d2340f6ce6fd917fa92acc153331bfd9c3035afd66549712ec0c108c2f5a505aa833c66b31fc8960d5fe5fabedbc7e3fd5205f5ae",
        ),
        (
            "whirlpool",
            "d34c5bf811ee044bd7a7d0db77547182cd4f0aa6d91b24e5d99aa677e41d179eb83c47357547a6ff9c47309a4ac676f9ee91f70e3d162f50da623f87b5450349",
        ),
    ] {
        let hash =
            json!({"value": value, "encoding": "hex", "digest": digest, "key": {"value": "key"}});
        check(json!({"algorithm": "hmac", "hash": hash}), HORSE);
    }
}

#[test]
fn pbkdf2_in_phc_form() {
    for (digest, hash) in [
        ("md4", "EkjJpMFzAq94XujKqr1lzE9Tm4k"),
        ("md5", "hfM3TL0xFxmOhv6QuLhGoY9ssYE"),
        ("sha1", "wQoBU7GXMNo2CJC+raijrf6key4"),
        ("RSA-SHA1", "wQoBU7GXMNo2CJC+raijrf6key4"),
        ("sha256", "qQDPSZa3Ormyy9oK1Pu0ZLLwP2Q"),
        ("sha256WithRSAEncryption", "qQDPSZa3Ormyy9oK1Pu0ZLLwP2Q"),
        ("sha384", "M+OuuSj5U9BMJUTjq/zZKDux9c8"),
        ("sha512", "+sUSD8jw4f8ns7m9b7kj8PeJLe8"),
        ("whirlpool", "zpZO1G84OagWPh9Q/75hrU0tVDo"),
    ] {
        let value = format!("$pbkdf2-{digest}$i=1000,l=20$c2FsdHNhbHQ${hash}");
        check(plain("pbkdf2", "utf8", &value), HORSE);
    }
    // The defaults.
    let value = "$pbkdf2-sha256$c2FsdHNhbHQ$bVqGFmHEolHPncezG0mbHHTOii5++8a42RYR9n2R8ZY0NawGTx08fmDQ+ssYP2WYNQfXCO1gmM8xvOlO6pCymg";
    check(
        json!({"algorithm": "pbkdf2", "hash": {"value": value}}),
        HORSE,
    );
}

#[test]
fn scrypt_with_its_parameters() {
    // The vendor's sample.
    let carmella = plain(
        "scrypt",
        "hex",
        "097f6197e1b41538f723e32aa7a68e8d76227d8e432ce5faa4882a913032db29",
    );
    let carmella = with(
        carmella,
        "salt",
        json!({"value": "abc123", "encoding": "utf8"}),
    );
    check(
        with(with(carmella, "keylen", json!(32)), "cost", json!(4096)),
        "password",
    );
    for (cost, block_size, parallelization, hash) in [
        (
            16,
            1,
            1,
            "fd33263dacc23d71c467f5d3dfd921c8acd9873de937bdfc4fbdbe385415f0b243520b44bfef1a2c6e0be54bc672e0304066a7e4ce7963f7cacf0c55d739f735",
        ),
        (
            1024,
            8,
            16,
            "312889c02f5982e32eeddfc7c0fb2516892e76bddc0e0df9c5ee5dfb02cc0f1423b362bddfe6dd8917d474e231fce4e45210334c8b54a7a186ca8ff208c1c8d7",
        ),
    ] {
        let object = json!({
            "algorithm": "scrypt", "hash": {"value": hash, "encoding": "hex"}, "salt": {"value": "NaCl"}, "keylen": 64,
            "cost": cost, "blockSize": block_size, "parallelization": parallelization,
        });
        check(object, HORSE);
    }
}

#[test]
fn ldap_schemes() {
    for value in [
        "{SSHA}5pcxo13YdJml98eQSIlT3FMEBMMBAgME",
        "{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=",
        "{smd5}Z/zaJ2M7Khrn3AWg16utq3NhbHRzYWx0",
        "{SSHA512}MH0EJ8wpLkd2r6mVlZzBjq0xUhzC61Us15wwWhVHZ2qCq9GgozB8vVDDVeat6+yi5yCmtY/7TT8C/BbzfpFPgWFiYw==",
        "{SHA256}QQTTb42iwlQ0n4WDZ5Pr4CngyVcGOjTJHC6SAxh7VjE=",
    ] {
        check(plain("ldap", "utf8", value), HORSE);
    }
}

#[test]
fn hashes_that_name_their_parameters() {
    let bcrypt = "$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K";
    check(
        json!({"algorithm": "bcrypt", "hash": {"value": bcrypt}}),
        "hello",
    );
    let salted = with(
        plain("bcrypt", "utf8", bcrypt),
        "salt",
        json!({"value": "hel"}),
    );
    check(salted, "lo");
    let argon2 = "$argon2i$v=19$m=65536,t=2,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b+dWRWJTmaaJObG";
    check(plain("argon2", "utf8", argon2), "password");
}

#[test]
fn what_cannot_be_checked_says_why() {
    let argon2 = |parameters: &str| {
        let value =
            format!("$argon2id$v=19${parameters}$c29tZXNhbHQ$RdescudvJCsgt3ub+b+dWRWJTmaaJObG");
        plain("argon2", "utf8", &value)
    };
    let scrypt = |key: &str, value: Value| {
        let object = json!({"algorithm": "scrypt", "hash": {"value": "00ff", "encoding": "hex"}, "keylen": 2, "cost": 16});
        with(object, key, value)
    };
    for (object, why) in [
        (json!({}), "`algorithm` is missing"),
        (json!({"algorithm": "md5"}), "`hash.value` is missing"),
        (plain("sha3", "hex", "00"), "`sha3` is not supported"),
        (plain("md5", "utf8", "00"), "must be hex or base64"),
        (plain("md5", "hex", "0g"), "not hex"),
        (plain("md5", "hex", "000"), "not hex"),
        (plain("md5", "base64", "?"), "not base64"),
        (
            plain(
                "bcrypt",
                "utf8",
                "$2x$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K",
            ),
            "begin with $2a$",
        ),
        (
            plain("ldap", "utf8", "{CRYPT}abc"),
            "{crypt} is not supported",
        ),
        (plain("ldap", "utf8", "{SHA}AAAA"), "not one of sha1"),
        (plain("ldap", "utf8", "SHA"), "{scheme}"),
        (
            plain("pbkdf2", "utf8", "$pbkdf2-mdc2$i=1,l=1$AA$AA"),
            "`mdc2` is not supported",
        ),
        (
            plain("pbkdf2", "utf8", "$pbkdf2-sha1$i=4000000000,l=1$AA$AA"),
            "10000000 rounds",
        ),
        (
            plain("pbkdf2", "utf8", "$pbkdf2-sha1$i=0,l=1$AA$AA"),
            "10000000 rounds",
        ),
        (
            plain("pbkdf2", "utf8", "$pbkdf2-sha1$i=1,l=2$AA$AA"),
            "another length",
        ),
        (plain("pbkdf2", "utf8", "pbkdf2"), "not in PHC form"),
        (
            json!({"algorithm": "hmac", "hash": {"value": "00", "encoding": "hex", "digest": "sha1"}}),
            "`hash.key.value`",
        ),
        (
            json!({"algorithm": "hmac", "hash": {"value": "00", "encoding": "hex"}}),
            "`hash.digest`",
        ),
        (argon2("m=4000000,t=2,p=4"), "256 MiB"),
        (argon2("m=64,t=200,p=4"), "32 passes"),
        (argon2("m=262144,t=32,p=1"), "1024 MiB of passes"),
        (plain("argon2", "utf8", "argon2"), "not in PHC form"),
        (
            with(argon2("m=64,t=2,p=4"), "salt", json!({"value": "x"})),
            "cannot have a `salt`",
        ),
        (scrypt("cost", json!(15)), "power of two"),
        (scrypt("cost", json!(1_u64 << 40)), "256 MiB"),
        (scrypt("blockSize", json!(u64::MAX)), "256 MiB"),
        (scrypt("parallelization", json!(1000)), "32 passes"),
        (scrypt("keylen", json!(3)), "`keylen` says"),
        (scrypt("keylen", json!(null)), "`keylen` is missing"),
        (scrypt("blockSize", json!("8")), "`blockSize` must be"),
        (
            with(
                plain("md5", "hex", "00"),
                "salt",
                json!({"value": "x", "position": "middle"}),
            ),
            "`salt.position`",
        ),
        (
            with(
                plain("md5", "hex", "00"),
                "password",
                json!({"encoding": "ebcdic"}),
            ),
            "`password.encoding`",
        ),
    ] {
        let found = ForeignHash::read(&object).expect_err(&object.to_string());
        assert!(found.contains(why), "{found}: {object}");
    }
}
