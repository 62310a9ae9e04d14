//! Recipients, identities and their files.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use age::secrecy::ExposeSecret as _;

use super::super::{Error, Header, Passphrase, Place, unlock};
use super::*;

/// A new identity in a file as `age-keygen` writes it, and its recipient.
fn identity(directory: &Path, name: &str) -> (PathBuf, String) {
    let identity = Identity::generate();
    let recipient = identity.to_public().to_string();
    let path = directory.join(name);
    fs::write(
        &path,
        format!("# created: today\n# public key: {recipient}\n\n{}\n", identity.to_string().expose_secret()),
    )
    .unwrap();
    (path, recipient)
}

#[test]
fn each_recipient_opens_and_nobody_else() {
    let directory = tempfile::tempdir().unwrap();
    let [one, two, three] = ["one", "two", "three"].map(|name| identity(directory.path(), name));
    let holder = Age::recipients([&one.1, &two.1]).unwrap();
    assert_eq!(holder.public(), [one.1.clone(), two.1.clone()]);
    let key = Key::random().unwrap();
    let wrapped = holder.wrap(&key).unwrap();
    assert!(wrapped.starts_with(b"age-encryption.org/v1\n"));
    for (path, _) in [&one, &two] {
        assert_eq!(Age::from_file(path).unwrap().unwrap(&wrapped).unwrap().expose(), key.expose());
    }
    assert!(matches!(Age::from_file(&three.0).unwrap().unwrap(&wrapped), Err(HolderError::Wrong(_))));
    assert!(matches!(holder.unwrap(&wrapped), Err(HolderError::Wrong(_))));
    assert_eq!(format!("{:?}", Age::from_file(&one.0).unwrap()), "Age(1 recipients, 1 identities)");
}

#[test]
fn no_flipped_bit_and_no_cut_copy_opens() {
    let directory = tempfile::tempdir().unwrap();
    let holder = Age::from_file(&identity(directory.path(), "one").0).unwrap();
    let wrapped = holder.wrap(&Key::random().unwrap()).unwrap();
    for byte in 0..wrapped.len() {
        let mut altered = wrapped.clone();
        altered[byte] ^= 1 << (byte % 8);
        holder.unwrap(&altered).unwrap_err();
        holder.unwrap(&wrapped[..byte]).unwrap_err();
    }
    holder.unwrap(&[wrapped, vec![0]].concat()).unwrap_err();
    holder.unwrap(&vec![b'x'; MAX_WRAPPED + 1]).unwrap_err();
}

#[test]
fn wrong_recipients_and_files_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let error = Age::recipients(["age1nothing"]).unwrap_err();
    assert!(error.to_string().contains("age1nothing"), "{error}");
    assert!(Age::recipients([""; 0]).unwrap().wrap(&Key::random().unwrap()).is_err());
    for (name, text) in [
        ("empty", &b"# nothing\n"[..]),
        ("bytes", b"\xff"),
        ("line", b"AGE-SECRET-KEY-1WRONG\n"),
        ("large", &vec![b'#'; 70_000]),
    ] {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        let error = Age::from_file(&path).unwrap_err().to_string();
        assert!(error.contains(name) && !error.contains("1WRONG"), "{error}");
    }
    assert!(matches!(Age::from_file(&directory.path().join("missing")), Err(HolderError::Unavailable(_))));
}

#[test]
fn age_and_passphrase_open_the_same_stack() {
    let directory = tempfile::tempdir().unwrap();
    let [one, two] = ["one", "two"].map(|name| identity(directory.path(), name));
    let holders = (Age::recipients([&one.1]).unwrap(), Passphrase::new(Secret::new("correct horse".to_owned())));
    let (header, opener) = Header::create("shop/dev", &[&holders.0, &holders.1]).unwrap();
    let sealed = opener.seal(Place::export("url"), b"hunter2").unwrap();
    let header: Header = serde_json::from_str(&serde_json::to_string(&header).unwrap()).unwrap();
    assert_eq!(header.copies()[0].public(), [one.1]);

    let environment = |file: &Path, passphrase: Option<&'static str>| {
        let file = OsString::from(file);
        move |name: &str| match name {
            AGE_IDENTITY => Some(file.clone()),
            super::super::PASSPHRASE => passphrase.map(OsString::from),
            _ => None,
        }
    };
    for (file, passphrase) in [(&one.0, None), (&one.0, Some("wrong")), (&two.0, Some("correct horse"))] {
        let opener = unlock(&header, "shop/dev", &[], &environment(file, passphrase), None).unwrap();
        assert_eq!(opener.open(Place::export("url"), &sealed).unwrap().expose(), b"hunter2");
    }
    let error = unlock(&header, "shop/dev", &[], &environment(&two.0, None), None).unwrap_err();
    assert!(matches!(error, Error::Holder { kind, source: HolderError::Wrong(_) } if kind == "age"));
}
