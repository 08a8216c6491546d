// Tells what every name of a tree of Java means, by javac: `java JavaTrees.java ROOT`, with the exports that java.py names.
// One JSON object a line, as go_types.go writes them.

import com.sun.source.tree.*;
import com.sun.source.util.*;
import com.sun.tools.javac.api.BasicJavacTask;
import com.sun.tools.javac.code.Symbol;
import com.sun.tools.javac.code.Types;
import com.sun.tools.javac.tree.JCTree;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import java.util.stream.Collectors;
import javax.lang.model.element.*;
import javax.lang.model.type.TypeKind;
import javax.tools.*;

public final class JavaTrees {
  private final Path root;
  private final Trees trees;
  private final Types types;
  private final PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
  private final Map<CompilationUnitTree, String> texts = new IdentityHashMap<>();
  private final Map<String, List<CompilationUnitTree>> packages = new HashMap<>();

  private JavaTrees(Path root, JavacTask task) {
    this.root = root;
    this.trees = Trees.instance(task);
    this.types = Types.instance(((BasicJavacTask) task).getContext());
  }

  public static void main(String[] arguments) throws Exception {
    Path root = Path.of(arguments[0]).toRealPath();
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StandardJavaFileManager files = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8);
    List<Path> paths;
    try (var walk = Files.walk(root)) {
      paths = walk.filter(path -> path.toString().endsWith(".java") && !path.toString().endsWith("-info.java"))
          .sorted().collect(Collectors.toList());
    }
    var options = List.of("-proc:none", "-Xmaxerrs", "100000", "-nowarn");
    JavacTask task = (JavacTask) compiler.getTask(null, files, found -> {}, options, null, files.getJavaFileObjectsFromPaths(paths));
    JavaTrees teller = new JavaTrees(root, task);
    List<CompilationUnitTree> units = new ArrayList<>();
    for (CompilationUnitTree unit : task.parse()) {
      units.add(unit);
      teller.texts.put(unit, unit.getSourceFile().getCharContent(true).toString());
      String name = unit.getPackageName() == null ? "" : unit.getPackageName().toString();
      teller.packages.computeIfAbsent(name, key -> new ArrayList<>()).add(unit);
    }
    task.analyze();
    for (CompilationUnitTree unit : units) {
      teller.new Scanner(unit).scan(unit, null);
    }
    teller.out.flush();
  }

  private String path(CompilationUnitTree unit) {
    return root.relativize(Path.of(unit.getSourceFile().toUri())).toString();
  }

  private int bytes(CompilationUnitTree unit, int at) {
    return texts.get(unit).substring(0, at).getBytes(StandardCharsets.UTF_8).length;
  }

  private void tell(CompilationUnitTree unit, int at, String name, String kind, String goal, int goalAt) {
    out.printf("{\"path\":\"%s\",\"at\":%d,\"name\":\"%s\",\"kind\":\"%s\",\"goal\":\"%s\",\"goal_at\":%d}%n",
        path(unit), bytes(unit, at), name, kind, goal, goalAt);
  }

  /** Where a definition's name stands, -1 where it is written nowhere. */
  private int nameAt(CompilationUnitTree unit, Tree tree, String name) {
    String text = texts.get(unit);
    int from = ((JCTree) tree).pos;
    if (tree instanceof ClassTree) {
      Tree modifiers = ((ClassTree) tree).getModifiers();
      from = Math.max(from, (int) trees.getSourcePositions().getEndPosition(unit, modifiers));
    }
    var found = java.util.regex.Pattern.compile("\\b" + java.util.regex.Pattern.quote(name) + "\\b").matcher(text);
    return found.find(Math.max(0, from)) ? found.start() : -1;
  }

  private final class Scanner extends TreePathScanner<Void, Void> {
    private final CompilationUnitTree unit;

    Scanner(CompilationUnitTree unit) {
      this.unit = unit;
    }

    private void use(int at, String name, String kind, Element element) {
      if (element == null || element.asType().getKind() == TypeKind.ERROR || at < 0) {
        return;
      }
      if (element.getKind() == ElementKind.PACKAGE) {
        return;
      }
      boolean isType = element.getKind().isClass() || element.getKind().isInterface();
      boolean isMethod = element.getKind() == ElementKind.METHOD || element.getKind() == ElementKind.CONSTRUCTOR;
      TreePath there = isType || isMethod ? trees.getPath(element) : null;
      if (there == null && element.getKind() == ElementKind.CONSTRUCTOR) {
        element = element.getEnclosingElement();
        there = trees.getPath(element);
      }
      String goal = "";
      int goalAt = -1;
      if (there != null && texts.containsKey(there.getCompilationUnit())) {
        String said = element.getKind() == ElementKind.CONSTRUCTOR
            ? element.getEnclosingElement().getSimpleName().toString() : element.getSimpleName().toString();
        int found = said.isEmpty() ? -1 : nameAt(there.getCompilationUnit(), there.getLeaf(), said);
        if (found >= 0) {
          goal = path(there.getCompilationUnit());
          goalAt = bytes(there.getCompilationUnit(), found);
        }
      }
      tell(unit, at, name, kind, goal, goalAt);
    }

    private int end(Tree tree, String name) {
      int end = (int) trees.getSourcePositions().getEndPosition(unit, tree);
      return end < 0 ? -1 : end - name.length();
    }

    private String kind(Tree tree, Element element) {
      Tree parent = getCurrentPath().getParentPath().getLeaf();
      if (parent instanceof ParameterizedTypeTree) {
        var above = getCurrentPath().getParentPath().getParentPath().getLeaf();
        if (((ParameterizedTypeTree) parent).getType() == tree) {
          if (above instanceof NewClassTree && ((NewClassTree) above).getIdentifier() == parent) {
            return "made";
          }
          tree = parent;
          parent = above;
        }
      }
      if (parent instanceof MethodInvocationTree && ((MethodInvocationTree) parent).getMethodSelect() == tree) {
        return "call";
      }
      if (parent instanceof NewClassTree && ((NewClassTree) parent).getIdentifier() == tree) {
        return "made";
      }
      if (parent instanceof ClassTree) {
        ClassTree owner = (ClassTree) parent;
        if (owner.getSimpleName().length() > 0 && owner.getExtendsClause() == tree || owner.getSimpleName().length() > 0 && owner.getImplementsClause().contains(tree)) {
          return "inherit";
        }
      }
      return "read";
    }

    @Override
    public Void visitIdentifier(IdentifierTree tree, Void nothing) {
      Element element = trees.getElement(getCurrentPath());
      String kind = kind(tree, element);
      if (!kind.equals("made") && trees.getSourcePositions().getEndPosition(unit, tree) > 0) {
        use(((JCTree) tree).getStartPosition(), tree.getName().toString(), kind, element);
      }
      return super.visitIdentifier(tree, nothing);
    }

    @Override
    public Void visitMemberSelect(MemberSelectTree tree, Void nothing) {
      Element element = trees.getElement(getCurrentPath());
      String kind = kind(tree, element);
      String name = tree.getIdentifier().toString();
      if (!kind.equals("made")) {
        use(end(tree, name), name, kind, element);
      }
      return super.visitMemberSelect(tree, nothing);
    }

    @Override
    public Void visitMemberReference(MemberReferenceTree tree, Void nothing) {
      String name = tree.getName().toString();
      if (!name.equals("<init>")) {
        use(end(tree, name), name, "read", trees.getElement(getCurrentPath()));
      }
      return super.visitMemberReference(tree, nothing);
    }

    @Override
    public Void visitNewClass(NewClassTree tree, Void nothing) {
      Tree named = tree.getIdentifier();
      if (named instanceof ParameterizedTypeTree) {
        named = ((ParameterizedTypeTree) named).getType();
      }
      if (named instanceof AnnotatedTypeTree) {
        named = ((AnnotatedTypeTree) named).getUnderlyingType();
      }
      Element made = trees.getElement(new TreePath(getCurrentPath(), named));
      String name = named instanceof MemberSelectTree
          ? ((MemberSelectTree) named).getIdentifier().toString() : named.toString();
      use(end(named, name), name, "call", made);
      return super.visitNewClass(tree, nothing);
    }

    @Override
    public Void visitClass(ClassTree tree, Void nothing) {
      define(tree, tree.getSimpleName().toString());
      return super.visitClass(tree, nothing);
    }

    @Override
    public Void visitMethod(MethodTree tree, Void nothing) {
      boolean isMade = tree.getName().contentEquals("<init>");
      boolean isWritten = trees.getSourcePositions().getEndPosition(unit, tree) > 0;
      if (isWritten && !isMade) {
        define(tree, tree.getName().toString());
        overridden(tree);
      }
      return super.visitMethod(tree, nothing);
    }

    private void overridden(MethodTree tree) {
      if (!(trees.getElement(getCurrentPath()) instanceof ExecutableElement method)
          || !(method.getEnclosingElement() instanceof TypeElement owner) || owner.getSimpleName().length() == 0) {
        return;
      }
      var symbol = (Symbol.MethodSymbol) method;
      for (var type : types.closure(((Symbol.ClassSymbol) owner).type)) {
        if (type.tsym == owner) {
          continue;
        }
        for (var member : type.tsym.members().getSymbolsByName(symbol.name)) {
          if (member instanceof Symbol.MethodSymbol base
              && symbol.overrides(base, (Symbol.TypeSymbol) owner, types, true)) {
            use(nameAt(unit, tree, tree.getName().toString()), tree.getName().toString(), "override", base);
            return;  // the nearest
          }
        }
      }
    }

    private void define(Tree tree, String name) {
      int at = name.isEmpty() ? -1 : nameAt(unit, tree, name);
      if (at >= 0) {
        tell(unit, at, name, "define", "", -1);
      }
    }

    @Override
    public Void visitImport(ImportTree tree, Void nothing) {
      MemberSelectTree named = (MemberSelectTree) tree.getQualifiedIdentifier();
      String name = named.getIdentifier().toString();
      int at = ((JCTree) tree).getStartPosition();
      TreePath path = new TreePath(getCurrentPath(), named);
      if (name.equals("*") && !tree.isStatic()) {
        for (CompilationUnitTree other : packages.getOrDefault(named.getExpression().toString(), List.of())) {
          tell(unit, at, name, "import", path(other), -1);
        }
        name = named.getExpression().toString();
        path = new TreePath(path, named.getExpression());
      }
      List<Element> meant = new ArrayList<>();
      if (tree.isStatic()) {
        Element owner = trees.getElement(new TreePath(path, named.getExpression()));
        if (owner != null && name.equals("*")) {
          meant.add(owner);
        } else if (owner instanceof TypeElement) {
          for (Element member : owner.getEnclosedElements()) {
            if (member.getSimpleName().contentEquals(name) && member.getKind() != ElementKind.FIELD) {
              meant.add(member);
            }
          }
        }
      } else if (trees.getElement(path) != null) {
        meant.add(trees.getElement(path));
      }
      for (Element element : meant) {
        use(at, name, "import", element);
        TreePath there = trees.getPath(element);
        if (there != null && texts.containsKey(there.getCompilationUnit())) {
          tell(unit, at, name, "import", path(there.getCompilationUnit()), -1);
        }
      }
      return null;
    }
  }
}
