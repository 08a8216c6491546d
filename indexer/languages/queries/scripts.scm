; What is read out of JavaScript and TypeScript alike; each capture's name says what becomes of it (script_*.py beside).

(function_declaration) @function
(generator_function_declaration) @function
(class_declaration) @class
(method_definition) @method
(pair key: (_) value: [(arrow_function) (function_expression) (generator_function)]) @method
(variable_declarator name: (identifier) value: [(arrow_function) (function_expression) (generator_function) (class)]) @held
(program (lexical_declaration (variable_declarator name: (identifier)) @held))
(program (variable_declaration (variable_declarator name: (identifier)) @held))
(program (export_statement declaration: (lexical_declaration (variable_declarator name: (identifier)) @held)))
(program (export_statement declaration: (variable_declaration (variable_declarator name: (identifier)) @held)))
(program (lexical_declaration (variable_declarator name: [(object_pattern) (array_pattern)]) @parted))
(program (variable_declaration (variable_declarator name: [(object_pattern) (array_pattern)]) @parted))
(program (export_statement declaration: (_ (variable_declarator name: [(object_pattern) (array_pattern)]) @parted)))
(assignment_expression left: (member_expression) right: [(arrow_function) (function_expression) (generator_function) (class)]) @assigned
(call_expression arguments: (arguments . [(string) (template_string)] [(arrow_function) (function_expression)])) @block

(program (import_statement) @import)
(program (export_statement) @export)
(call_expression function: [(identifier) (import)] @loader arguments: (arguments . [(string) (template_string)]) (#any-of? @loader "require" "import")) @load
(variable_declarator name: (_)) @declarator
(pair key: (_) value: (new_expression)) @field
(assignment_expression left: (member_expression)) @assignment

(function_declaration) @scope
(generator_function_declaration) @scope
(function_expression) @scope
(generator_function) @scope
(arrow_function) @scope
(method_definition) @scope
(class_declaration) @inner
(class) @inner
(statement_block) @inner
(for_statement) @inner
(for_in_statement) @inner
(catch_clause) @inner
(switch_body) @inner

(variable_declarator name: (identifier) @local)
(variable_declaration (variable_declarator name: (identifier) @var))
(shorthand_property_identifier_pattern) @local
(pair_pattern value: (identifier) @local)
(array_pattern (identifier) @local)
(rest_pattern (identifier) @local)
(assignment_pattern left: (identifier) @local)
(arrow_function parameter: (identifier) @local)
(catch_clause parameter: (identifier) @local)
(for_in_statement kind: _ left: (identifier) @local)
(function_expression name: (identifier) @own)
(class name: (_) @own)

(call_expression function: (_) @call)
(new_expression constructor: (_) @call)
(decorator [(identifier) (member_expression)] @call)
(member_expression object: [(identifier) (this)]) @member
(identifier) @read
(shorthand_property_identifier) @read
