import { join } from 'node:path';
import ts from 'typescript';
import { codeBlocks, readText, root } from './markdown.ts';

const config = join(root, 'tsconfig.json');

/**
 * Compiles each `ts` block of the documents as a module of this project. Returns the errors, each with its document and
 * line.
 */
export function compileBlocks(documents: readonly string[]): readonly string[] {
  const blocks = documents.flatMap((document) =>
    codeBlocks(readText(document), 'ts').map(({ line, code }, index) => {
      const path = join(root, `${document}.${index}.ts`);
      return { document, line, path, code };
    }),
  );
  const codeByPath = new Map(blocks.map(({ path, code }) => [path, code]));
  const { config: json } = ts.readConfigFile(config, ts.sys.readFile) as { readonly config: unknown };
  const options: ts.CompilerOptions = {
    ...ts.parseJsonConfigFileContent(json, ts.sys, root).options,
    moduleDetection: ts.ModuleDetectionKind.Force, // Bundlers treat every file as a module, even without an import.
    exactOptionalPropertyTypes: false, // The types of jazz-tools do not work with it.
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => codeByPath.has(path) || fileExists(path);
  host.readFile = (path) => codeByPath.get(path) ?? readFile(path);
  host.getSourceFile = (path, language, ...rest) => {
    const code = codeByPath.get(path);
    return code === undefined
      ? getSourceFile(path, language, ...rest)
      : ts.createSourceFile(path, code, language);
  };
  const program = ts.createProgram([...codeByPath.keys()], options, host);
  return blocks.flatMap(({ document, line, path }) => {
    const file = program.getSourceFile(path);
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
      ({ start = 0, messageText }) => {
        const inBlock = file?.getLineAndCharacterOfPosition(start).line ?? 0;
        return `${document}:${line + inBlock} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
      },
    );
  });
}
