import { readdirSync } from 'node:fs';
import ts from 'typescript';
import { readText, root } from './markdown.ts';

/** The production files of `src`, by their paths from the repository's root. */
export function sourceFiles(): readonly string[] {
  return readdirSync(`${root}/src`, { recursive: true, encoding: 'utf8' })
    .map((path) => `src/${path.replaceAll('\\', '/')}`)
    .filter((path) => /^(?!.*\.test\.ts$)(?!src\/.*testing\/).*\.ts$/.test(path));
}

export function parse(path: string): ts.SourceFile {
  return ts.createSourceFile(path, readText(path), ts.ScriptTarget.Latest, true);
}

/** A node and all of its descendants. */
export function* walk(node: ts.Node): Generator<ts.Node> {
  yield node;
  for (const child of node.getChildren()) yield* walk(child);
}

/** The members that an interface declares itself, without inherited ones. */
export function membersOf(path: string, interfaceName: string): readonly string[] {
  for (const node of walk(parse(path))) {
    if (ts.isInterfaceDeclaration(node) && node.name.text === interfaceName) {
      return node.members.flatMap((member) => member.name?.getText() ?? []);
    }
  }
  throw new Error(`${path} declares no interface ${interfaceName}.`);
}
