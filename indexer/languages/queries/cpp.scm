; What is read out of C++ and of all headers; each capture's name says what becomes of it (packaged.py beside this folder).

(preproc_include) @import
(using_declaration) @import
(namespace_alias_definition) @import

(namespace_definition name: (_)) @namespace
(class_specifier name: (_)) @class
(struct_specifier name: (_)) @class
(union_specifier name: (_)) @class
(enum_specifier name: (_) body: (_)) @enum
(alias_declaration) @type
(concept_definition) @type
(type_definition) @type
(function_definition) @function
(declaration) @variable
(field_declaration) @method
(field_declaration) @field
(preproc_function_def) @function
(preproc_def) @variable

(function_definition) @scope
(compound_statement) @scope
(for_statement) @scope
(for_range_loop) @scope
(if_statement) @scope
(while_statement) @scope
(switch_statement) @scope
(lambda_expression) @scope
(catch_clause) @scope
(template_declaration) @scope
(declaration (function_declarator) @scope)
(field_declaration) @scope
(type_definition) @scope

(parameter_declaration) @bind
(optional_parameter_declaration) @bind
(variadic_parameter_declaration) @bind
(type_parameter_declaration) @bind
(optional_type_parameter_declaration) @bind
(variadic_type_parameter_declaration) @bind
(declaration) @bind
(for_range_loop) @bind
(lambda_capture_initializer) @bind

(call_expression function: (_) @call)
(new_expression type: (_) @call)
(compound_literal_expression type: (_) @call)
(field_initializer . (_) @call)
(parameter_declaration
  type: [(type_identifier) (qualified_identifier)] @call
  declarator: (abstract_function_declarator))
(base_class_clause [(type_identifier) (qualified_identifier) (template_type)] @inherit)
(qualified_identifier) @member
(qualified_identifier scope: (namespace_identifier) @read)
(identifier) @read
(type_identifier) @read

(using_declaration (identifier) @aside)
(using_declaration (qualified_identifier) @aside)
(preproc_ifdef name: (_) @aside)
(preproc_defined (identifier) @aside)
(preproc_params (identifier) @aside)
(preproc_def name: (_) @aside)
(enumerator name: (_) @aside)
(destructor_name (identifier) @aside)
