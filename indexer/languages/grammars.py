"""The grammars: one row a language, and the parser of a path, loaded when first asked for.

Nothing here imports a grammar at import time, so that a process which parses nothing holds none. A wheel that
is not installed is told by name. Rows say what a whole definition is made of: where statements stand side by
side (`lists`), what stands before a definition and belongs to it (`prefixes`), which comments document it.
"""

from __future__ import annotations

import importlib
import re
from functools import cache
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from tree_sitter import Parser

_JAVADOC = r"/\*\*(?!/)"
_SLASHES = r"/\*\*(?!/)|/\*!|///(?!/)|//!"


class MissingGrammarError(LookupError):
    """The wheel of a grammar is not installed; the message says which."""


class Grammar(msgspec.Struct, frozen=True):
    """One language.

    `documents` are the comments that document what stands right below, as a pattern over their beginning;
    `plainly` are the types of node that a comment documents without any mark (Go, Ruby, Bash), or "" for every
    child of one of the `plain_lists`. `template` says that files of the kind may be templates of another
    language, which no grammar reads. `leads` stand for what they begin: the heading of a section.
    """

    name: str
    suffixes: tuple[str, ...]
    module: str
    lists: frozenset[str]
    function: str = "language"
    prefixes: frozenset[str] = frozenset()
    documents: str = r"(?!)"
    plainly: frozenset[str] = frozenset()
    plain_lists: frozenset[str] = frozenset()
    file_names: tuple[str, ...] = ()
    template: bool = False
    leads: frozenset[str] = frozenset()


def _of(words: str) -> frozenset[str]:
    return frozenset(words.split())


_JS_LISTS = _of(
    "program statement_block class_body object array switch_body switch_case switch_default object_type "
    "interface_body enum_body jsx_element jsx_fragment"
)
_JS_PREFIXES = _of("decorator export default declare")
_C_LISTS = _of(
    "translation_unit compound_statement field_declaration_list declaration_list preproc_ifdef preproc_if "
    "preproc_else preproc_elif enumerator_list initializer_list case_statement"
)

