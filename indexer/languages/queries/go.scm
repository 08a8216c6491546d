; What is read out of Go; each capture's name says what becomes of it (packaged.py beside this folder).

(package_clause (package_identifier) @package)
(import_spec) @import

(function_declaration) @function
(method_declaration) @method
(method_elem) @method
(type_spec) @type
(type_alias) @type
(source_file (const_declaration (const_spec) @variable))
(source_file (var_declaration (var_spec) @variable))
(source_file (var_declaration (var_spec_list (var_spec) @variable)))
(field_declaration) @field

(function_declaration) @scope
(method_declaration) @scope
(method_elem) @scope
(func_literal) @scope
(function_type) @scope
(type_spec) @scope
(block) @scope
(if_statement) @scope
(for_statement) @scope
(expression_switch_statement) @scope
(type_switch_statement) @scope
(expression_case) @scope
(default_case) @scope
(type_case) @scope
(communication_case) @scope

(parameter_declaration) @bind
(variadic_parameter_declaration) @bind
(type_parameter_declaration) @bind
(short_var_declaration) @bind
(range_clause) @bind
(receive_statement left: (_)) @bind
(type_switch_statement) @bind
(block (statement_list (var_declaration (var_spec) @bind)))
(block (statement_list (var_declaration (var_spec_list (var_spec) @bind))))
(block (statement_list (const_declaration (const_spec) @bind)))
(statement_list (var_declaration (var_spec) @bind))
(statement_list (const_declaration (const_spec) @bind))

(call_expression function: (_) @call)
(type_conversion_expression type: (generic_type type: (_) @call))
(field_declaration !name type: (_) @inherit)
(type_elem . (type_identifier) @inherit .)
(type_elem . (qualified_type) @inherit .)
(selector_expression) @member
(qualified_type) @member
(identifier) @read
(type_identifier) @read

(composite_literal type: [(type_identifier) (qualified_type) (generic_type)]
  body: (literal_value (keyed_element key: (literal_element (identifier) @aside))))
(literal_value (literal_element (literal_value (keyed_element key: (literal_element (identifier) @aside)))))
(literal_value (keyed_element value: (literal_element (literal_value (keyed_element key: (literal_element (identifier) @aside))))))
(labeled_statement label: (_) @aside)
