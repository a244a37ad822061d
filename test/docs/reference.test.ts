import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { compileBlocks } from './compile-blocks.ts';
import { codeBlocks, documents, readText, referencePages, tableUnder } from './markdown.ts';
import { membersOf, parse, walk } from './source.ts';

const reference = referencePages().map(readText).join('\n');
const options = readText('docs/reference/options.md');

/** The names of the values that an entry exports, without types. */
function exportedValues(path: string): readonly string[] {
  const names: string[] = [];
  for (const node of walk(parse(path))) {
    if (ts.isExportDeclaration(node) && !node.isTypeOnly && node.exportClause) {
      for (const part of walk(node.exportClause)) {
        if (ts.isExportSpecifier(part) && !part.isTypeOnly) names.push(part.name.text);
      }
    }
    if (
      ts.isFunctionDeclaration(node) &&
      node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
    ) {
      names.push(node.name?.text ?? '');
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
  return tableUnder(options, heading).map(([option = '']) => option.replaceAll('`', ''));
}

it('the code in every document compiles', { timeout: 120_000 }, () => {
  expect(codeBlocks(reference, 'ts').length).toBeGreaterThan(15);
  expect(compileBlocks(documents())).toEqual([]);
});

describe('docs/reference', () => {
  it.each([
    'src/index.ts',
    'src/vite/index.ts',
    'src/relay/index.ts',
    'src/inspect/index.ts',
    'src/testing/index.ts',
    'src/testing/node.ts',
    'src/react/index.ts',
    'src/vue/index.ts',
    'src/jazz/index.ts',
    'src/worker/index.ts',
    'devtools/index.ts',
  ])('mentions every value that %s exports', (entry) => {
    const names = exportedValues(entry);
    expect(names).not.toEqual([]);
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(reference))).toEqual([]);
  });

  it.each([
    ['Session options', 'src/session/session-options.ts', 'SessionOptions'],
    ['Resume options', 'src/session/session-options.ts', 'ResumeOptions'],
    ['Sign-in options', 'src/session/session-options.ts', 'SignInOptions'],
    ['Sign-up options', 'src/session/session-options.ts', 'SignUpOptions'],
    ['Agent session options', 'src/session/session-options.ts', 'AgentSessionOptions'],
    ['Sync options', 'src/sync/sync-peers.ts', 'SyncOptions'],
    ['Share options', 'src/app/app-calls.ts', 'ShareOptions'],
    ['Plugin options', 'src/vite/maia-kernel.ts', 'MaiaKernelOptions'],
    ['Panel options', 'devtools/devtools-options.ts', 'DevtoolsOptions'],
  ])('lists the %s in the order of their declaration', (heading, path, interfaceName) => {
    expect(optionsIn(heading)).toEqual(membersOf(path, interfaceName));
  });

  it('lists the options, flags and environment variables of the relay', () => {
    const path = 'src/relay/config/relay-options.ts';
    const groups: Readonly<Record<string, string>> = {
      limits: 'RelayLimits',
      auth: 'RelayAuthOptions',
      quota: 'RelayQuota',
    };
    const declared = membersOf(path, 'RelayOptions').flatMap((option) => {
      const group = groups[option];
      return group === undefined ? option : membersOf(path, group).map((member) => `${option}.${member}`);
    });
    expect([...optionsIn('Relay options')].sort()).toEqual(declared.sort());

    const settings = readText('src/relay/cli/settings.ts');
    const variables = [...settings.matchAll(/environment\.([A-Z_]+)/g)].map(({ 1: name = '' }) => name);
    const flags = [...settings.matchAll(/^ {2}(--\w+) [A-Z]/gm)].map(({ 1: flag = '' }) => flag);
    expect(variables).toContain('PORT');
    expect(flags).toContain('--port');
    expect([...variables, ...flags].filter((name) => !options.includes(name))).toEqual([]);
  });
});
