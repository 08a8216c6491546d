; What is read out of a Python file. Each capture's name says what becomes of it (see python.py beside this folder).

(function_definition) @function
(class_definition) @class
(decorated_definition) @decorated
(module (expression_statement (assignment) @variable))
(module (type_alias_statement) @alias)

(function_definition body: (block . (expression_statement (string) @doc)))
(class_definition body: (block . (expression_statement (string) @doc)))
(module . (comment)* . (expression_statement (string) @doc))

(import_statement) @import
(import_from_statement) @import

; What local names, attributes and calls hold (python_names.py).
[(parameters) (lambda_parameters)] @parameters
(assignment) @assign
[(for_statement) (for_in_clause)] @for
(as_pattern) @as
(named_expression) @walrus
(return_statement) @return
(yield) @yield
(type) @type
((call function: (identifier) @_name) @narrowing (#eq? @_name "isinstance"))

(call function: [(identifier) (attribute)] @call)
(class_definition superclasses: (argument_list [(identifier) (attribute)] @inherit))
(class_definition superclasses: (argument_list (subscript value: [(identifier) (attribute)] @inherit)))

; Every attribute, and every name where it is read.
(attribute) @read
(decorator (identifier) @read)
(argument_list (identifier) @read)
(keyword_argument value: (identifier) @read)
(type (identifier) @read)
(generic_type (identifier) @read)
(raise_statement (identifier) @read)
(except_clause (identifier) @read)
(return_statement (identifier) @read)
(assignment right: (identifier) @read)
(augmented_assignment right: (identifier) @read)
(named_expression value: (identifier) @read)
(pair (identifier) @read)
(default_parameter value: (identifier) @read)
(typed_default_parameter value: (identifier) @read)
(lambda body: (identifier) @read)
(conditional_expression (identifier) @read)
(boolean_operator (identifier) @read)
(not_operator (identifier) @read)
(binary_operator (identifier) @read)
(unary_operator (identifier) @read)
(comparison_operator (identifier) @read)
(subscript (identifier) @read)
(slice (identifier) @read)
(await (identifier) @read)
(yield (identifier) @read)
(parenthesized_expression (identifier) @read)
(interpolation (identifier) @read)
(expression_list (identifier) @read)
(tuple (identifier) @read)
(list (identifier) @read)
(set (identifier) @read)
(list_splat (identifier) @read)
(dictionary_splat (identifier) @read)
(for_statement right: (identifier) @read)
(for_in_clause right: (identifier) @read)
(if_clause (identifier) @read)
(if_statement condition: (identifier) @read)
(elif_clause condition: (identifier) @read)
(while_statement condition: (identifier) @read)
(assert_statement (identifier) @read)
(list_comprehension body: (identifier) @read)
(set_comprehension body: (identifier) @read)
(generator_expression body: (identifier) @read)
(with_item value: (identifier) @read)
(as_pattern (identifier) @read)
(match_statement subject: (identifier) @read)
(class_pattern (dotted_name) @read)
