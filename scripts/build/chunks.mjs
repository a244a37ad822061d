import { join } from 'node:path';
import { root } from './packages.mjs';

/** @typedef {(id: string) => { readonly importedIds: readonly string[] } | null} ModuleInfo */

/**
 * Groups modules into chunks: what the entry imports at once, sync with relays, and what the storage engines share. Without
 * groups, each set of modules that two chunks share would become a file, and so a request. What an entry in `apart` also needs
 * is not in these groups, so that such entries do not load them: it is in a group of what the main entry imports at once, too, or
 * in none. Without that group, code that needs cojson would share files with code that the main entry imports at once.
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
  const relays = inSource('sync/setup-sync-peers', 'transport/ordinary-transports');
  const entry = inSource('index');
  const engine = inSource('storage/kernel/kernel-storage');
  const lazy = inSource('session/lazy-entry', 'storage/stock/indexeddb-storage');
  // A file that is fetched by its own name must export only its own names, so it stays ungrouped.
  const ungrouped = new Set([...apart, ...entry, ...engine, ...lazy]);
  const inOthers = reachedFrom(infoOf, apart);
  const inKernel = reachedFrom(infoOf, entry, new Set(relays));
  const [inRelays, inEngine, inLazy] = [relays, engine, lazy].map((files) => reachedFrom(infoOf, files));
  return (id) => {
    if (ungrouped.has(id)) return null;
    if (inKernel.has(id)) return inOthers.has(id) ? 'kernel-shared' : 'kernel';
    if (inOthers.has(id)) return null;
    if (inRelays?.has(id)) return 'relays';
    return inEngine?.has(id) && inLazy?.has(id) ? 'storage' : null;
  };
}

/** @param {readonly string[]} names */
function inSource(...names) {
  return names.map((name) => join(root, 'src', `${name}.ts`));
}

/** By static imports, without `except`. @param {ModuleInfo} infoOf @param {readonly string[]} entries @param {ReadonlySet<string>} except */
function reachedFrom(infoOf, entries, except = new Set()) {
  const reached = new Set(entries);
  for (const id of reached) {
    for (const imported of infoOf(id)?.importedIds ?? []) if (!except.has(imported)) reached.add(imported);
  }
  return reached;
}
