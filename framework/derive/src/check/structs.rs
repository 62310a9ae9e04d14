//! Rules of a struct as a whole.

use crate::errors::Errors;
use crate::model::{Model, Role, Struct};
use crate::names;

pub(super) fn a_struct_is_described(errors: &Errors, model: &Model, _: &Struct) {
    if model.docs.is_empty() {
        let ident = &model.ident;
        errors.at(ident, format!("`{ident}` needs a description for the schema: write `/// ...` above it"));
    }
}

/// Terraform finds the provider of a resource by the first word of its type.
pub(super) fn type_names_carry_the_provider(errors: &Errors, _: &Model, item: &Struct) {
    let Role::Inputs(declared) = &item.role else { return };
    let name = declared.type_name.value();
    let provider_and_rest =
        name.split_once('_').is_some_and(|(provider, rest)| !provider.is_empty() && !rest.is_empty());
    if !names::is_attribute(&name) || !provider_and_rest {
        errors.at(&declared.type_name, "a type name is `provider_name`, of small letters, digits and underscores");
    }
}

pub(super) fn top_level_names_are_not_reserved(errors: &Errors, _: &Model, item: &Struct) {
    if matches!(item.role, Role::Nested) {
        return;
    }
    for field in item.fields.iter().filter(|field| names::RESERVED.contains(&field.name.as_str())) {
        errors.at(&field.ident, format!("Terraform keeps the name `{}` to itself: choose another", field.name));
    }
}

/// The builder of a resource has methods of its own beside the setters.
pub(super) fn setters_do_not_hide_methods(errors: &Errors, _: &Model, item: &Struct) {
    let Role::Inputs(declared) = &item.role else { return };
    for field in item.fields.iter().filter(|field| !field.is_required()) {
        if names::METHODS.contains(&field.name.as_str()) {
            let message = format!("`{}::{}` is taken: choose another name", declared.builder, field.name);
            errors.at(&field.ident, message);
        }
    }
}

pub(super) fn exclusive_groups_have_several_members(errors: &Errors, _: &Model, item: &Struct) {
    if matches!(item.role, Role::Outputs) {
        return;
    }
    let groups = || item.fields.iter().filter_map(|field| field.rules.exclusive.as_ref());
    for group in groups() {
        let name = group.value.value();
        if groups().filter(|other| other.value.value() == name).count() == 1 {
            errors.at(&group.value, format!("the group `{name}` has no other field that this one could exclude"));
        }
    }
}
