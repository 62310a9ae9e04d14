//! Sealing, headers and unlocking, up to what somebody alters on purpose.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::ffi::OsString;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// A holder for tests: what it wraps is the key under a mask.
struct Mask(&'static str, u8);

impl KeyHolder for Mask {
    fn kind(&self) -> &str {
        self.0
    }

    fn public(&self) -> Vec<String> {
        vec![format!("mask {}", self.1)]
    }

    fn wrap(&self, key: &Key) -> Result<Vec<u8>, HolderError> {
        let masked = key.expose().iter().map(|byte| byte ^ self.1);
        Ok([self.1].into_iter().chain(masked).collect())
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<Key, HolderError> {
        let Some((&mask, bytes)) = wrapped.split_first() else { return Err(HolderError::Damaged("empty")) };
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| HolderError::Damaged("length"))?;
        if mask == self.1 {
            Ok(Key::new(Secret::new(bytes.map(|byte| byte ^ mask))))
        } else {
            Err(HolderError::Wrong("mask"))
        }
    }
}

fn opener() -> Sealer {
    Header::create("shop/dev", &[&Mask("mask", 7)]).unwrap().1
}

fn place() -> Place<'static> {
    Place::resource("db", "password")
}

#[test]
fn round_trips() {
    let opener = opener();
    for length in [0, 1, 30, 31, 32, 33, 63, 64, 1000] {
        for end in [0, 0x80, 0xff] {
            let plain = [vec![0; length], vec![end]].concat();
            let sealed = opener.seal(place(), &plain).unwrap();
            let text: Sealed = sealed.to_string().parse().unwrap();
            assert_eq!(opener.open(place(), &text).unwrap().expose(), &plain);
        }
    }
    let sealed = opener.seal(place(), b"").unwrap();
    assert_eq!(opener.open(place(), &sealed).unwrap().expose(), b"");
    let large = vec![b'x'; MAX_BYTES - 31];
    assert!(matches!(opener.seal(place(), &large), Err(Error::TooLarge { .. })));
}

#[test]
fn the_text_shows_nothing_but_the_length_in_steps() {
    let opener = opener();
    let sealed = opener.seal(place(), b"hunter2").unwrap();
    let json = serde_json::to_string(&sealed).unwrap();
    assert!(json.starts_with("{\"$secret\":\"1.") && !json.contains("hunter2"), "{json}");
    assert_eq!(json.len(), serde_json::to_string(&opener.seal(place(), b"true").unwrap()).unwrap().len());
    assert_eq!(format!("{sealed:?}"), "(sealed)");
    assert_eq!(serde_json::from_str::<Sealed>(&json).unwrap(), sealed);
    assert_eq!(serde_json::to_value(&sealed).unwrap(), sealed.to_json());
    assert!(!format!("{opener:?} {:?}", Key::random().unwrap()).contains("hunter2"));
}

#[test]
fn a_secret_opens_at_its_own_place_only() {
    let (header, opener) = Header::create("shop/dev", &[&Mask("mask", 7)]).unwrap();
    let sealed = opener.seal(place(), b"hunter2").unwrap();
    let places = [
        Place::resource("db2", "password"),
        Place::resource("db", "token"),
        Place::resource("dbp", "assword"),
        Place::export("db"),
        Place::configuration("password"),
        Place::plan("db", "password"),
    ];
    for other in places {
        let error = opener.open(other, &sealed).unwrap_err();
        assert!(matches!(&error, Error::Elsewhere { place } if *place == other.to_string()), "{error}");
        assert!(!opener.matches(other, &sealed, b"hunter2").unwrap());
    }
    // The same data key, used for another stack.
    let other = Sealer::new("shop/prod", opener.key().clone()).unwrap();
    assert!(matches!(other.open(place(), &sealed), Err(Error::Elsewhere { .. })));
    assert!(matches!(header.open("shop/prod", &[&Mask("mask", 7)]), Err(Error::HeaderAltered)));
}

#[test]
fn another_key_is_named() {
    let (one, two) = (opener(), opener());
    let sealed = one.seal(place(), b"hunter2").unwrap();
    let wrong = |error| matches!(error, Error::WrongKey { sealed, key, .. } if sealed == one.id() && key == two.id());
    assert!(wrong(two.open(place(), &sealed).unwrap_err()));
    assert!(wrong(two.matches(place(), &sealed, b"hunter2").unwrap_err()));
}

