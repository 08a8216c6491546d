; What is read out of Kotlin; each capture's name says what becomes of it (packaged.py beside this folder).

(package_header) @namespace
(import) @import

(class_declaration) @class
(object_declaration) @class
(type_alias) @type
(source_file (function_declaration) @function)
(class_body (function_declaration) @method)
(enum_class_body (function_declaration) @method)
(block (function_declaration) @function)
(lambda_literal (function_declaration) @function)
(secondary_constructor) @method
(source_file (property_declaration) @variable)
(class_body (property_declaration) @variable)
(enum_class_body (property_declaration) @variable)
(class_parameter) @variable
(enum_entry) @field

(class_declaration) @scope
(object_declaration) @scope
(object_literal) @scope
(function_declaration) @scope
(secondary_constructor) @scope
(anonymous_function) @scope
(lambda_literal) @scope
(block) @scope
(for_statement) @scope
(catch_block) @scope
(when_expression) @scope
(when_entry) @scope
(setter) @scope
(type_alias) @scope
(property_declaration (type_parameters)) @scope

(type_parameter) @bind
(parameter) @bind
(class_parameter) @bind
(setter (identifier) @bind)
(lambda_parameters (variable_declaration) @bind)
(lambda_parameters (multi_variable_declaration) @bind)
(block (property_declaration) @bind)
(lambda_literal (property_declaration) @bind)
(for_statement (variable_declaration) @bind)
(for_statement (multi_variable_declaration) @bind)
(catch_block . (identifier) @bind)
(when_subject (variable_declaration) @bind)
(when_expression (when_subject (identifier))) @bind
(if_expression condition: (is_expression)) @bind
((identifier) @bind (#eq? @bind "it"))

(call_expression) @call
(infix_expression) @call
(constructor_delegation_call ["this" "super"] @call)
(class_declaration (delegation_specifiers (delegation_specifier (user_type) @inherit)))
(class_declaration (delegation_specifiers (delegation_specifier (constructor_invocation (user_type) @inherit))))
(class_declaration (delegation_specifiers (delegation_specifier (explicit_delegation (user_type) @inherit))))
(object_declaration (delegation_specifiers (delegation_specifier (user_type) @inherit)))
(object_declaration (delegation_specifiers (delegation_specifier (constructor_invocation (user_type) @inherit))))
(object_declaration (delegation_specifiers (delegation_specifier (explicit_delegation (user_type) @inherit))))
(user_type) @member
(navigation_expression) @member
(callable_reference (user_type)) @member
(identifier) @read

(value_argument . (identifier) @aside . "=")
(this_expression (identifier) @aside)
(super_expression (identifier) @aside)
(labeled_expression (label) (identifier) @aside)
(return_expression label: (identifier) @aside)
(enum_entry . (identifier) @aside)
(type_constraint . (identifier) @aside)
(type_constraint (identifier) @aside)
