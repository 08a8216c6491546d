// Tells what every name of a tree of Kotlin means, by the compiler itself: a plug-in that kotlin.py compiles and hands to it.
// One JSON object a line, as go_types.go writes them.

@file:OptIn(ExperimentalCompilerApi::class, SymbolInternals::class, DirectDeclarationsAccess::class)

package teller

import java.io.File
import org.jetbrains.kotlin.*
import org.jetbrains.kotlin.compiler.plugin.*
import org.jetbrains.kotlin.config.CompilerConfiguration
import org.jetbrains.kotlin.diagnostics.DiagnosticReporter
import org.jetbrains.kotlin.fir.*
import org.jetbrains.kotlin.fir.analysis.checkers.MppCheckerKind
import org.jetbrains.kotlin.fir.analysis.checkers.context.CheckerContext
import org.jetbrains.kotlin.fir.analysis.checkers.declaration.*
import org.jetbrains.kotlin.fir.analysis.checkers.*
import org.jetbrains.kotlin.fir.analysis.extensions.FirAdditionalCheckersExtension
import org.jetbrains.kotlin.fir.declarations.*
import org.jetbrains.kotlin.fir.expressions.*
import org.jetbrains.kotlin.fir.extensions.*
import org.jetbrains.kotlin.fir.references.*
import org.jetbrains.kotlin.fir.declarations.utils.isOverride
import org.jetbrains.kotlin.fir.resolve.providers.*
import org.jetbrains.kotlin.fir.resolve.toSymbol
import org.jetbrains.kotlin.fir.symbols.*
import org.jetbrains.kotlin.fir.symbols.impl.*
import org.jetbrains.kotlin.fir.types.*
import org.jetbrains.kotlin.fir.visitors.FirDefaultVisitorVoid
import org.jetbrains.kotlin.name.*

class Teller : CompilerPluginRegistrar() {
    override val pluginId = "teller"
    override val supportsK2 = true

    override fun ExtensionStorage.registerExtensions(configuration: CompilerConfiguration) {
        FirExtensionRegistrarAdapter.registerExtension(Registrar())
    }
}

class Registrar : FirExtensionRegistrar() {
    override fun ExtensionRegistrarContext.configurePlugin() {
        +::Checkers
    }
}

class Checkers(session: FirSession) : FirAdditionalCheckersExtension(session) {
    override val declarationCheckers = object : DeclarationCheckers() {
        override val fileCheckers: Set<FirFileChecker> = setOf(Files)
    }
}

val root = File(System.getProperty("teller.root")).canonicalFile
val out = File(System.getProperty("teller.out")).bufferedWriter()
val texts = HashMap<String, String>()

fun text(path: String): String = texts.getOrPut(path) { File(path).readText().replace("\r\n", "\n") }

object Files : FirFileChecker(MppCheckerKind.Common) {
    context(context: CheckerContext, reporter: DiagnosticReporter)
    override fun check(declaration: FirFile) {
        declaration.accept(Names(declaration, context))
        synchronized(out) { out.flush() }
    }
}

class Names(private val file: FirFile, private val context: CheckerContext) : FirDefaultVisitorVoid() {
    private val session = context.session
    private val path = file.sourceFile!!.path!!
    private val explicit = file.imports.mapNotNull { if (it.isAllUnder) null else (it.aliasName ?: it.importedFqName?.shortName())?.asString() }.toSet()

    private fun bytes(path: String, at: Int) = text(path).substring(0, at).toByteArray().size

    private fun tell(at: Int, name: String, kind: String, goal: Pair<String, Int>?) {
        val written = text(path)
        if (kind != "import" && !written.startsWith(name, at) && !written.startsWith("`$name", at)) return
        val place = if (written.startsWith("`", at)) at + 1 else at
        val where = goal?.let { File(it.first).canonicalFile.relativeTo(root).path } ?: ""
        val inside = if (goal == null || goal.second < 0) -1 else bytes(goal.first, goal.second)
        synchronized(out) {
            out.write("{\"path\":\"${File(path).canonicalFile.relativeTo(root).path}\",\"at\":${bytes(path, place)},")
            out.write("\"name\":\"$name\",\"kind\":\"$kind\",\"goal\":\"$where\",\"goal_at\":$inside}\n")
        }
    }

