//! Every field that we declare is the one that a Go provider declares: a wrong number would be silent.

use std::collections::BTreeMap;
use std::env;
use std::path::Path;
use std::process::Command;

use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet, MethodDescriptorProto,
};

/// What each name stands for: `.tfplugin6.DynamicValue.msgpack` is `1 optional bytes`.
type Facts = BTreeMap<String, String>;

fn facts(set: &FileDescriptorSet) -> Facts {
    let mut facts = Facts::new();
    for file in &set.file {
        let package = format!(".{}", file.package());
        file.message_type.iter().for_each(|message| message_facts(&mut facts, &package, message));
        file.enum_type.iter().for_each(|of| enum_facts(&mut facts, &package, of));
        for service in &file.service {
            for method in &service.method {
                facts.insert(format!("{package}.{}/{}", service.name(), method.name()), method_fact(method));
            }
        }
    }
    facts
}

fn message_facts(facts: &mut Facts, scope: &str, message: &DescriptorProto) {
    let name = format!("{scope}.{}", message.name());
    for field in &message.field {
        facts.insert(format!("{name}.{}", field.name()), field_fact(field, message));
    }
    message.nested_type.iter().for_each(|nested| message_facts(facts, &name, nested));
    message.enum_type.iter().for_each(|of| enum_facts(facts, &name, of));
}

fn field_fact(field: &FieldDescriptorProto, of: &DescriptorProto) -> String {
    let choice = field.oneof_index.and_then(|index| of.oneof_decl.get(usize::try_from(index).ok()?));
    let choice = choice.map_or("", |choice| choice.name());
    format!("{} {:?} {:?} {} {choice}", field.number(), field.label(), field.r#type(), field.type_name())
}

fn enum_facts(facts: &mut Facts, scope: &str, of: &EnumDescriptorProto) {
    for value in &of.value {
        facts.insert(format!("{scope}.{}.{}", of.name(), value.name()), value.number().to_string());
    }
}

fn method_fact(method: &MethodDescriptorProto) -> String {
    let stream = |yes: bool| if yes { "stream of " } else { "" };
    let (asks, answers) = (stream(method.client_streaming()), stream(method.server_streaming()));
    format!("{asks}{} to {answers}{}", method.input_type(), method.output_type())
}

/// The descriptors that the Go peer was built with, if it was built.
fn peer() -> Option<FileDescriptorSet> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/bin/terraform-provider-peer");
    if !program.exists() {
        assert!(env::var_os("DEVOPSFLOW_REQUIRE_ALL").is_none(), "{} is missing: run `make tools`", program.display());
        return None;
    }
    let output = Command::new(program).arg("descriptor").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(prost::Message::decode(output.stdout.as_slice()).unwrap())
}

#[test]
fn our_fields_are_those_of_a_go_provider() {
    let Some(peer) = peer() else {
        println!("skipped: the Go peer is not built; `make tools` builds it where Go is installed");
        return;
    };
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto");
    let files = ["health.proto", "plugin.proto", "tfplugin6.proto"];
    let mut ours = protox::compile(files, [sources]).unwrap();
    // What a Go program is not linked with, it does not carry the descriptors of.
    ours.file.retain(|file| peer.file.iter().any(|theirs| theirs.package() == file.package()));
    let (ours, theirs) = (facts(&ours), facts(&peer));
    let wrong: Vec<_> = ours.iter().filter(|(name, fact)| theirs.get(*name) != Some(*fact)).collect();
    assert!(wrong.is_empty(), "theirs differ from: {wrong:#?}");
    assert!(ours.len() > 150, "only {} facts were compared", ours.len());
}
