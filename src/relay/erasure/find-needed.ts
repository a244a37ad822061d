import { dependedOn } from '../../engine/covalue-access.ts';
import type { ContentLoader } from '../storage/content-loader.ts';
import { branches, groupsNaming, type FindGroupsOptions } from './find-groups.ts';

/**
 * Finds which of these the CoValues of others depend on, with what these need in turn: without them, a client that has only
 * cojson would wait for them for ever, and could never load what others have.
 */
export async function findNeeded(
  coValues: ReadonlySet<string>,
  options: FindGroupsOptions & { readonly reader: Pick<ContentLoader, 'read'> },
): Promise<ReadonlySet<string>> {
  const { reader, pause } = options;
  const needed = new Set<string>();
  const need = (id: unknown) => {
    if (typeof id === 'string' && coValues.has(id)) needed.add(id);
  };

  /** Of a group, its transactions count, too. Of anything else, only the header stays. */
  async function needDependencies(id: string): Promise<void> {
    const stored = await reader.read(id);
    if (!stored) return;
    const { header, pieces } = stored;
    const isGroup =
      header.ruleset.type === 'group' && (!coValues.has(id) || header.meta?.['type'] !== 'account');
    for await (const piece of pieces) {
      const part = isGroup ? piece : { ...piece, new: {} };
      for (const one of dependedOn(header, part)) need(one);
      if (!isGroup) return;
      await pause();
    }
  }

  for await (const id of groupsNaming({ ids: coValues }, options))
    if (!coValues.has(id)) await needDependencies(id);
  for await (const { id, source } of branches(options)) if (!coValues.has(id)) need(source);
  // Grows.
  for (const id of needed) await needDependencies(id);
  return needed;
}
