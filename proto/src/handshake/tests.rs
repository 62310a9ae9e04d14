//! The handshake line, there and back; random lines never panic.

use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(line: &str, expected: &str) {
    let found = match line.parse::<Handshake>() {
        Ok(handshake) => format!("{handshake:?}"),
        Err(error) => error.to_string(),
    };
    assert_eq!(found, expected);
}

#[test]
fn the_line_of_a_plugin_is_read() {
    check("1|6|unix|/tmp/p|grpc|", r#"Handshake { socket: "/tmp/p", certificate: None, multiplex: None }"#);
    check("1|6|unix|/tmp/p|grpc", r#"Handshake { socket: "/tmp/p", certificate: None, multiplex: None }"#);
    let with = r#"Handshake { socket: "/tmp/p", certificate: Some([255]), multiplex: Some(true) }"#;
    check("1|6|unix|/tmp/p|grpc|/w|true\r\n", with);
    check("1|6|unix|/tmp/p|grpc|/w==|true", with);
}

#[test]
fn what_cannot_be_hosted_is_named() {
    check(
        "1|5|unix|/tmp/p|grpc|",
        "it speaks protocol 5 of Terraform's plugins, which is not supported; use a version of the provider that speaks protocol 6",
    );
    check("2|6|unix|/tmp/p|grpc|", "it uses version 2 of the plugin handshake; version 1 is supported");
    check("1|6|tcp|127.0.0.1:1|grpc|", "it listens on grpc over tcp, which is not supported; gRPC on a unix socket is");
    check("1|6|unix|/tmp/p", "it listens on netrpc over unix, which is not supported; gRPC on a unix socket is");
    check("1|6|unix|/tmp/p|grpc|?", "its certificate is not in base64");
    check("hello | world", "`hello | world` is not the handshake of a plugin");
    check("1|six|unix|/tmp/p|grpc|", "`1|six|unix|/tmp/p|grpc|` is not the handshake of a plugin");
    check("1|6|unix||grpc|", "`1|6|unix||grpc|` is not the handshake of a plugin");
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        path in "/[a-zA-Z0-9/._-]{1,100}",
        der in prop::collection::vec(any::<u8>(), 0..200),
        multiplex in any::<Option<bool>>(),
    ) {
        let handshake = Handshake { socket: path.into(), certificate: Some(der).filter(|der| !der.is_empty()), multiplex };
        let line = handshake.to_string();
        prop_assert!(!line.contains('\n') && !line.contains('='));
        prop_assert_eq!(line.parse(), Ok(handshake));
    }

    #[test]
    fn no_line_makes_it_panic(line in "(1\\|6\\|)?(unix\\|)?[|0-9a-z/=+\\PC]{0,60}") {
        drop(line.parse::<Handshake>());
    }
}