#[test]
fn a_change_is_seen_without_opening() {
    let opener = opener();
    let sealed = opener.seal(place(), b"hunter2").unwrap();
    assert!(opener.matches(place(), &sealed, b"hunter2").unwrap());
    assert!(!opener.matches(place(), &sealed, b"hunter3").unwrap());
    assert!(!opener.matches(place(), &sealed, b"hunter2\x80").unwrap());
    // A digest tells nothing across places.
    let other = opener.seal(Place::resource("db2", "password"), b"hunter2").unwrap();
    assert_ne!(sealed.digest, other.digest);
    // A digest from elsewhere keeps the value from opening.
    let forged = Sealed { digest: opener.seal(place(), b"old").unwrap().digest, ..sealed };
    assert!(matches!(opener.open(place(), &forged), Err(Error::Elsewhere { .. })));
}

#[test]
fn nonces_and_texts_never_repeat() {
    let opener = opener();
    let sealed = (0..10_000).map(|_| opener.seal(place(), b"hunter2").unwrap()).collect::<Vec<_>>();
    assert_eq!(sealed.iter().map(|sealed| sealed.nonce).collect::<BTreeSet<_>>().len(), sealed.len());
    assert_eq!(sealed.iter().map(|sealed| sealed.cipher.clone()).collect::<BTreeSet<_>>().len(), sealed.len());
}

#[test]
fn no_flipped_bit_opens() {
    let opener = opener();
    let sealed = opener.seal(place(), b"hunter2").unwrap();
    let text = sealed.to_string();
    for bit in 0..text.len() * 8 {
        let mut bytes = text.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(text) = String::from_utf8(bytes) {
            let error = text.parse::<Sealed>().unwrap_err();
            assert!(matches!(error, Error::Damaged { .. } | Error::Newer { .. }), "{text}: {error}");
        }
    }
    for length in 0..text.len() {
        text[..length].parse::<Sealed>().unwrap_err();
    }
    assert!(matches!(format!("0{text}").parse::<Sealed>(), Err(Error::Damaged { .. })));
    // The same with a check that fits, as somebody would do it on purpose.
    let mut longer = sealed.clone();
    longer.cipher.push(0);
    assert!(matches!(longer.to_string().parse::<Sealed>(), Err(Error::Damaged { .. })));
    let flip = |part: &dyn Fn(&mut Sealed) -> &mut [u8]| {
        let length = part(&mut sealed.clone()).len();
        for bit in 0..length * 8 {
            let mut altered = sealed.clone();
            part(&mut altered)[bit / 8] ^= 1 << (bit % 8);
            let altered: Sealed = altered.to_string().parse().unwrap();
            let error = opener.open(place(), &altered).unwrap_err();
            assert!(matches!(error, Error::Elsewhere { .. } | Error::WrongKey { .. }), "{error}");
        }
    };
    flip(&|sealed| &mut sealed.key.0);
    flip(&|sealed| &mut sealed.digest);
    flip(&|sealed| &mut sealed.nonce);
    flip(&|sealed| &mut sealed.cipher);
}

#[test]
fn what_is_no_sealed_value_and_what_is_a_broken_one() {
    for json in [
        json!(null),
        json!("1.x"),
        json!({}),
        json!({"$secret": "1.x", "a": 1}),
        json!({"secret": "1.x"}),
        json!(["$secret"]),
    ] {
        assert!(Sealed::from_json(&json).unwrap().is_none(), "{json}");
        serde_json::from_value::<Sealed>(json).unwrap_err();
    }
    for json in [
        json!({"$secret": null}),
        json!({"$secret": ""}),
        json!({"$secret": "01.x"}),
        json!({"$secret": "0.x"}),
        json!({"$secret": "+1.x"}),
    ] {
        assert!(matches!(Sealed::from_json(&json), Err(Error::Damaged { .. })), "{json}");
    }
    let newer = json!({"$secret": "2.whatever is there"});
    assert!(matches!(Sealed::from_json(&newer), Err(Error::Newer { found: 2, newest: 1 })));
    let long = format!("1.{}", "A".repeat(MAX_BYTES / 3 * 4 + 1000));
    assert!(matches!(long.parse::<Sealed>(), Err(Error::Damaged { .. })));
}

