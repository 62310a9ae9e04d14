//! What a passphrase opens, and where it comes from.

use std::fs;

use super::*;

const CHEAP: Cost = Cost { log_n: 2, r: 1, p: 1 };

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(Secret::new(text.to_owned()))
}

#[test]
fn only_the_passphrase_opens_what_it_wrapped() {
    let key = Key::random().unwrap();
    let wrapped = passphrase("correct horse").wrap(&key).unwrap();
    assert_eq!(passphrase("correct horse").unwrap(&wrapped).unwrap().expose(), key.expose());
    assert_eq!(wrapped[..4], [1, 15, 8, 3]);
    assert!(matches!(passphrase("correct horse ").unwrap(&wrapped), Err(HolderError::Wrong(_))));
    let again = passphrase("correct horse").wrap(&key).unwrap();
    assert_ne!(wrapped[4..20], again[4..20], "each wrapping has its own salt");
}

#[test]
fn no_flipped_bit_and_no_cut_copy_opens() {
    let holder = passphrase("p");
    let wrapped = holder.wrap_at(CHEAP, &Key::random().unwrap()).unwrap();
    holder.unwrap(&wrapped).unwrap();
    for bit in 0..wrapped.len() * 8 {
        let mut copy = wrapped.clone();
        copy[bit / 8] ^= 1 << (bit % 8);
        holder.unwrap(&copy).unwrap_err();
    }
    for length in 0..wrapped.len() {
        holder.unwrap(&wrapped[..length]).unwrap_err();
    }
    holder.unwrap(&[wrapped, vec![0]].concat()).unwrap_err();
}

#[test]
fn a_file_cannot_ask_for_any_amount_of_work() {
    let holder = passphrase("p");
    let mut wrapped = holder.wrap_at(CHEAP, &Key::random().unwrap()).unwrap();
    for (log_n, r, p) in
        [(0, 8, 1), (15, 0, 1), (15, 8, 0), (22, 1, 1), (19, 8, 1), (15, 8, 255), (255, 255, 255), (64, 1, 1)]
    {
        wrapped[1..4].copy_from_slice(&[log_n, r, p]);
        assert!(matches!(holder.unwrap(&wrapped), Err(HolderError::Newer(_))), "{log_n} {r} {p}");
    }
    wrapped[0] = 2;
    assert!(matches!(holder.unwrap(&wrapped), Err(HolderError::Newer(_))));
}

/// A passphrase, found with these variables and this answer.
fn found(variables: &[(&str, OsString)], answer: Option<&str>) -> Result<String, PassphraseError> {
    let environment = |name: &str| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| value.clone());
    let mut ask = |question: &str| {
        assert_eq!(question, "?");
        answer.map(|answer| Secret::new(answer.to_owned())).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    };
    let prompt: Prompt<'_> = if answer.is_some() { Some(&mut ask) } else { None };
    find("?", &environment, prompt).map(|secret| secret.expose().clone())
}

#[test]
fn sources_in_their_order() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &[u8]| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        vec![(PASSPHRASE_FILE, path.into_os_string())]
    };
    assert_eq!(found(&[(PASSPHRASE, "a b ".into())], Some("asked")).unwrap(), "a b ");
    assert_eq!(found(&file("one", b" from file \r\n"), Some("asked")).unwrap(), " from file ");
    assert_eq!(found(&file("two", b"lines\n\n"), None).unwrap(), "lines\n");
    assert_eq!(found(&[], Some("asked")).unwrap(), "asked");
    assert!(matches!(found(&[], None), Err(PassphraseError::Missing)));
    let both = [file("three", b"x"), vec![(PASSPHRASE, "x".into())]].concat();
    assert!(matches!(found(&both, None), Err(PassphraseError::Both)));
    assert!(matches!(found(&[(PASSPHRASE, OsString::new())], None), Err(PassphraseError::Empty { .. })));
    assert!(matches!(found(&file("four", b"\n"), Some("asked")), Err(PassphraseError::Empty { .. })));
    assert!(matches!(found(&[], Some("")), Err(PassphraseError::Empty { .. })));
    assert!(matches!(found(&file("five", b"\xff\xfe"), None), Err(PassphraseError::NotText { .. })));
    assert!(matches!(found(&file("six", &vec![b'x'; MAX_PASSPHRASE + 1]), None), Err(PassphraseError::NotText { .. })));
    assert_eq!(found(&file("seven", &vec![b'x'; MAX_PASSPHRASE]), None).unwrap().len(), MAX_PASSPHRASE);
    assert!(matches!(found(&[(PASSPHRASE_FILE, directory.path().into())], None), Err(PassphraseError::File { .. })));
}
