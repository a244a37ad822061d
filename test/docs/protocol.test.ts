import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { headings, readText, tableUnder } from './markdown.ts';
import { parse, sourceFiles, walk } from './source.ts';

const protocol = readText('docs/protocol.md');
const wire = sourceFiles().filter((path) => path.startsWith('src/wire/'));

function nodesOf(paths: readonly string[]): readonly ts.Node[] {
  return paths.flatMap((path) => [...walk(parse(path))]);
}

/** The elements of an array, or the keys of a record, that `src/wire` declares. */
function namesIn(declared: string): readonly string[] {
  const declaration = nodesOf(wire)
    .filter(ts.isVariableDeclaration)
    .find(({ name }) => name.getText() === declared);
  if (!declaration) throw new Error(`src/wire declares no ${declared}.`);
  for (const node of walk(declaration)) {
    if (ts.isArrayLiteralExpression(node))
      return node.elements.filter(ts.isStringLiteral).map(({ text }) => text);
    if (ts.isObjectLiteralExpression(node))
      return node.properties.map(
        ({ name }) => (name && ts.isStringLiteral(name) ? name.text : name?.getText()) ?? '',
      );
  }
  return [];
}

/** The frames that the kernel and the relay add, by name, each with its fields. */
function frames(): Readonly<Record<string, readonly string[]>> {
  const fieldsByName: Record<string, readonly string[]> = {};
  for (const declared of nodesOf(wire).filter(ts.isInterfaceDeclaration)) {
    const kind = declared.members.find((member) => member.name?.getText() === 'maia');
    const [name] = kind ? [...walk(kind)].filter(ts.isStringLiteral) : [];
    if (!name) continue;
    // A frame may have several forms.
    const fields = new Set([...(fieldsByName[name.text] ?? []), ...fieldsOf(declared)]);
    fieldsByName[name.text] = [...fields].filter((field) => field !== 'maia');
  }
  return fieldsByName;
}

/** With those of the interfaces that it extends. */
function fieldsOf({ members, heritageClauses }: ts.InterfaceDeclaration): readonly string[] {
  const inherited = (heritageClauses ?? []).flatMap(({ types }) =>
    types.map(({ expression }) => expression.getText()),
  );
  return [
    ...members.map((member) => member.name?.getText() ?? ''),
    ...nodesOf(wire)
      .filter(ts.isInterfaceDeclaration)
      .filter(({ name }) => inherited.includes(name.text))
      .flatMap(fieldsOf),
  ];
}

function codesIn(text: string): readonly string[] {
  return [...text.matchAll(/`([\w-]+)\??`/g)].map(({ 1: name = '' }) => name);
}

function firstCells(rows: readonly (readonly string[])[]): readonly string[] {
  return rows.map(([cell = '']) => cell.replaceAll('`', ''));
}

describe('docs/protocol.md', () => {
  const [ours = ''] = protocol.split('\n## Sync messages');
  const frameHeadings = headings(ours, /###/).map((heading) => heading.replaceAll('`', ''));

  it('has a section for exactly the frames of src/wire', () => {
    expect([...frameHeadings].sort()).toEqual(Object.keys(frames()).sort());
  });

  it.each(Object.entries(frames()))('lists the fields of `%s`', (name, fields) => {
    expect(firstCells(tableUnder(protocol, `\`${name}\``))).toEqual(fields);
  });

  it('lists the refusal codes', () => {
    expect(firstCells(tableUnder(protocol, 'Refusal codes'))).toEqual(namesIn('refusalCodes'));
  });

  it('names the limits that `hello` announces', () => {
    const [, sentence = ''] = /^`limits` may hold (.+?);/m.exec(protocol) ?? [];
    expect(codesIn(sentence)).toEqual(namesIn('limitNames'));
  });

  it('lists the sync messages', () => {
    expect([...firstCells(tableUnder(protocol, 'Sync messages'))].sort()).toEqual(
      [...namesIn('shapeByAction')].sort(),
    );
  });

  it('lists the close codes that the relay sends', () => {
    const sent = nodesOf(sourceFiles().filter((path) => path.startsWith('src/relay/')))
      .filter(ts.isNumericLiteral)
      .map((literal) => literal.getText())
      // Durations have an underscore: 1_000.
      .filter((text) => /^10[01]\d$/.test(text));
    expect(firstCells(tableUnder(protocol, 'WebSocket'))).toEqual([...new Set(sent)].sort());
  });
});
