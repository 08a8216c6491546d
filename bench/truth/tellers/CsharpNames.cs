// Tells what every name of a tree of C# means, by NRefactory: `CsharpNames.exe ROOT SYMBOLS`, compiled as csharp.py does.
// One JSON object a line, as go_types.go writes them.

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using ICSharpCode.NRefactory;
using ICSharpCode.NRefactory.CSharp;
using ICSharpCode.NRefactory.CSharp.Resolver;
using ICSharpCode.NRefactory.CSharp.TypeSystem;
using ICSharpCode.NRefactory.Editor;
using ICSharpCode.NRefactory.Semantics;
using ICSharpCode.NRefactory.TypeSystem;

public sealed class Source
{
    public readonly string Path, Text;
    public readonly SyntaxTree Tree;
    public readonly CSharpUnresolvedFile File;
    readonly IDocument lines;

    public Source(string root, string path, CompilerSettings settings)
    {
        Path = path.Substring(root.Length + 1);
        Text = System.IO.File.ReadAllText(path);  // a byte order mark is left out
        lines = new ReadOnlyDocument(Text);
        Tree = new CSharpParser(settings).Parse(Text, Path);
        File = Tree.ToTypeSystem();
    }

    public int Bytes(TextLocation at)
    {
        return Encoding.UTF8.GetByteCount(Text.Substring(0, lines.GetOffset(at)));
    }
}

