; What TypeScript alone has, or writes otherwise than JavaScript.

(abstract_class_declaration) @class
(function_signature) @function
(interface_declaration) @interface
(type_alias_declaration) @alias
(enum_declaration) @enum
(internal_module) @namespace
(module) @namespace
(method_signature) @method
(abstract_method_signature) @method
(property_signature type: (type_annotation (function_type))) @method
(public_field_definition name: (_) value: [(arrow_function) (function_expression)]) @method
(public_field_definition) @field
(property_signature) @field
(required_parameter (accessibility_modifier)) @property
(internal_module body: (statement_block (export_statement declaration: (lexical_declaration (variable_declarator name: (identifier)) @held))))
(program (ambient_declaration (lexical_declaration (variable_declarator name: (identifier)) @held)))
(program (export_statement declaration: (ambient_declaration (lexical_declaration (variable_declarator name: (identifier)) @held))))

(import_require_clause) @require

(abstract_class_declaration) @inner
(function_signature) @scope
(method_signature) @scope
(abstract_method_signature) @scope
(function_type) @scope
(constructor_type) @scope
(call_signature) @scope
(construct_signature) @scope
(interface_declaration) @inner
(type_alias_declaration) @inner
(conditional_type) @inner

(required_parameter pattern: (identifier) @local)
(optional_parameter pattern: (identifier) @local)
(required_parameter pattern: (identifier) type: (_)) @typed
(optional_parameter pattern: (identifier) type: (_)) @typed
(type_parameter name: (type_identifier) @local)
(infer_type (type_identifier) @local)
(mapped_type_clause name: (type_identifier) @local)

(extends_clause value: (_) @inherit)
(extends_type_clause type: (_) @inherit)
(implements_clause (_) @inherit)
(type_identifier) @read
(nested_type_identifier) @member
(class_body (decorator) @decorator)
