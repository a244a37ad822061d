import { dirname, relative, resolve, sep } from 'node:path';

/** @typedef {Readonly<Record<string, readonly string[]>>} Table what each room may import */
/** @typedef {{ root: string, mayImport: Table, mayImportTypes: Table }} Options */
/** @typedef {{ type: string, source?: object | null | undefined, specifiers?: readonly object[] }} Reference */

/**
 * An ESLint rule: a file imports from its own room and from what the tables open to it, and from no other.
 * A room is a folder, named from the repository's top. An entry of a table is a room, a file without its ending, a name
 * of this package with all below it, or `node:`. Third-party packages are no rooms.
 * @type {import('eslint').Rule.RuleModule}
 */
export const roomsRule = {
  meta: {
    type: 'problem',
    schema: [{ type: 'object' }],
    messages: { closed: '{{room}} may not import {{target}}: see the table of rooms in eslint.config.js.' },
  },
  create(context) {
    const { root, mayImport, mayImportTypes } = /** @type {Options} */ (context.options.at(0));
    /** @param {string} path */
    const nameFromTop = (path) => relative(root, path).split(sep).join('/');
    const file = nameFromTop(context.filename);
    const room = Object.keys(mayImport).find((name) => file.startsWith(`${name}/`));
    if (room === undefined) return {};
    const open = [room, ...(mayImport[room] ?? [])];
    const openForTypes = [...open, ...(mayImportTypes[room] ?? [])];

    /** @param {Reference} reference */
    function check(reference) {
      const source = /** @type {import('estree').Literal | null | undefined} */ (reference.source);
      if (typeof source?.value !== 'string' || isThirdParty(source.value)) return;
      const target = source.value.startsWith('.')
        ? nameFromTop(resolve(dirname(context.filename), source.value))
        : source.value;
      const entries = bringsTypesOnly(reference) ? openForTypes : open;
      if (entries.some((entry) => covers(entry, target))) return;
      context.report({ node: source, messageId: 'closed', data: { room, target } });
    }
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
    };
  },
};

/** @param {string} specifier */
function isThirdParty(specifier) {
  return !/^(?:\.|node:|@MaiaOS\/)/.test(specifier) || specifier.includes('/node_modules/');
}

/** @param {string} entry @param {string} target */
function covers(entry, target) {
  if (entry.endsWith(':')) return target.startsWith(entry);
  return target === entry || target.startsWith(`${entry}/`) || target.startsWith(`${entry}.`);
}

/** @param {Reference} reference */
function bringsTypesOnly(reference) {
  const { specifiers = [] } = reference;
  return isTypes(reference) || (specifiers.length > 0 && specifiers.every(isTypes));
}

/** @param {object} node */
function isTypes(node) {
  return (
    ('importKind' in node && node.importKind === 'type') ||
    ('exportKind' in node && node.exportKind === 'type')
  );
}
