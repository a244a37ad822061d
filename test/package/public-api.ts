import { join } from 'node:path';
import ts from 'typescript';

/** Every export of an entry with its types, one declaration after the other, sorted by name. */
export interface EntryApi {
  readonly entry: string;
  readonly text: string;
}

/**
 * Describes what each entry of the package at `root` exports. Types that no entry exports are written out member by
 * member, so their names and files do not matter; types of other packages appear by name.
 */
export function describePublicApi(root: string): readonly EntryApi[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile) as {
    readonly config: { readonly compilerOptions: { readonly paths: Readonly<Record<string, string[]>> } };
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const entries = Object.entries(config.compilerOptions.paths).map(([entry, [path = '']]) => ({
    entry,
    file: join(root, path),
  }));
  const program = ts.createProgram(
    entries.map(({ file }) => file),
    options,
  );
  const checker = program.getTypeChecker();
  const exportsByEntry = new Map(entries.map(({ entry, file }) => [entry, exportsOf(program, file)]));
  const publicSymbols = new Set([...exportsByEntry.values()].flat().map(({ symbol }) => symbol));
  return [...exportsByEntry].map(([entry, exports]) => {
    const writer = createTypeWriter(checker, (symbol) => publicSymbols.has(symbol));
    const declarations = exports.map(({ name, symbol }) => writer.declarationOf(name, symbol));
    return { entry, text: `${declarations.join('\n\n')}\n` };
  });
}

interface Export {
  readonly name: string;
  readonly symbol: ts.Symbol;
}

