import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApp } from '../../src/init/create-app.ts';
import { readText, root } from './markdown.ts';

let folder: string;
beforeAll(() => {
  // Below node_modules, to resolve the packages of this repository.
  folder = mkdtempSync(join(root, 'node_modules/.starters-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

// Each app has a compiler of its own for Svelte and Vue: the long test of the starters builds all of them.
it('the starters in TypeScript and React agree with the types of this package', () => {
  const apps = (['vanilla', 'react'] as const).map((template) =>
    createApp({ folder: template, template, kernel: 'npm:x', cwd: folder, packageFolder: root }),
  );
  const sources = apps.map((app) => join(app, 'src'));
  const files = sources.flatMap((source) =>
    readdirSync(source)
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => join(source, name)),
  );
  const { config: own } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile) as {
    readonly config: { readonly compilerOptions: { readonly paths: Record<string, string[]> } };
  };
  const { config } = ts.readConfigFile(join(folder, 'react/tsconfig.json'), ts.sys.readFile) as {
    readonly config: { readonly compilerOptions: object };
  };
  // The package's sources need the types of Node; its published types do not.
  const compilerOptions = {
    ...config.compilerOptions,
    types: ['vite/client', 'node'],
    paths: own.compilerOptions.paths,
  };
  const { options } = ts.parseJsonConfigFileContent({ compilerOptions }, ts.sys, root);
  const program = ts.createProgram(files, options);
  const errors = files.flatMap((file) => {
    const source = program.getSourceFile(file);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText }) =>
        `${file.slice(folder.length + 1)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    );
  });
  expect(files).toHaveLength(7);
  expect(errors).toEqual([]);
});

it('AGENTS.md, which each app gets, is at most 4 kB', () => {
  expect(Buffer.byteLength(readText('AGENTS.md'))).toBeLessThanOrEqual(4_000);
});