public sealed class Names : DepthFirstAstVisitor
{
    static readonly TextWriter Out = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false));
    static readonly Dictionary<string, Source> Sources = new Dictionary<string, Source>();
    static readonly Dictionary<string, TextLocation> Written = new Dictionary<string, TextLocation>();

    readonly Source source;
    readonly CSharpAstResolver resolver;

    Names(Source source, ICompilation compilation)
    {
        this.source = source;
        resolver = new CSharpAstResolver(compilation, source.Tree, source.File);
    }

    public static void Main(string[] arguments)
    {
        string root = Path.GetFullPath(arguments[0]).TrimEnd('/');
        var settings = new CompilerSettings();
        foreach (string symbol in arguments[1].Split(',')) settings.ConditionalSymbols.Add(symbol);
        foreach (string path in Directory.GetFiles(root, "*.cs", SearchOption.AllDirectories).OrderBy(one => one, StringComparer.Ordinal))
        {
            var one = new Source(root, path, settings);
            Sources[one.Path] = one;
        }
        string library = Path.GetDirectoryName(typeof(object).Assembly.Location);
        var known = new[] { "mscorlib", "System", "System.Core", "System.Xml", "System.Xml.Linq", "System.Data", "System.Numerics",
            "System.ComponentModel.DataAnnotations" };
        var loader = new CecilLoader();
        IProjectContent project = new CSharpProjectContent().SetCompilerSettings(settings)
            .AddAssemblyReferences(known.Select(name => (IAssemblyReference)loader.LoadAssemblyFile(Path.Combine(library, name + ".dll"))))
            .AddOrUpdateFiles(Sources.Values.Select(one => one.File));
        ICompilation compilation = project.CreateCompilation();
        foreach (Source one in Sources.Values)
            foreach (EntityDeclaration declared in one.Tree.Descendants.OfType<EntityDeclaration>())
                Locate(one, declared);
        foreach (Source one in Sources.Values) one.Tree.AcceptVisitor(new Names(one, compilation));
        Out.Flush();
    }

    static void Locate(Source one, EntityDeclaration declared)
    {
        var several = declared as EventDeclaration;
        if (several != null)
            foreach (VariableInitializer variable in several.Variables) Written[Key(one.Path, variable.StartLocation)] = variable.NameToken.StartLocation;
        else if (!(declared is Accessor) && !declared.NameToken.IsNull)
        {
            AstNode at = declared.FirstChild;
            while (at is AttributeSection || at.NodeType == NodeType.Whitespace) at = at.NextSibling;
            Written[Key(one.Path, at.StartLocation)] = Written[Key(one.Path, declared.StartLocation)] = declared.NameToken.StartLocation;
        }
    }

    static string Key(string path, TextLocation at)
    {
        return path + ":" + at.Line + ":" + at.Column;
    }

    void Tell(TextLocation at, string name, string kind, string goal, int goalAt)
    {
        Out.WriteLine("{{\"path\":\"{0}\",\"at\":{1},\"name\":\"{2}\",\"kind\":\"{3}\",\"goal\":\"{4}\",\"goal_at\":{5}}}",
            source.Path, source.Bytes(at), name, kind, goal, goalAt);
    }

    /// Where the name of a definition stands in a region, if there is one of ours.
    void Tell(TextLocation at, string name, string kind, DomRegion region)
    {
        TextLocation written;
        if (region.FileName == null || !Sources.ContainsKey(region.FileName)) Tell(at, name, kind, "", -1);
        else if (Written.TryGetValue(Key(region.FileName, region.Begin), out written))
            Tell(at, name, kind, region.FileName, Sources[region.FileName].Bytes(written));
        else Tell(at, name, kind, "", -1);
    }

    void Use(TextLocation at, string name, string kind, IType type)
    {
        ITypeDefinition definition = type.GetDefinition();
        if (definition == null) Tell(at, name, kind, "", -1);
        else foreach (IUnresolvedTypeDefinition part in definition.Parts) Tell(at, name, kind, part.Region);
    }

    void Use(TextLocation at, string name, string kind, IMember member)
    {
        member = member.MemberDefinition;
        if (member is IField) Tell(at, name, kind, "", -1);
        else if (member.SymbolKind == SymbolKind.Constructor && !IsWritten(member)) Use(at, name, kind, member.DeclaringType);
        else Tell(at, name, kind, member.Region);
    }

    static bool IsWritten(IMember member)
    {
        return member.Region.FileName != null && Written.ContainsKey(Key(member.Region.FileName, member.Region.Begin))
            && !(member.IsSynthetic);
    }

    /// A type that is named without its namespace, by one that the file takes in: an import.
    void Taken(AstNode node, string name, IType type)
    {
        ITypeDefinition definition = type.GetDefinition();
        if (definition == null || definition.DeclaringTypeDefinition != null || definition.Namespace.Length == 0) return;
        string space = definition.Namespace;
        for (AstNode at = node; at != null; at = at.Parent)
        {
            var around = at as NamespaceDeclaration;
            if (around != null && (around.FullName == space || around.FullName.StartsWith(space + ".", StringComparison.Ordinal))) return;
        }
        foreach (UsingDeclaration taken in source.Tree.Descendants.OfType<UsingDeclaration>())
        {
            var meant = resolver.Resolve(taken.Import) as NamespaceResolveResult;
            if (meant == null || meant.NamespaceName != space) continue;
            foreach (IUnresolvedTypeDefinition part in definition.Parts)
                if (part.Region.FileName != null && Sources.ContainsKey(part.Region.FileName) && part.Region.FileName != source.Path)
                    Tell(taken.StartLocation, name, "import", part.Region.FileName, -1);
            return;
        }
    }

    static AstNode Whole(AstNode node)
    {
        while (node.Parent is ComposedType || node.Parent is ParenthesizedExpression) node = node.Parent;
        return node;
    }

    void Name(AstNode node, Identifier token, bool isBare)
    {
        if (token.IsNull || token.Name.Length == 0) return;
        TextLocation at = token.StartLocation;
        string name = token.Name, kind = "read";
        ResolveResult found = resolver.Resolve(node);
        AstNode parent = node.Parent;
        var invocation = parent as InvocationExpression;
        if (invocation != null && invocation.Target == node)
        {
            var called = resolver.Resolve(invocation) as CSharpInvocationResolveResult;
            if (called != null && called.IsDelegateInvocation) kind = "call";
            else if (called != null)
            {
                if (!called.IsError || called.OverloadResolutionErrors == OverloadResolutionErrors.None || IsSole(found)) Use(at, name, "call", called.Member);
                if (called.IsExtensionMethodInvocation && parent != null) Taken(node, name, called.Member.DeclaringType);
                return;
            }
            else return;  // nobody knows
        }
        var made = parent as ObjectCreateExpression;
        if (made != null && made.Type == node)
        {
            var result = resolver.Resolve(made) as CSharpInvocationResolveResult;
            if (found is TypeResolveResult && !found.IsError)
            {
                if (result != null) Use(at, name, "call", result.Member);
                else Use(at, name, "call", found.Type);
                if (isBare) Taken(node, name, found.Type);
            }
            return;
        }
        if (found.IsError) return;
        if (found is TypeResolveResult)
        {
            var owner = Whole(node).Parent as TypeDeclaration;
            if (owner != null && owner.BaseTypes.Contains(node)) kind = "inherit";
            Use(at, parent is ICSharpCode.NRefactory.CSharp.Attribute ? found.Type.Name : name, kind, found.Type);
            if (isBare) Taken(node, name, found.Type);
        }
        else if (found is MemberResolveResult) Use(at, name, kind, ((MemberResolveResult)found).Member);
        else if (found is MethodGroupResolveResult)
        {
            IMethod chosen = resolver.GetConversion((Expression)Whole(node)).Method;
            if (chosen != null) Use(at, name, kind, chosen);
        }
        else if (found is LocalResolveResult || found is NamespaceResolveResult) Tell(at, name, kind, "", -1);
    }

    static bool IsSole(ResolveResult found)
    {
        var group = found as MethodGroupResolveResult;
        return group != null && group.Methods.Count() == 1;
    }

    public override void VisitIdentifierExpression(IdentifierExpression node)
    {
        Name(node, node.IdentifierToken, true);
        base.VisitIdentifierExpression(node);
    }

    public override void VisitMemberReferenceExpression(MemberReferenceExpression node)
    {
        Name(node, node.MemberNameToken, false);
        base.VisitMemberReferenceExpression(node);
    }

    public override void VisitSimpleType(SimpleType node)
    {
        if (node.Identifier == "var") return;  // names no type
        if (!(node.Parent is UsingDeclaration || node.Parent is UsingAliasDeclaration || node.Parent is MemberType)) Name(node, node.IdentifierToken, true);
        else if (node.Parent is MemberType && !node.Ancestors.Any(one => one is UsingDeclaration || one is UsingAliasDeclaration)) Name(node, node.IdentifierToken, true);
        base.VisitSimpleType(node);
    }

    public override void VisitMemberType(MemberType node)
    {
        if (!node.Ancestors.Any(one => one is UsingDeclaration || one is UsingAliasDeclaration || one is NamespaceDeclaration && ((NamespaceDeclaration)one).NamespaceName == node))
            Name(node, node.MemberNameToken, false);
        base.VisitMemberType(node);
    }

    public override void VisitNamedExpression(NamedExpression node)
    {
        var found = resolver.Resolve(node) as MemberResolveResult;
        if (found != null && !found.IsError && node.Parent is ArrayInitializerExpression) Use(node.NameToken.StartLocation, node.Name, "read", found.Member);
        base.VisitNamedExpression(node);
    }

    public override void VisitConstructorInitializer(ConstructorInitializer node)
    {
        var found = resolver.Resolve(node) as CSharpInvocationResolveResult;
        bool isBase = node.ConstructorInitializerType == ConstructorInitializerType.Base;
        TextLocation at = node.GetChildByRole(isBase ? ConstructorInitializer.BaseKeywordRole : ConstructorInitializer.ThisKeywordRole).StartLocation;
        if (found != null) Use(at, isBase ? "base" : "this", "call", found.Member);
        base.VisitConstructorInitializer(node);
    }

    public override void VisitUsingAliasDeclaration(UsingAliasDeclaration node)
    {
        var found = resolver.Resolve(node.Import) as TypeResolveResult;
        if (found == null || found.IsError) return;
        string name = found.Type.Name;
        Use(node.StartLocation, name, "import", found.Type);
        ITypeDefinition definition = found.Type.GetDefinition();
        foreach (IUnresolvedTypeDefinition part in definition == null ? new IUnresolvedTypeDefinition[0] : definition.Parts)
            if (part.Region.FileName != null && Sources.ContainsKey(part.Region.FileName))
                Tell(node.StartLocation, name, "import", part.Region.FileName, -1);
    }

    protected override void VisitChildren(AstNode node)
    {
        var declared = node as EntityDeclaration;
        if (declared != null && !(declared is Accessor) && !(declared is FieldDeclaration) && !(declared is EnumMemberDeclaration)) Define(declared);
        base.VisitChildren(node);
    }

    void Define(EntityDeclaration declared)
    {
        var several = declared as EventDeclaration;
        if (several != null)
        {
            foreach (VariableInitializer variable in several.Variables) Tell(variable.NameToken.StartLocation, variable.Name, "define", "", -1);
            return;
        }
        if (declared.NameToken.IsNull || declared is ConstructorDeclaration || declared is DestructorDeclaration) return;
        TextLocation at = declared.NameToken.StartLocation;
        Tell(at, declared.Name, "define", "", -1);
        var found = resolver.Resolve(declared) as MemberResolveResult;
        if (found == null) return;
        IMember base_ = found.Member.IsOverride ? InheritanceHelper.GetBaseMember(found.Member) : found.Member.ImplementedInterfaceMembers.FirstOrDefault();
        if (base_ != null) Use(at, declared.Name, "override", base_);
    }
}