GRAMMARS: tuple[Grammar, ...] = (
    Grammar("Python", (".py", ".pyi", ".pyw"), "tree_sitter_python", _of("module block"), prefixes=_of("decorator")),
    Grammar(
        "JavaScript",
        (".js", ".mjs", ".cjs", ".jsx"),
        "tree_sitter_javascript",
        _JS_LISTS,
        prefixes=_JS_PREFIXES,
        documents=_JAVADOC,
    ),
    Grammar(
        "TypeScript",
        (".ts", ".mts", ".cts"),
        "tree_sitter_typescript",
        _JS_LISTS,
        "language_typescript",
        prefixes=_JS_PREFIXES,
        documents=_JAVADOC,
    ),
    Grammar("TSX", (".tsx",), "tree_sitter_typescript", _JS_LISTS, "language_tsx", _JS_PREFIXES, documents=_JAVADOC),
    Grammar(
        "Go",
        (".go",),
        "tree_sitter_go",
        _of(
            "source_file block statement_list field_declaration_list interface_type var_spec_list const_declaration "
            "type_declaration import_spec_list expression_switch_statement type_switch_statement select_statement "
            "literal_value"
        ),
        documents=r"(?!)",
        plain_lists=_of(
            "source_file field_declaration_list interface_type var_spec_list const_declaration type_declaration"
        ),
    ),
    Grammar(
        "Rust",
        (".rs",),
        "tree_sitter_rust",
        _of(
            "source_file declaration_list block field_declaration_list enum_variant_list match_block "
            "field_initializer_list array_expression ordered_field_declaration_list"
        ),
        prefixes=_of("attribute_item"),
        documents=r"///(?!/)|/\*\*(?![*/])",
    ),
    Grammar(
        "Java",
        (".java",),
        "tree_sitter_java",
        _of(
            "program class_body interface_body enum_body enum_body_declarations annotation_type_body block "
            "constructor_body switch_block switch_block_statement_group array_initializer"
        ),
        prefixes=_of("modifiers annotation marker_annotation"),
        documents=_JAVADOC,
    ),
    Grammar("C", (".c",), "tree_sitter_c", _C_LISTS, prefixes=_of("attribute_declaration"), documents=_SLASHES),
    Grammar(
        "C++",
        (".cc", ".cpp", ".cxx", ".c++", ".h", ".hh", ".hpp", ".hxx", ".ipp"),
        "tree_sitter_cpp",
        _C_LISTS,
        prefixes=_of("attribute_declaration template template_parameter_list requires_clause"),
        documents=_SLASHES,
    ),
    Grammar(
        "C#",
        (".cs", ".csx"),
        "tree_sitter_c_sharp",
        _of(
            "compilation_unit declaration_list enum_member_declaration_list block accessor_list switch_body "
            "switch_section file_scoped_namespace_declaration initializer_expression"
        ),
        prefixes=_of("attribute_list"),
        documents=r"///(?!/)|/\*\*(?!/)",
    ),
    Grammar(
        "Ruby",
        (".rb", ".rake", ".gemspec", ".ru"),
        "tree_sitter_ruby",
        _of(
            "program body_statement block_body then else do do_block begin hash array class module method "
            "singleton_method singleton_class"
        ),
        plainly=_of("class module method singleton_method singleton_class"),
        file_names=("Rakefile", "Gemfile"),
    ),
    Grammar(
        "PHP",
        (".php", ".phtml"),
        "tree_sitter_php",
        _of(
            "program declaration_list compound_statement enum_declaration_list switch_block case_statement "
            "default_statement array_creation_expression colon_block"
        ),
        "language_php",
        prefixes=_of("attribute_list attribute_group"),
        documents=_JAVADOC,
    ),
    Grammar(
        "Kotlin",
        (".kt", ".kts"),
        "tree_sitter_kotlin",
        _of("source_file class_body enum_class_body block when_expression"),
        prefixes=_of("modifiers annotation file_annotation annotated_expression"),
        documents=_JAVADOC,
    ),
    Grammar(
        "Bash",
        (".sh", ".bash"),
        "tree_sitter_bash",
        _of(
            "program compound_statement do_group if_statement else_clause elif_clause case_statement case_item subshell"
        ),
        plainly=_of("function_definition"),
    ),
    Grammar(
        "Markdown",
        (".md", ".markdown"),
        "tree_sitter_markdown",
        _of("document section list"),
        leads=_of("atx_heading"),
        template=True,
    ),
    Grammar("JSON", (".json", ".jsonc"), "tree_sitter_json", _of("document object array")),
    Grammar("TOML", (".toml",), "tree_sitter_toml", _of("document table table_array_element array inline_table")),
    Grammar(
        "YAML",
        (".yaml", ".yml"),
        "tree_sitter_yaml",
        _of("block_mapping block_sequence flow_mapping flow_sequence"),
        template=True,
    ),
)

_BY_SUFFIX = {suffix: grammar for grammar in GRAMMARS for suffix in grammar.suffixes}
_BY_NAME = {name: grammar for grammar in GRAMMARS for name in grammar.file_names}


def grammar_of(path: str) -> Grammar | None:
    """Return the grammar that files of this name are written in; None where none is known."""
    name = path.rpartition("/")[2]
    dot = name.rfind(".")
    return _BY_NAME.get(name) or (_BY_SUFFIX.get(name[dot:].lower()) if dot >= 0 else None)


@cache
def parser_of(grammar: Grammar) -> Parser:
    """Return the parser of a language. Raises MissingGrammarError."""
    try:
        from tree_sitter import Language, Parser

        module = importlib.import_module(grammar.module)
    except ImportError as error:
        wheel = grammar.module.replace("_", "-")
        raise MissingGrammarError(f"the grammar of {grammar.name} is not installed ({wheel})") from error
    handle: object = getattr(module, grammar.function)()
    return Parser(Language(handle))


@cache
def documents(grammar: Grammar) -> re.Pattern[str]:
    """Return the pattern of the comments that document what stands below them."""
    return re.compile(grammar.documents)
