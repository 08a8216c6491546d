; What is read out of C; each capture's name says what becomes of it (packaged.py beside this folder).

(preproc_include) @import

(function_definition) @function
(declaration) @variable
(preproc_function_def) @function
(preproc_def value: (_)) @variable
(struct_specifier name: (_) body: (_)) @class
(union_specifier name: (_) body: (_)) @class
(enum_specifier name: (_) body: (_)) @enum
(type_definition) @type
(field_declaration) @field

(function_definition) @scope
(compound_statement) @scope
(for_statement) @scope
(declaration (function_declarator) @scope)
(field_declaration) @scope
(type_definition) @scope

(parameter_declaration) @bind
(declaration) @bind

(call_expression function: (_) @call)
(identifier) @read
(type_identifier) @read

(preproc_ifdef name: (_) @aside)
(preproc_defined (identifier) @aside)
(preproc_params (identifier) @aside)
(preproc_def name: (_) @aside)
(enumerator name: (_) @aside)
(macro_type_specifier name: (identifier) @call)
