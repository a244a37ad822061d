import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { compileBlocks } from './compile-blocks.ts';
import { codeBlocks, documents, readText, tableUnder } from './markdown.ts';
import { membersOf, parse, walk } from './source.ts';

const readme = readText('README.md');

/** Names of the values, not the types, that an entry exports. */
function exportedValues(path: string): readonly string[] {
  const names: string[] = [];
  for (const node of walk(parse(path))) {
    if (ts.isExportDeclaration(node) && !node.isTypeOnly && node.exportClause) {
      for (const part of walk(node.exportClause)) {
        if (ts.isExportSpecifier(part) && !part.isTypeOnly) names.push(part.name.text);
      }
    }
    if (
      ts.isVariableStatement(node) &&
      node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
    ) {
      names.push(...node.declarationList.declarations.map(({ name }) => name.getText()));
    }
  }
  return names.filter((name) => !/^[A-Z]/.test(name));
}

function optionsIn(heading: string): readonly string[] {
  return tableUnder(readme, heading).map(([option = '']) => option.replaceAll('`', ''));
}

describe('README.md', () => {
  it('holds code that compiles', { timeout: 120_000 }, () => {
    expect(codeBlocks(readme, 'ts').length).toBeGreaterThan(5);
    expect(compileBlocks(documents())).toEqual([]);
  });

  it.each([
    'src/index.ts',
    'src/vite/index.ts',
    'src/relay/index.ts',
    'src/inspect/index.ts',
    'src/testing/index.ts',
    'devtools/index.ts',
  ])('names all that %s exports', (entry) => {
    const names = exportedValues(entry);
    expect(names).not.toEqual([]);
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(readme))).toEqual([]);
  });

  it.each([
    ['Session options', 'src/session/session.ts', 'SessionOptions'],
    ['Sign-in options', 'src/session/session.ts', 'SignInOptions'],
    ['Sign-up options', 'src/session/session.ts', 'SignUpOptions'],
    ['Agent session options', 'src/session/agent/agent-session.ts', 'AgentSessionOptions'],
    ['Sync options', 'src/sync/sync-peers.ts', 'SyncOptions'],
    ['Plugin options', 'src/vite/maia-kernel.ts', 'MaiaKernelOptions'],
    ['Panel options', 'devtools/mount-devtools.ts', 'DevtoolsOptions'],
  ])('lists the %s as they are declared', (heading, path, interfaceName) => {
    expect(optionsIn(heading)).toEqual(membersOf(path, interfaceName));
  });

  it('lists the relay’s options, its flags and its environment', () => {
    const path = 'src/relay/relay-options.ts';
    const limits = membersOf(path, 'RelayLimits').map((limit) => `limits.${limit}`);
    const declared = membersOf(path, 'RelayOptions').flatMap((option) =>
      option === 'limits' ? limits : option,
    );
    expect([...optionsIn('Relay options')].sort()).toEqual(declared.sort());

    const settings = readText('src/relay/settings.ts');
    const variables = [...settings.matchAll(/environment\.([A-Z_]+)/g)].map(({ 1: name = '' }) => name);
    const flags = [...settings.matchAll(/^ {2}(--\w+) [A-Z]/gm)].map(({ 1: flag = '' }) => flag);
    expect(variables).toContain('PORT');
    expect(flags).toContain('--port');
    expect([...variables, ...flags].filter((name) => !readme.includes(name))).toEqual([]);
  });
});