    /** Where the name of a definition stands: its file and place, null for none of ours. */
    private fun goal(symbol: FirBasedSymbol<*>): Pair<String, Int>? {
        val source = symbol.source ?: return null
        if (source.kind !is KtRealSourceElementKind && source.kind !is KtFakeSourceElementKind) return null
        val of = when (symbol) {
            is FirClassLikeSymbol<*> -> session.firProvider.getFirClassifierContainerFileIfAny(symbol)
            is FirCallableSymbol<*> -> session.firProvider.getFirCallableContainerFile(symbol)
            else -> null
        }
        val path = of?.sourceFile?.path ?: return null
        val name = name(symbol) ?: return null
        val said = text(path)
        var from = source.startOffset
        val word = if (symbol is FirClassLikeSymbol<*>) "\\b(?:class|interface|object|typealias)\\s+" else "\\b(?:fun|val|var)\\b[^={]*?"
        val isParameter = source.kind is KtFakeSourceElementKind.PropertyFromParameter
        val pattern = if (symbol is FirConstructorSymbol) "\\b(constructor)\\b" else
            (if (isParameter) "" else word) + "(?<![\\w<])`?(" + Regex.escape(name) + ")\\b"
        val found = Regex(pattern).find(said, from) ?: return null
        if (found.range.first > source.endOffset) return null
        return path to (found.groups[1]?.range?.first ?: found.range.first)
    }

    private fun name(symbol: FirBasedSymbol<*>): String? = when (symbol) {
        is FirClassLikeSymbol<*> -> symbol.classId.shortClassName.asString()
        is FirConstructorSymbol -> "constructor"
        is FirCallableSymbol<*> -> symbol.name.asString()
        else -> null
    }

    private fun use(at: Int, name: String, kind: String, symbol: FirBasedSymbol<*>) {
        var meant: FirBasedSymbol<*> = symbol
        if (meant is FirCallableSymbol<*>) meant = meant.unwrapFakeOverrides()
        if (meant is FirConstructorSymbol) {
            val isPrimary = meant.isPrimary || meant.source?.kind !is KtRealSourceElementKind
            if (isPrimary) meant = meant.containingClassLookupTag()?.toSymbol(session) ?: return
        }
        val isOurs = meant is FirClassLikeSymbol<*> || meant is FirCallableSymbol<*> && (meant !is FirPropertySymbol || !meant.isLocal)
            && meant !is FirValueParameterSymbol && meant !is FirEnumEntrySymbol
        tell(at, name, kind, if (isOurs) goal(meant) else null)
        if (isOurs && kind != "import") taken(name, meant)
    }

    /** A name that the file takes in with all of its package: an import of the file where that is. */
    private fun taken(name: String, symbol: FirBasedSymbol<*>) {
        val space = when (symbol) {
            is FirClassLikeSymbol<*> -> symbol.classId.packageFqName.takeIf { symbol.classId.outerClassId == null }
            is FirCallableSymbol<*> -> symbol.callableId?.let { if (it.className == null) it.packageName else null }
            else -> null
        }
        if (space == null || space == file.packageFqName || name in explicit) return
        val star = file.imports.firstOrNull { it.isAllUnder && it.importedFqName == space } ?: return
        file(star.source?.startOffset ?: return, name, symbol)
    }

    override fun visitElement(element: FirElement) {
        element.acceptChildren(this)
    }

    override fun visitFunctionCall(functionCall: FirFunctionCall) {
        val callee = functionCall.calleeReference
        if (functionCall.origin == FirFunctionCallOrigin.Regular && functionCall !is FirImplicitInvokeCall) reference(callee, "call")
        functionCall.acceptChildren(this)
    }

