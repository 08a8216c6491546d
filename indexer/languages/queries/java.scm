; What is read out of Java; each capture's name says what becomes of it (packaged.py beside this folder).

(package_declaration [(scoped_identifier) (identifier)] @package)
(import_declaration) @import

(class_declaration) @class
(record_declaration) @class
(interface_declaration) @interface
(annotation_type_declaration) @interface
(enum_declaration) @enum
(method_declaration) @method
(constructor_declaration) @method
(compact_constructor_declaration) @method
(annotation_type_element_declaration) @method
(field_declaration) @field
(constant_declaration) @field
(record_declaration parameters: (formal_parameters (formal_parameter) @field))

(method_declaration) @scope
(constructor_declaration) @scope
(compact_constructor_declaration) @scope
(lambda_expression) @scope
(block) @scope
(for_statement) @scope
(enhanced_for_statement) @scope
(catch_clause) @scope
(try_with_resources_statement) @scope
(switch_block_statement_group) @scope
(class_declaration) @scope
(interface_declaration) @scope
(record_declaration) @scope

(method_declaration parameters: (formal_parameters (formal_parameter) @bind))
(constructor_declaration parameters: (formal_parameters (formal_parameter) @bind))
(lambda_expression parameters: (formal_parameters (formal_parameter) @bind))
(spread_parameter) @bind
(local_variable_declaration) @bind
(enhanced_for_statement) @bind
(catch_formal_parameter) @bind
(resource type: (_)) @bind
(instanceof_expression name: (_)) @bind
(type_pattern) @bind
(lambda_expression parameters: (identifier) @bind)
(inferred_parameters (identifier) @bind)
(type_parameter) @bind

(method_invocation) @call
(object_creation_expression) @call
(explicit_constructor_invocation constructor: (_) @call)
(superclass (_) @inherit)
(super_interfaces (type_list (_) @inherit))
(extends_interfaces (type_list (_) @inherit))
(method_reference) @member
(scoped_type_identifier) @member
(method_invocation object: (field_access) @member)
(field_access object: (field_access) @member)
(type_identifier) @read
(marker_annotation name: (identifier) @read)
(annotation name: (identifier) @read)
(method_invocation object: (identifier) @read)
(field_access object: (identifier) @read)
(method_reference . (identifier) @read)
