import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { productionFiles, readSource } from './source-files.mjs';

const root = join(import.meta.dirname, '../..');
const replacing = ['Object.assign', 'Object.defineProperty', 'Reflect.set', 'Reflect.deleteProperty'];

/** @typedef {{ readonly file: string, readonly line: number, readonly text: string }} Patch */

/** Finds assignments to members of objects whose types cojson declares. @returns {readonly Patch[]} */
export function findPatches() {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const files = productionFiles('src')
    .filter((path) => path.endsWith('.ts'))
    .map((path) => join(root, path));
  const program = ts.createProgram(files, options);
  const checker = program.getTypeChecker();
  return files.flatMap((file) => {
    const source = program.getSourceFile(file);
    return source ? patchesIn(source, checker) : [];
  });
}

/** @param {ts.SourceFile} source @param {ts.TypeChecker} checker @returns {readonly Patch[]} */
function patchesIn(source, checker) {
  /** @type {Patch[]} */
  const patches = [];
  /** @param {ts.Node} node */
  const visit = (node) => {
    const target = targetOf(node);
    if (target && isDeclaredByCojson(checker.getTypeAtLocation(target))) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      const [text = ''] = node.getText().split('\n');
      patches.push({ file: relative(root, source.fileName), line: line + 1, text });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return patches;
}

/** The object whose member the node replaces. @param {ts.Node} node @returns {ts.Expression | undefined} */
function targetOf(node) {
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
    const { left } = node;
    return ts.isPropertyAccessExpression(left) || ts.isElementAccessExpression(left)
      ? left.expression
      : undefined;
  }
  if (ts.isDeleteExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    return node.expression.expression;
  }
  if (ts.isCallExpression(node) && replacing.includes(node.expression.getText())) return node.arguments[0];
  return undefined;
}

/** @param {ts.Type} type @returns {boolean} */
function isDeclaredByCojson(type) {
  if (type.isUnionOrIntersection()) return type.types.some(isDeclaredByCojson);
  const { declarations = [] } = type.getSymbol() ?? {};
  // Plain data, such as messages and known states, may be changed.
  return declarations.some(
    (declaration) =>
      ts.isClassDeclaration(declaration) &&
      /\/node_modules\/cojson(?:-[\w-]+)?\//.test(declaration.getSourceFile().fileName),
  );
}

/** @param {readonly Patch[]} patches */
export function patchedFolders(patches) {
  const files = [...new Set(patches.map(({ file }) => file))];
  const rooms = [...new Set(files.map((file) => dirname(file).split('/')[1] ?? ''))];
  return { files, rooms };
}

/** The places that replace a crypto provider's `createSessionMap`. @returns {readonly string[]} */
export function sessionMapWrappers() {
  return productionFiles('src').filter((path) =>
    /\.createSessionMap\s*=[^=]|\{\s*createSessionMap\s*[:,}]/.test(readSource(path)),
  );
}
