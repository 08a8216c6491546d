; What is read out of C#; each capture's name says what becomes of it (packaged.py beside this folder).

(using_directive) @import

(namespace_declaration) @namespace
(file_scoped_namespace_declaration) @namespace
(class_declaration) @class
(struct_declaration) @class
(record_declaration) @class
(interface_declaration) @interface
(enum_declaration) @enum
(delegate_declaration) @type
(method_declaration) @method
(constructor_declaration) @method
(operator_declaration) @method
(conversion_operator_declaration) @method
(indexer_declaration) @method
(property_declaration) @variable
(event_declaration) @variable
(event_field_declaration) @variable
(local_function_statement) @function
(field_declaration) @field
(record_declaration (parameter_list (parameter) @field))

(class_declaration) @scope
(struct_declaration) @scope
(record_declaration) @scope
(interface_declaration) @scope
(delegate_declaration) @scope
(method_declaration) @scope
(constructor_declaration) @scope
(destructor_declaration) @scope
(operator_declaration) @scope
(conversion_operator_declaration) @scope
(indexer_declaration) @scope
(property_declaration) @scope
(accessor_declaration) @scope
(local_function_statement) @scope
(lambda_expression) @scope
(anonymous_method_expression) @scope
(block) @scope
(for_statement) @scope
(foreach_statement) @scope
(using_statement) @scope
(fixed_statement) @scope
(catch_clause) @scope
(switch_section) @scope
(switch_expression_arm) @scope
(query_expression) @scope

(type_parameter) @bind
(parameter) @bind
(parameter_list name: (identifier)) @bind
(lambda_expression parameters: (implicit_parameter) @bind)
(local_declaration_statement (variable_declaration) @bind)
(using_statement (variable_declaration) @bind)
(for_statement initializer: (variable_declaration) @bind)
(fixed_statement (variable_declaration) @bind)
(foreach_statement) @bind
(declaration_expression) @bind
(declaration_pattern) @bind
(recursive_pattern name: (identifier)) @bind
(var_pattern) @bind
(tuple_pattern) @bind
(parenthesized_variable_designation) @bind
(catch_declaration) @bind
(from_clause) @bind
(let_clause) @bind
(join_clause) @bind
(join_into_clause) @bind
(query_expression (identifier) @bind)

(invocation_expression) @call
(object_creation_expression) @call
(constructor_initializer ["base" "this"] @call)
(class_declaration (base_list (_) @inherit))
(struct_declaration (base_list (_) @inherit))
(record_declaration (base_list (_) @inherit))
(interface_declaration (base_list (_) @inherit))
(member_access_expression) @member
(conditional_access_expression) @member
(qualified_name) @member
(generic_name) @member
(object_creation_expression initializer: (initializer_expression (assignment_expression left: (identifier)) @member))
(identifier) @read

(attribute name: (_) @attribute)
(_ type: (identifier) @typed)
(_ returns: (identifier) @typed)
(type_argument_list (identifier) @typed)
(implicit_object_creation_expression (initializer_expression (assignment_expression left: (identifier) @aside)))
(assignment_expression right: (initializer_expression (assignment_expression left: (identifier) @aside)))
(argument name: (identifier) @aside)
(attribute_argument name: (identifier) @aside)
(anonymous_object_creation_expression (identifier) @aside . "=")
(with_initializer . (identifier) @aside)
(subpattern . (identifier) @aside . ":")
(labeled_statement . (identifier) @aside)
(goto_statement (identifier) @aside)
(tuple_element name: (identifier) @aside)
(tuple_expression (argument . (identifier) @aside . ":"))
(enum_member_declaration name: (identifier) @aside)
(field_declaration (variable_declaration (variable_declarator name: (identifier) @aside)))
(destructor_declaration name: (identifier) @aside)
(extern_alias_directive name: (identifier) @aside)
(alias_qualified_name alias: (identifier) @aside)
(type_parameter_constraints_clause . (identifier) @aside)
(preproc_if condition: (identifier) @aside)
(preproc_elif condition: (identifier) @aside)
