; What is read out of Rust; each capture's name says what becomes of it (packaged.py beside this folder).

(use_declaration) @import
(extern_crate_declaration) @import
(mod_item !body) @import

(struct_item) @class
(union_item) @class
(enum_item) @enum
(trait_item) @interface
(mod_item body: (_)) @namespace
(function_item) @function
(function_signature_item) @function
(macro_definition) @function
(type_item) @type
(associated_type) @type
(const_item) @variable
(static_item) @variable
(enum_variant) @variable
(field_declaration) @field
(ordered_field_declaration_list) @field
(impl_item) @implementation

(function_item) @scope
(function_signature_item) @scope
(closure_expression) @scope
(block) @scope
(match_arm) @scope
(for_expression) @scope
(if_expression) @scope
(while_expression) @scope
(impl_item) @scope
(trait_item) @scope
(struct_item) @scope
(enum_item) @scope
(type_item) @scope

(parameter) @bind
(let_declaration) @bind
(let_condition) @bind
(for_expression) @bind
(match_arm) @bind
(closure_parameters) @bind
(type_parameter) @bind
(const_parameter) @bind
(where_predicate) @bind

(call_expression function: (_) @call)
(trait_item bounds: (trait_bounds (_) @inherit))
(scoped_identifier) @member
(scoped_type_identifier) @member
(identifier) @read
(type_identifier) @read

(token_tree (identifier) @aside)
(attribute (identifier) @aside)
(attribute (scoped_identifier name: (identifier) @aside))
(lifetime (identifier) @aside)
(label (identifier) @aside)
(type_binding name: (type_identifier) @aside)
(macro_invocation macro: (identifier) @aside)
(macro_invocation macro: (scoped_identifier name: (identifier) @aside))