function exportsOf(program: ts.Program, file: string): readonly Export[] {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const module = source && checker.getSymbolAtLocation(source);
  if (!module) throw new Error(`${file} is not a module.`);
  return checker
    .getExportsOfModule(module)
    .map((symbol) => ({
      name: symbol.name,
      symbol: symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Writes types as text that depends only on what they allow. */
function createTypeWriter(checker: ts.TypeChecker, isPublic: (symbol: ts.Symbol) => boolean) {
  /** Where each object type is written out. Later uses refer to that place. */
  const pathByType = new Map<ts.Type, string>();
  let path: readonly string[] = [];

  function declarationOf(name: string, symbol: ts.Symbol): string {
    path = [name];
    if (isForeign(symbol)) return `${name} of ${packageOf(symbol)}`;
    if (symbol.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias)) {
      const type = checker.getDeclaredTypeOfSymbol(symbol);
      return `type ${name}${typeParameters(symbol)} = ${write(type, { isExpanded: true })}`;
    }
    if (symbol.flags & ts.SymbolFlags.Module && !(symbol.flags & ts.SymbolFlags.Function)) {
      const names = checker.getExportsOfModule(symbol).map((member) => member.name);
      return `namespace ${name} { ${names.toSorted().join(', ')} }`;
    }
    const type = checker.getTypeOfSymbol(symbol);
    if (symbol.flags & ts.SymbolFlags.Function) {
      return type
        .getCallSignatures()
        .map((signature) => `function ${name}${signatureOf(signature, ': ')}`)
        .join('\n');
    }
    return `const ${name}: ${write(type)}`;
  }

  function write(type: ts.Type, { isExpanded = false, depth = 0 } = {}): string {
    const named = isExpanded ? undefined : nameOf(type, depth);
    if (named !== undefined) return named;
    if (type.isUnion()) return writeUnion(type, depth);
    if (type.isIntersection()) return type.types.map((part) => write(part, { depth })).join(' & ');
    if (type.flags & ts.TypeFlags.Object) return writeObject(type, depth);
    return checker.typeToString(type, undefined, ts.TypeFormatFlags.NoTruncation);
  }

  function nameOf(type: ts.Type, depth: number): string | undefined {
    const { aliasSymbol, aliasTypeArguments } = type;
    if (aliasSymbol && isPublic(aliasSymbol))
      return withArguments(aliasSymbol.name, aliasTypeArguments, depth);
    if (!(type.flags & ts.TypeFlags.Object)) return undefined;
    const typeArguments = checker.getTypeArguments(type as ts.TypeReference);
    if (checker.isArrayType(type)) {
      const [element = type] = typeArguments;
      return `${type.symbol.name === 'ReadonlyArray' ? 'readonly ' : ''}${inBrackets(write(element, { depth }))}[]`;
    }
    if (checker.isTupleType(type))
      return `[${typeArguments.map((part) => write(part, { depth })).join(', ')}]`;
    const symbol = type.getSymbol();
    if (!symbol || isAnonymous(symbol)) return undefined;
    return isPublic(symbol) || isForeign(symbol)
      ? withArguments(symbol.name, typeArguments, depth)
      : undefined;
  }

  function withArguments(name: string, types: readonly ts.Type[] = [], depth: number): string {
    return types.length === 0 ? name : `${name}<${types.map((type) => write(type, { depth })).join(', ')}>`;
  }

  function writeUnion({ types }: ts.UnionType, depth: number): string {
    const isBoolean = types.filter(({ flags }) => flags & ts.TypeFlags.BooleanLiteral).length === 2;
    const parts = types
      .filter(({ flags }) => !(isBoolean && flags & ts.TypeFlags.BooleanLiteral))
      .map((type) => ({ type, tag: tagOf(type) }))
      .toSorted((a, b) => (a.tag < b.tag ? -1 : 1))
      .map(({ type, tag }) => at(`(${tag})`, () => write(type, { depth })));
    return [...new Set(isBoolean ? [...parts, 'boolean'] : parts)]
      .toSorted()
      .map((part) => (part.includes('=>') && !part.endsWith('}') ? `(${part})` : part))
      .join(' | ');
  }

  /** Distinguishes the members of a union by their literals, such as `kind`, or by their property names. */
  function tagOf(type: ts.Type): string {
    if (!(type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection))) return '';
    const properties = checker.getPropertiesOfType(type);
    const literals = properties
      .map((property) => checker.getTypeOfSymbol(property))
      .filter((of) => of.isStringLiteral())
      .map(({ value }) => value);
    return (literals.length > 0 ? literals : properties.map(({ name }) => name)).toSorted().join(',');
  }

  /** Writes with the path extended by one step. */
  function at(step: string, writeThere: () => string): string {
    const outer = path;
    path = [...outer, step];
    const written = writeThere();
    path = outer;
    return written;
  }

  function writeObject(type: ts.Type, depth: number): string {
    const properties = checker
      .getPropertiesOfType(type)
      .filter((property) => !isForeign(property))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const [signature, ...others] = type.getCallSignatures();
    if (signature && others.length === 0 && properties.length === 0)
      return signatureOf(signature, ' => ', depth);
    const written = pathByType.get(type);
    if (written !== undefined) return `typeof ${written}`;
    if (properties.length > 2) pathByType.set(type, path.join('.'));
    const indent = '  '.repeat(depth + 1);
    const members = [
      ...type.getConstructSignatures().map((one) => `new ${signatureOf(one, ': ', depth + 1)}`),
      ...type.getCallSignatures().map((one) => signatureOf(one, ': ', depth + 1)),
      ...checker
        .getIndexInfosOfType(type)
        .map(
          (info) =>
            `${info.isReadonly ? 'readonly ' : ''}[key: ${write(info.keyType)}]: ${write(info.type, { depth: depth + 1 })}`,
        ),
      ...properties.map((property) => propertyOf(property, depth + 1)),
      ...heritageOf(type),
    ];
    if (members.length === 0) return '{}';
    return `{\n${members.map((member) => `${indent}${member}\n`).join('')}${'  '.repeat(depth)}}`;
  }

  function propertyOf(property: ts.Symbol, depth: number): string {
    const isReadonly =
      isReadonlyByMapping(property) ||
      property.declarations?.some((at) => ts.getCombinedModifierFlags(at) & ts.ModifierFlags.Readonly) ||
      (property.flags & ts.SymbolFlags.GetAccessor && !(property.flags & ts.SymbolFlags.SetAccessor));
    const isOptional = (property.flags & ts.SymbolFlags.Optional) !== 0;
    const type = withoutMissing(checker.getTypeOfSymbol(property), isOptional);
    const written = at(property.name, () => write(type, { depth }));
    return `${isReadonly ? 'readonly ' : ''}${property.name}${isOptional ? '?' : ''}: ${written}`;
  }

  /** Removes the `undefined` that an optional property adds, but not one that is declared. */
  function withoutMissing(type: ts.Type, isOptional: boolean): ts.Type {
    if (!isOptional || !type.isUnion()) return type;
    const nullable = type.types.filter(
      ({ flags }) => (flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Null)) !== 0,
    );
    return nullable.length === 1 && nullable[0] !== checker.getUndefinedType()
      ? checker.getNonNullableType(type)
      : type;
  }

  function signatureOf(signature: ts.Signature, arrow: string, depth = 0): string {
    const parameters = signature.getParameters().map((parameter) => {
      const declaration = parameter.valueDeclaration;
      const isParameter = declaration !== undefined && ts.isParameter(declaration);
      const isOptional = isParameter && checker.isOptionalParameter(declaration);
      const rest = isParameter && declaration.dotDotDotToken ? '...' : '';
      const name = isParameter && !ts.isIdentifier(declaration.name) ? 'options' : parameter.name;
      const type = checker.getTypeOfSymbol(parameter);
      return `${rest}${name}${isOptional ? '?' : ''}: ${write(isOptional ? checker.getNonNullableType(type) : type, { depth })}`;
    });
    const generics = signature.getTypeParameters()?.map(typeParameterOf) ?? [];
    const predicate = checker.getTypePredicateOfSignature(signature);
    const returned = predicate
      ? checker.typePredicateToString(predicate)
      : write(signature.getReturnType(), { depth });
    return `${generics.length > 0 ? `<${generics.join(', ')}>` : ''}(${parameters.join(', ')})${arrow}${returned}`;
  }

  function typeParameters(symbol: ts.Symbol): string {
    const type = checker.getDeclaredTypeOfSymbol(symbol);
    const parameters = type.aliasTypeArguments ?? (type as ts.InterfaceType).typeParameters ?? [];
    return parameters.length > 0 ? `<${parameters.map(typeParameterOf).join(', ')}>` : '';
  }

  function typeParameterOf(parameter: ts.Type): string {
    const constraint = parameter.getConstraint();
    return constraint ? `${parameter.symbol.name} extends ${write(constraint)}` : parameter.symbol.name;
  }

  /** What an interface or class inherits from another package. */
  function heritageOf(type: ts.Type): readonly string[] {
    if (!type.isClassOrInterface()) return [];
    return (checker.getBaseTypes(type) ?? [])
      .filter(({ symbol }) => isForeign(symbol))
      .map(({ symbol }) => `...${symbol.name}`);
  }

  return { declarationOf };
}

/** In parentheses if it consists of several types. */
function inBrackets(text: string): string {
  return /[ |&]/.test(text) && !text.endsWith('}') ? `(${text})` : text;
}

/** `Readonly<…>` marks its properties in an internal field, `CheckFlags.Readonly`, that TypeScript does not declare. */
function isReadonlyByMapping(property: ts.Symbol): boolean {
  const { links } = property as { readonly links?: { readonly checkFlags?: number } };
  return ((links?.checkFlags ?? 0) & 8) !== 0;
}

function isAnonymous(symbol: ts.Symbol): boolean {
  return symbol.name.startsWith('__');
}

/** Declared by the language or another package. */
function isForeign({ declarations = [] }: ts.Symbol): boolean {
  return declarations.length > 0 && declarations.every((at) => packageAt(at) !== undefined);
}

function packageOf({ declarations = [] }: ts.Symbol): string {
  return declarations.map(packageAt).find((name) => name !== undefined) ?? 'this package';
}

function packageAt(declaration: ts.Declaration): string | undefined {
  const { fileName } = declaration.getSourceFile();
  return /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(fileName)?.[1];
}
