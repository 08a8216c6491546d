; What is read out of PHP; each capture's name says what becomes of it (packaged.py beside this folder).

(namespace_definition name: (namespace_name) @package)
(namespace_use_declaration) @import

(class_declaration) @class
(interface_declaration) @interface
(trait_declaration) @interface
(enum_declaration) @enum
(function_definition) @function
(method_declaration) @method
(const_declaration) @variable
(property_declaration) @field
(property_promotion_parameter) @field
(assignment_expression left: (member_access_expression)) @field

(program) @scope
(function_definition) @scope
(method_declaration) @scope
(anonymous_function) @scope
(arrow_function) @scope
(class_declaration) @scope
(trait_declaration) @scope
(enum_declaration) @scope
(anonymous_class) @scope

(simple_parameter) @bind
(variadic_parameter) @bind
(property_promotion_parameter) @bind
(assignment_expression left: (variable_name)) @bind
(foreach_statement) @bind
(catch_clause) @bind

(function_call_expression) @call
(member_call_expression) @call
(nullsafe_member_call_expression) @call
(scoped_call_expression) @call
(object_creation_expression) @call
(class_declaration (base_clause (_) @inherit))
(interface_declaration (base_clause (_) @inherit))
(class_declaration (class_interface_clause (_) @inherit))
(enum_declaration (class_interface_clause (_) @inherit))
(declaration_list (use_declaration (_) @inherit))
(enum_declaration_list (use_declaration (_) @inherit))
(base_clause (_) @member)
(class_interface_clause (_) @member)
(named_type (_) @member)
(attribute . (_) @member)
(class_constant_access_expression . (_) @member)
(scoped_call_expression scope: (name) @member)
(scoped_call_expression scope: (qualified_name) @member)
(scoped_property_access_expression scope: (name) @member)
(scoped_property_access_expression scope: (qualified_name) @member)
(binary_expression operator: "instanceof" right: (_) @member)