    override fun visitImplicitInvokeCall(implicitInvokeCall: FirImplicitInvokeCall) = implicitInvokeCall.acceptChildren(this)

    override fun visitPropertyAccessExpression(propertyAccessExpression: FirPropertyAccessExpression) {
        reference(propertyAccessExpression.calleeReference, "read")
        propertyAccessExpression.acceptChildren(this)
    }

    override fun visitVariableAssignment(variableAssignment: FirVariableAssignment) = variableAssignment.acceptChildren(this)

    override fun visitCallableReferenceAccess(callableReferenceAccess: FirCallableReferenceAccess) {
        reference(callableReferenceAccess.calleeReference, "read")
        callableReferenceAccess.acceptChildren(this)
    }

    override fun visitDelegatedConstructorCall(delegatedConstructorCall: FirDelegatedConstructorCall) {
        val source = delegatedConstructorCall.calleeReference.source
        val symbol = delegatedConstructorCall.calleeReference.toResolvedConstructorSymbol()
        if (source != null && symbol != null) {
            for (word in listOf("super", "this")) if (text(path).startsWith(word, source.startOffset)) use(source.startOffset, word, "call", symbol)
        }
        delegatedConstructorCall.argumentList.acceptChildren(this)
    }

    private fun reference(reference: FirReference, kind: String) {
        val source = reference.source ?: return
        val named = reference as? FirResolvedNamedReference ?: return
        if (named is FirResolvedErrorReference) return
        val symbol = named.resolvedSymbol
        val name = if (symbol is FirConstructorSymbol) text(path).substring(source.startOffset).trimStart('`').takeWhile { it.isLetterOrDigit() || it == '_' } else named.name.asString()
        use(source.startOffset, name, kind, symbol)
    }

    override fun visitResolvedQualifier(resolvedQualifier: FirResolvedQualifier) {
        val source = resolvedQualifier.source
        var id = resolvedQualifier.classId
        if (source != null && source.kind is KtRealSourceElementKind && id != null) {
            var end = source.endOffset
            val said = text(path).substring(source.startOffset, source.endOffset)
            for (part in said.replace("`", "").split(".").reversed()) {
                val name = part.substringBefore("<").trim()
                val symbol = id?.let { session.symbolProvider.getClassLikeSymbolByClassId(it) } ?: break
                val at = text(path).lastIndexOf(name, end - 1)
                if (at < source.startOffset) break
                use(at, name, "read", symbol)
                end = at
                id = id.outerClassId
            }
        }
        resolvedQualifier.acceptChildren(this)
    }

    override fun visitResolvedTypeRef(resolvedTypeRef: FirResolvedTypeRef) {
        resolvedTypeRef.annotations.forEach { it.accept(this) }
        typed(resolvedTypeRef.delegatedTypeRef ?: return, resolvedTypeRef.coneType, "read")
    }

    private fun typed(ref: FirTypeRef, cone: ConeKotlinType, kind: String) {
        if (ref is FirResolvedTypeRef) return typed(ref.delegatedTypeRef ?: return, ref.coneType, kind)
        val type = (cone.abbreviatedType ?: cone).lowerBoundIfFlexible()
        if (ref is FirFunctionTypeRef) {
            val refs = listOfNotNull(ref.receiverTypeRef) + ref.parameters.map { it.returnTypeRef } + ref.returnTypeRef
            refs.zip(cone.typeArguments.toList()).forEach { (inner, given) -> given.type?.let { typed(inner, it, "read") } }
            return
        }
        val parts = (ref as? FirUserTypeRef)?.qualifier ?: return
        var id = (type as? ConeClassLikeType)?.lookupTag?.classId
        for ((index, part) in parts.withIndex().reversed()) {
            val source = part.source ?: break
            val at = Regex("`?" + Regex.escape(part.name.asString()) + "\\b").find(text(path), source.startOffset)?.range?.first ?: break
            val symbol = id?.let { session.symbolProvider.getClassLikeSymbolByClassId(it) }
            if (symbol != null) use(at, part.name.asString(), if (index == parts.lastIndex) kind else "read", symbol)
            else if (type is ConeTypeParameterType) tell(at, part.name.asString(), "read", null)
            id = id?.outerClassId
            val given = part.typeArgumentList.typeArguments.map { (it as? FirTypeProjectionWithVariance)?.typeRef }
            if (index == parts.lastIndex) given.zip(type.typeArguments.toList()).forEach { (inner, one) ->
                if (inner != null) one.type?.let { typed(inner, it, "read") }
            }
        }
    }

