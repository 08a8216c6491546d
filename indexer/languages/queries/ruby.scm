; What is read out of Ruby; each capture's name says what becomes of it (packaged.py beside this folder).

(class) @class
(module) @namespace
(assignment left: [(constant) (scope_resolution)] right: (call receiver: (constant) @_made method: (identifier) @_new)
  (#any-of? @_made "Struct" "Data" "Class") (#any-of? @_new "new" "define")) @class
(assignment left: (constant) right: (call receiver: (constant) @_made2 method: (identifier) @_new2)
  (#eq? @_made2 "Module") (#eq? @_new2 "new")) @namespace
(assignment left: (constant)) @variable
(method) @method
(singleton_method) @method
(alias) @method
(call method: (identifier) @_maker arguments: (argument_list (simple_symbol))
  (#any-of? @_maker "attr_reader" "attr_writer" "attr_accessor" "attr" "define_method" "define_singleton_method"
    "alias_method" "def_delegator" "def_delegators" "def_instance_delegator" "new" "define")) @method
(call !receiver method: (identifier) @_let arguments: (argument_list (simple_symbol)) block: (_)
  (#any-of? @_let "let" "let!" "subject")) @method
(call !receiver method: (identifier) @_suite arguments: (argument_list) block: (_)
  (#any-of? @_suite "describe" "context" "feature" "shared_examples" "shared_examples_for" "shared_context")) @suite
(call receiver: (constant) @_rspec method: (identifier) @_suite2 arguments: (argument_list) block: (_)
  (#eq? @_rspec "RSpec") (#eq? @_suite2 "describe")) @suite
(call !receiver method: (identifier) @_test arguments: (argument_list . (string)) block: (_)
  (#any-of? @_test "it" "specify" "test" "example" "scenario" "should")) @test

(program) @scope
(class) @scope
(module) @scope
(method) @scope
(singleton_method) @scope
(block) @scope
(do_block) @scope
(lambda) @scope

(method_parameters) @bind
(block_parameters) @bind
(lambda_parameters) @bind
(assignment left: (identifier)) @bind
(assignment left: (left_assignment_list)) @bind
(operator_assignment left: (identifier)) @bind
(exception_variable) @bind
(for pattern: (_)) @bind
(in_clause pattern: (_)) @bind

(assignment left: (instance_variable)) @field
(operator_assignment left: (instance_variable)) @field

(superclass (_) @inherit)
(assignment right: (call receiver: (constant) @_class method: (identifier) @_of
  arguments: (argument_list . [(constant) (scope_resolution)] @inherit))
  (#eq? @_class "Class") (#eq? @_of "new"))
(body_statement (call !receiver method: (identifier) @_mix arguments: (argument_list [(constant) (scope_resolution)] @inherit)
  (#any-of? @_mix "include" "extend" "prepend")))
(body_statement (call !receiver method: (identifier) @_extend arguments: (argument_list)
  (#any-of? @_extend "include" "extend" "prepend")) @mix)
(program (call receiver: (self) method: (identifier) @_main arguments: (argument_list) (#eq? @_main "extend")) @mix)
(program (call !receiver method: (identifier) @_main2 arguments: (argument_list)
  (#any-of? @_main2 "extend" "include")) @mix)

(assignment left: (call) @write)
(left_assignment_list (call) @write)
(singleton_method name: (identifier) @_hook body: (body_statement
  (call receiver: (identifier) method: (identifier) arguments: (argument_list)) @hooked) (#eq? @_hook "included"))
(method name: (identifier) @_hook2 body: (body_statement
  (call receiver: (identifier) method: (identifier) arguments: (argument_list)) @hooked) (#eq? @_hook2 "included"))

(call receiver: (_) block: (_)) @other
(method) @own
(singleton_method) @own
(class) @own
(module) @own

(call) @call
(super) @call
(identifier) @call
(scope_resolution) @member
(constant) @read

(call !receiver method: (identifier) @_take arguments: (argument_list)
  (#any-of? @_take "require" "require_relative" "load" "autoload")) @import
(alias alias: (identifier) @aside)
