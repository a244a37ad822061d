import { join } from 'node:path';
import ts from 'typescript';
import { readText, root } from './markdown.ts';

/** The names that an entry exports: an interface with its members, a union of strings with its values. */
export type Names = Readonly<Record<string, readonly string[]>>;

/** The entries of the package: each import specifier with its source file. */
export function entries(): readonly { readonly entry: string; readonly path: string }[] {
  const { compilerOptions } = JSON.parse(readText('tsconfig.json')) as {
    readonly compilerOptions: { readonly paths: Readonly<Record<string, readonly string[]>> };
  };
  return Object.entries(compilerOptions.paths).map(([entry, [path = '']]) => ({ entry, path }));
}

/** The exports of modules, resolved by the compiler. `export * from` a package is listed as one name. */
export function exportedNames(paths: readonly string[]): readonly Names[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile) as {
    readonly config: unknown;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const files = paths.map((path) => join(root, path));
  const program = ts.createProgram(files, options);
  const checker = program.getTypeChecker();
  return files.map((file) => {
    const source = program.getSourceFile(file);
    const module = source && checker.getSymbolAtLocation(source);
    if (!source || !module) throw new Error(`${file} is no module.`);
    const whole = source.statements
      .filter(ts.isExportDeclaration)
      .filter(({ exportClause }) => exportClause === undefined)
      .flatMap(({ moduleSpecifier }) => (moduleSpecifier && `* of ${moduleSpecifier.getText()}`) ?? []);
    const own = checker
      .getExportsOfModule(module)
      .filter((name) => whole.length === 0 || name.declarations?.some((at) => at.getSourceFile() === source));
    return Object.fromEntries(
      [
        ...own.map((name) => [name.name, partsOf(name)] as const),
        ...whole.map((name) => [name, []] as const),
      ].toSorted(([a], [b]) => (a < b ? -1 : 1)),
    );
  });

  function partsOf(exported: ts.Symbol): readonly string[] {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    if (!(symbol.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias))) return [];
    const type = checker.getDeclaredTypeOfSymbol(symbol);
    if (type.isUnion() && type.types.every((part) => part.isStringLiteral())) {
      return type.types.map(({ value }) => `'${value}'`).toSorted();
    }
    return checker
      .getPropertiesOfType(type)
      .filter(isOurs)
      .map(({ name }) => name)
      .toSorted();
  }
}

/** Whether a member is declared here, and not inherited from the language or a package. */
function isOurs({ declarations = [] }: ts.Symbol): boolean {
  return declarations.some((at) => !at.getSourceFile().fileName.includes('/node_modules/'));
}

/** One name per line, for the snapshot. */
export function listOf(entry: string, names: Names): string {
  const lines = Object.entries(names).map(([name, parts]) =>
    parts.length > 0 ? `  ${name}: ${parts.join(', ')}` : `  ${name}`,
  );
  return [entry, ...lines].join('\n');
}
