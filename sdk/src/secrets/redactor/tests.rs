//! Every known secret goes, and nothing else.

use proptest::prelude::*;

use super::*;

fn knowing(secrets: &[&str]) -> Redactor {
    let redactor = Redactor::new();
    for secret in secrets {
        redactor.add(secret);
    }
    redactor
}

#[test]
fn a_text_without_secrets_stays_as_it_is() {
    assert!(matches!(Redactor::new().redact("hunter2"), Cow::Borrowed("hunter2")));
    assert!(matches!(knowing(&["hunter2"]).redact("hunter 2"), Cow::Borrowed("hunter 2")));
}

#[test]
fn all_that_overlapping_secrets_cover_goes() {
    let redactor = knowing(&["abcdef", "abcdefgh", "defghijk", "bcdef", "jklmn"]);
    assert_eq!(redactor.redact("-abcdef-abcdefgh-"), "-(secret)-(secret)-");
    assert_eq!(redactor.redact("é abcdefghijklmn é"), "é (secret) é");
    assert_eq!(redactor.redact("abcdefabcdef"), "(secret)(secret)");
}

#[test]
fn short_secrets_are_not_looked_for() {
    let redactor = knowing(&["", "8080", "  ab  "]);
    assert_eq!(redactor.redact("port 8080 ab"), "port 8080 ab");
    redactor.add("80800");
    assert_eq!(redactor.redact("port 80800"), "port (secret)");
}

#[test]
fn escaped_forms_are_found() {
    let secret = "p\"a\\s\ts/\u{1}é";
    let redactor = knowing(&[secret]);
    for text in [secret.to_owned(), format!("{secret:?}"), serde_json::to_string(secret).unwrap()] {
        assert!(redactor.redact(&text).trim_matches('"') == "(secret)", "{text}");
    }
}

#[test]
fn lines_are_found_by_themselves() {
    let key = "-----BEGIN KEY-----\r\n  c2VjcmV0IGJ5dGVz\r\nend\r\n-----END KEY-----\r\n";
    let redactor = knowing(&[key]);
    assert_eq!(redactor.redact(&format!("key:\n{key}")), "key:\n(secret)");
    assert_eq!(redactor.redact(key.trim_end()), "(secret)");
    assert_eq!(redactor.redact("> c2VjcmV0IGJ5dGVz\n> end"), "> (secret)\n> end");
    assert_eq!(redactor.redact(&serde_json::to_string(key).unwrap()), "\"(secret)\"");
    assert_eq!(knowing(&["trailing-newline\n"]).redact("trailing-newline."), "(secret).");
}

#[test]
fn secrets_become_known_while_it_is_used() {
    let redactor = Redactor::new();
    std::thread::scope(|scope| {
        for n in 0..4 {
            let redactor = &redactor;
            scope.spawn(move || {
                let secret = format!("secret-number-{n}");
                redactor.add(&secret);
                assert_eq!(redactor.redact(&secret), "(secret)");
            });
        }
    });
    assert_eq!(redactor.redact("secret-number-0secret-number-3"), "(secret)(secret)");
    assert_eq!(format!("{redactor:?}"), "Redactor");
}

#[test]
fn secrets_that_come_one_by_one_are_all_found() {
    let redactor = Redactor::new();
    let secrets = (0..300).map(|n| format!("secret-{n:03}")).collect::<Vec<_>>();
    for (n, secret) in secrets.iter().enumerate() {
        redactor.add(secret);
        assert_eq!(redactor.redact(secret), HIDDEN);
        assert_eq!(redactor.redact(&secrets[n / 2]), HIDDEN);
    }
    assert_eq!(redactor.redact(&secrets.join(" ")), vec![HIDDEN; 300].join(" "));
    // A few automata, not one for each secret.
    assert!(redactor.0.lock().unwrap().levels.len() <= 9);
    assert_eq!(redactor.redact("xsecret-001 secret-0secret-002"), "x(secret) secret-0(secret)");
}

proptest! {
    #[test]
    fn no_secret_is_left(
        secrets in prop::collection::vec("[ab\"\n\\\\é]{5,9}", 1..5),
        around in "[ab\"\n\\\\é]{0,6}",
        order in prop::collection::vec(any::<prop::sample::Index>(), 1..6),
    ) {
        let redactor = Redactor::new();
        for secret in &secrets {
            redactor.add(secret);
            redactor.redact("each secret a level of its own");
        }
        let text = order.iter().map(|index| index.get(&secrets).clone() + &around).collect::<String>();
        let redacted = redactor.redact(&text);
        for secret in &secrets {
            prop_assert!(!redacted.contains(secret.as_str()), "{secret:?} in {redacted:?} of {text:?}");
        }
    }
}