#[test]
fn rewrapping_touches_no_value() {
    let (header, opener) = Header::create("shop/dev", &[&Mask("mask", 7)]).unwrap();
    let sealed = opener.seal(place(), b"hunter2").unwrap();
    let header = header.rewrap(&opener, |_| true, &[&Mask("other", 9)]).unwrap();
    assert_eq!(header.kinds(), ["mask", "other"]);
    // A copy is not offered to a holder of another kind, even if it could open it.
    assert!(matches!(header.open("shop/dev", &[&Mask("third", 7)]), Err(Error::NoHolder { .. })));
    for holder in [Mask("mask", 7), Mask("other", 9)] {
        let opener = header.open("shop/dev", &[&Mask("mask", 1), &holder]).unwrap();
        assert_eq!(opener.open(place(), &sealed).unwrap().expose(), b"hunter2");
    }
    let changed = header.rewrap(&opener, |copy| copy.kind() != "mask", &[&Mask("mask", 8)]).unwrap();
    assert_eq!(changed.key(), header.key());
    assert!(matches!(changed.open("shop/dev", &[&Mask("mask", 7)]), Err(Error::Holder { .. })));
    let opener = changed.open("shop/dev", &[&Mask("mask", 8)]).unwrap();
    assert_eq!(opener.open(place(), &sealed).unwrap().expose(), b"hunter2");
    assert!(matches!(changed.rewrap(&opener, |_| false, &[]), Err(Error::Copies)));
    assert!(matches!(Header::create("s", &[&Mask("Not A Kind", 1)]), Err(Error::Copies)));
    let many = (0..17).map(|_| &Mask("mask", 1) as &dyn KeyHolder).collect::<Vec<_>>();
    assert!(matches!(Header::create("s", &many), Err(Error::Copies)));
}

#[test]
fn rotation_gives_another_key() {
    let (_, old) = Header::create("shop/dev", &[&Mask("mask", 7)]).unwrap();
    let (header, new) = Header::create("shop/dev", &[&Mask("mask", 7)]).unwrap();
    assert_ne!(old.id(), new.id());
    let sealed = old.seal(place(), b"hunter2").unwrap();
    let moved = new.reseal(Place::resource("database", "password"), &old, place(), &sealed).unwrap();
    assert_eq!(moved.key(), header.key());
    assert_eq!(new.open(Place::resource("database", "password"), &moved).unwrap().expose(), b"hunter2");
    assert!(matches!(old.open(place(), &moved), Err(Error::WrongKey { .. })));
}

#[test]
fn an_altered_header_is_refused() {
    let holder = Mask("mask", 7);
    let (header, opener) = Header::create("shop/dev", &[&holder]).unwrap();
    let json = serde_json::to_value(&header).unwrap();
    assert_eq!(serde_json::from_value::<Header>(json.clone()).unwrap(), header);
    // Somebody adds a copy, or changes whom one is said to be for.
    let mut added = json.clone();
    let copy = added["copies"][0].clone();
    added["copies"].as_array_mut().unwrap().push(copy);
    let mut renamed = json.clone();
    renamed["copies"][0]["for"][0] = json!("mask 8");
    let mut rekeyed = json.clone();
    rekeyed["key"] = json!("0000000000000000");
    for altered in [added, renamed, rekeyed] {
        let altered: Header = serde_json::from_value(altered).unwrap();
        assert!(matches!(altered.open("shop/dev", &[&holder]), Err(Error::HeaderAltered)));
        assert!(matches!(altered.rewrap(&opener, |_| true, &[]), Err(Error::HeaderAltered)));
    }
    // Bits.
    let text = json.to_string();
    for bit in 0..text.len() * 8 {
        let mut bytes = text.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(altered) = serde_json::from_slice::<Header>(&bytes) {
            assert!(altered.open("shop/dev", &[&holder]).is_err(), "{}", String::from_utf8_lossy(&bytes));
        }
    }
    let mut newer = json;
    newer["v"] = json!(2);
    assert!(matches!(Header::try_from(newer), Err(Error::HeaderNewer { found: 2, newest: 1 })));
    for damaged in [
        json!(null),
        json!({}),
        json!({"v": 0}),
        json!({"v": 1}),
        json!({"v": 1, "key": "0000000000000000", "copies": [], "mac": ""}),
    ] {
        assert!(matches!(Header::try_from(damaged), Err(Error::HeaderDamaged { .. })));
    }
}

