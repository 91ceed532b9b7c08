//! Images that are whole, cut off or not there.

use std::fs;

use super::*;

#[test]
fn what_is_stored_is_found_and_what_is_damaged_is_not() {
    let folder = std::env::temp_dir().join(format!("postlogin-images-{}", std::process::id()));
    let code = folder.join("a.cwasm");
    let is_missing = || matches!(load(&code), FoundImage::Missing);
    assert!(is_missing());
    let mut memory = vec![0; 64 << 10];
    memory[20_000] = 7;
    store(&code, &memory, 3).unwrap();
    let FoundImage::Image(image, 3) = load(&code) else {
        panic!("the image is not found");
    };
    assert_eq!(image.len(), memory.len());
    let file = folder.join("a.image");
    let whole = fs::read(&file).unwrap();
    assert!(whole.starts_with(&memory));
    for damaged in [
        &whole[..whole.len() - 1],
        &whole[..PAGE],
        &whole[PAGE..],
        &[],
    ] {
        fs::write(&file, damaged).unwrap();
        assert!(is_missing(), "{} bytes", damaged.len());
    }
    // Of the same length: in data, in a hole, in the last byte, and in each number of the last page.
    let (data, hole, last) = (20_000, 40_000, memory.len() - 1);
    let numbers = memory.len() + MAGIC.len();
    for at in [
        data,
        hole,
        last,
        memory.len(),
        numbers,
        numbers + 8,
        numbers + 16,
        numbers + 24,
    ] {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        fs::write(&file, &damaged).unwrap();
        assert!(is_missing(), "a bit at {at}");
    }
    fs::write(&file, &whole).unwrap();
    assert!(matches!(load(&code), FoundImage::Image(_, 3)));
    store(&code, &[], 0).unwrap();
    assert!(matches!(load(&code), FoundImage::None));
    fs::remove_dir_all(folder).unwrap();
}
