import { join } from 'node:path';
import { root } from './packages.mjs';

/** @typedef {(id: string) => { readonly importedIds: readonly string[] } | null} ModuleInfo */

/**
 * What is fetched together: what an app imports, what speaks with relays, and what several kinds of storage share. Without
 * this, each set of modules that two parts share would be a file, and so a request, of its own. What the entries of `apart`
 * need too stays out, so that they do not load these.
 * @param {readonly string[]} apart @returns {import('rolldown').CodeSplittingOptions}
 */
export function groupChunks(apart = []) {
  /** @type {((id: string) => string | null) | undefined} */
  let nameOf;
  return {
    includeDependenciesRecursively: false,
    groups: [
      {
        debugName: 'fetched together',
        name(id, context) {
          nameOf ??= chunkNames((each) => context.getModuleInfo(each), apart);
          return nameOf(id);
        },
      },
    ],
  };
}

/** @param {ModuleInfo} infoOf @param {readonly string[]} apart @returns {(id: string) => string | null} */
function chunkNames(infoOf, apart) {
  const elsewhere = reachedFrom(infoOf, apart);
  // Each stays a file that exports what it names, and nothing of what the others need.
  const kernel = inSource('index');
  const relays = inSource('sync/relay-code', 'transport/channels');
  const engine = inSource('storage/engine/kernel-storage');
  const others = inSource('session/session-code', 'storage/indexeddb-storage');
  for (const entry of [kernel, relays, engine, others].flat()) elsewhere.add(entry);
  const [inKernel, inRelays, inEngine, inOthers] = [kernel, relays, engine, others].map((files) =>
    reachedFrom(infoOf, files),
  );
  return (id) => {
    if (elsewhere.has(id)) return null;
    if (inKernel?.has(id)) return 'kernel';
    if (inRelays?.has(id)) return 'relays';
    return inEngine?.has(id) && inOthers?.has(id) ? 'storage' : null;
  };
}

/** @param {readonly string[]} names */
function inSource(...names) {
  return names.map((name) => join(root, 'src', `${name}.ts`));
}

/** By imports that are not `import()`. @param {ModuleInfo} infoOf @param {readonly string[]} entries */
function reachedFrom(infoOf, entries) {
  const reached = new Set(entries);
  for (const id of reached) for (const imported of infoOf(id)?.importedIds ?? []) reached.add(imported);
  return reached;
}