#[test]
fn unlocking_asks_only_for_what_helps() {
    let passphrase = || Passphrase::new(Secret::new("correct horse".to_owned()));
    let (header, opener) = Header::create("shop/dev", &[&Mask("mask", 7), &passphrase()]).unwrap();
    let none = |_: &str| None;
    let set = |name: &str| (name == PASSPHRASE).then(|| OsString::from("correct horse"));
    assert_eq!(unlock(&header, "shop/dev", &[], &set, None).unwrap().id(), opener.id());

    let asked = Cell::new(0);
    let mut ask = |question: &str| {
        assert_eq!(question, "Passphrase for the secrets of shop/dev");
        asked.set(asked.get() + 1);
        Ok(Secret::new("wrong".to_owned()))
    };
    unlock(&header, "shop/dev", &[&Mask("mask", 7)], &none, Some(&mut ask)).unwrap();
    assert_eq!(asked.get(), 0);
    let error = unlock(&header, "shop/dev", &[&Mask("mask", 8)], &none, Some(&mut ask)).unwrap_err();
    assert!(matches!(error, Error::Holder { kind, source: HolderError::Wrong(_) } if kind == "passphrase"));
    assert_eq!(asked.get(), 1);

    let error = unlock(&header, "shop/dev", &[], &none, None).unwrap_err();
    assert!(matches!(&error, Error::NoHolder { kinds } if *kinds == ["mask", "passphrase"]));
    assert!(error.to_string().contains("DEVOPSFLOW_PASSPHRASE_FILE"), "{error}");
    let only = header.rewrap(&opener, |copy| copy.kind() == "mask", &[]).unwrap();
    let error = unlock(&only, "shop/dev", &[], &none, Some(&mut ask)).unwrap_err();
    assert!(matches!(error, Error::NoHolder { .. }));
    assert_eq!(asked.get(), 1);
}

/// Made by another implementation after the text of the module's documentation; a later version keeps reading it.
#[test]
fn form_1_stays_readable() {
    let json: Value = serde_json::from_str(include_str!("../../tests/data/secrets-1.json")).unwrap();
    let header = Header::try_from(json["header"].clone()).unwrap();
    let holder = Passphrase::new(Secret::new("correct horse".to_owned()));
    let opener = header.open("shop/dev", &[&holder]).unwrap();
    assert_eq!(opener.key().expose(), &[7; 32]);
    let sealed = Sealed::from_json(&json["sealed"]).unwrap().unwrap();
    assert_eq!(opener.open(place(), &sealed).unwrap().expose(), b"hunter2");
    assert!(opener.matches(place(), &sealed, b"hunter2").unwrap());
    assert_eq!(
        (sealed.to_json(), serde_json::to_value(&header).unwrap()),
        (json["sealed"].clone(), json["header"].clone())
    );
}

proptest! {
    #[test]
    fn any_text_decodes_to_itself_or_to_an_error(text in prop_oneof![".{0,300}", "[0-3]\\.[A-Za-z0-9_-]{0,300}", "1\\.[A-Za-z0-9_-]{123}"]) {
        if let Ok(sealed) = text.parse::<Sealed>() {
            prop_assert_eq!(sealed.to_string(), text);
        }
    }

    #[test]
    fn bytes_with_a_check_that_fits_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        use base64::Engine as _;
        let check = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes);
        let text = format!("1.{}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode([&bytes, &check.as_ref()[..8]].concat()));
        if let Ok(sealed) = text.parse::<Sealed>() {
            prop_assert_eq!(sealed.to_string(), text);
            prop_assert!(opener().open(place(), &sealed).is_err());
        }
    }

    #[test]
    fn any_value_round_trips_at_any_place(plain in prop::collection::vec(any::<u8>(), 0..200), owner in ".{0,20}", path in ".{0,20}") {
        let opener = opener();
        let place = Place::plan(&owner, &path);
        let json = opener.seal(place, &plain).unwrap().to_json();
        let sealed = Sealed::from_json(&json).unwrap().unwrap();
        let opened = opener.open(place, &sealed).unwrap();
        prop_assert_eq!(opened.expose(), &plain);
    }

    #[test]
    fn any_json_is_a_header_or_an_error(json in json_value()) {
        let _ = Header::try_from(json.clone());
        let _ = Sealed::from_json(&json);
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![Just(Value::Null), any::<u64>().prop_map(Value::from), "[ -~]{0,20}".prop_map(Value::from)];
    let names = prop_oneof![
        Just("v"),
        Just("key"),
        Just("copies"),
        Just("mac"),
        Just("kind"),
        Just("wrapped"),
        Just("$secret")
    ];
    leaf.prop_recursive(4, 32, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(names.clone().prop_map(str::to_owned), inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}
