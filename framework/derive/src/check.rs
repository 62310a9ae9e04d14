//! Rules that the parts of a struct or enum obey together. Each is a function of its own and reports all that break it.

mod enums;
mod fields;
mod structs;

use crate::errors::Errors;
use crate::model::{Enum, Field, Item, Model, Role, Struct};

/// Rules of a struct as a whole.
const STRUCT: &[fn(&Errors, &Model, &Struct)] = &[
    structs::a_struct_is_described,
    structs::type_names_carry_the_provider,
    structs::top_level_names_are_not_reserved,
    structs::setters_do_not_hide_methods,
    structs::exclusive_groups_have_several_members,
];

/// Rules of a field by itself.
const FIELD: &[fn(&Errors, &Role, &Field)] = &[
    fields::a_field_is_described,
    fields::names_are_attribute_names,
    fields::outputs_have_no_rules_for_users,
    fields::defaults_are_not_for_options,
    fields::exclusive_needs_an_option,
    fields::deprecated_can_be_left_out,
    fields::write_only_is_not_stored,
    fields::ranges_are_for_numbers,
    fields::lengths_are_for_texts_and_collections,
    fields::choices_are_for_strings,
    fields::bounds_are_in_order,
    fields::choices_are_distinct,
    fields::a_default_obeys_the_rules,
];

/// Reports every rule that `model` breaks.
pub(crate) fn check(errors: &Errors, model: &Model) {
    match &model.item {
        Item::Struct(item) => {
            for rule in STRUCT {
                rule(errors, model, item);
            }
            for (field, rule) in item.fields.iter().flat_map(|field| FIELD.iter().map(move |rule| (field, rule))) {
                rule(errors, &item.role, field);
            }
        }
        Item::Enum(Enum::Texts(variants)) => {
            enums::variants_are_described(errors, variants);
            enums::names_are_distinct(errors, variants);
        }
        Item::Enum(Enum::Alternatives(variants)) => {
            enums::variants_are_described(errors, variants);
            enums::names_are_distinct(errors, variants);
            enums::names_are_attribute_names(errors, variants);
        }
        Item::Unusable { .. } => {}
    }
}