    override fun visitRegularClass(regularClass: FirRegularClass) {
        define(regularClass.symbol)
        regularClass.superTypeRefs.forEach { ref ->
            if (ref is FirResolvedTypeRef && ref.source?.kind is KtRealSourceElementKind) ref.delegatedTypeRef?.let { typed(it, ref.coneType, "inherit") }
        }
        regularClass.annotations.forEach { it.accept(this) }
        regularClass.typeParameters.forEach { it.accept(this) }
        regularClass.declarations.forEach { it.accept(this) }
    }

    override fun visitTypeAlias(typeAlias: FirTypeAlias) {
        define(typeAlias.symbol)
        typeAlias.acceptChildren(this)
    }

    override fun visitNamedFunction(namedFunction: FirNamedFunction) {
        if (namedFunction.source?.kind is KtRealSourceElementKind) overridden(namedFunction.symbol)
        namedFunction.acceptChildren(this)
    }

    override fun visitProperty(property: FirProperty) {
        val kind = property.source?.kind
        if (!property.isLocal && (kind is KtRealSourceElementKind || kind is KtFakeSourceElementKind.PropertyFromParameter)) overridden(property.symbol)
        property.acceptChildren(this)
    }

    private fun overridden(symbol: FirCallableSymbol<*>) {
        val at = define(symbol) ?: return
        if (!symbol.isOverride) return
        val base = with(context) { symbol.directOverriddenSymbolsSafe() }.firstOrNull() ?: return
        use(at, symbol.name.asString(), "override", base)
    }

    private fun define(symbol: FirBasedSymbol<*>): Int? {
        val found = goal(symbol) ?: return null
        tell(found.second, name(symbol)!!, "define", null)
        return found.second
    }

    override fun visitResolvedImport(resolvedImport: FirResolvedImport) = imported(resolvedImport)

    override fun visitImport(import: FirImport) {
        if (import is FirResolvedImport) imported(import)
    }

    private fun imported(one: FirResolvedImport) {
        val at = one.source?.startOffset ?: return
        val owner = one.resolvedParentClassId
        val name = one.importedName
        if (name == null) return  // what is used of it is told where it is used
        val meant = ArrayList<FirBasedSymbol<*>>()
        val provider = session.symbolProvider
        if (owner == null) {
            provider.getClassLikeSymbolByClassId(ClassId(one.packageFqName, name))?.let { meant += it }
            meant += provider.getTopLevelCallableSymbols(one.packageFqName, name)
        } else {
            provider.getClassLikeSymbolByClassId(owner.createNestedClassId(name))?.let { meant += it }
            val holder = provider.getClassLikeSymbolByClassId(owner) as? FirRegularClassSymbol
            holder?.fir?.declarations?.mapNotNull { it.symbol as? FirCallableSymbol<*> }?.filter { it.name == name && it !is FirEnumEntrySymbol }?.let { meant += it }
            if (meant.isEmpty() && holder != null) file(at, name.asString(), holder)
        }
        for (symbol in meant) {
            if (goal(symbol) == null) continue
            tell(at, name.asString(), "import", goal(symbol))
            file(at, name.asString(), symbol)
        }
    }

    private fun file(at: Int, name: String, symbol: FirBasedSymbol<*>) {
        val goal = goal(symbol) ?: return
        tell(at, name, "import", goal.first to -1)
    }
}
