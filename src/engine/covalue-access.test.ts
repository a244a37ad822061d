import type { LocalNode, RawCoID } from 'cojson';
import { expect, it } from 'vitest';
import { createClientNode } from '../../test/support/relay/stock-client.ts';
import type { Pacer } from '../base/pacer.ts';
import type { Content } from './content.ts';
import { groupChainOf, isComplete } from './covalue-access.ts';
import { getAvailableCoValue } from './covalue-lookup.ts';
import { paceReleases } from './release-pacing.ts';

function contentOf(node: LocalNode, id: RawCoID): Content {
  const [content] = node.getCoValue(id).newContentSince() ?? [];
  if (!content) throw new Error(`${id} has no content.`);
  return content;
}

/** Handles everything in a later task. */
const laterPacer: Pacer = {
  lane(handle) {
    const push = (items: readonly Parameters<typeof handle>[0][]) =>
      void setImmediate(() => items.forEach(handle));
    return { waiting: 0, push, pushLater: push, clear: () => [] };
  },
};

const nextTask = () => new Promise<void>((resolve) => setImmediate(resolve));

it.each([{ isPaced: false }, { isPaced: true }])(
  'is incomplete until what waited for a dependency was handled (paced: $isPaced)',
  async ({ isPaced }) => {
    const [owner, other] = [await createClientNode(), await createClientNode()];
    if (isPaced) paceReleases(other, laterPacer);
    const group = owner.createGroup();
    const receive = (id: RawCoID) => other.syncManager.handleNewContent(contentOf(owner, id), 'import');
    receive(owner.expectCurrentAccount('the owner').id);
    receive(group.id);
    const core = getAvailableCoValue(other, group.id);
    if (!core) throw new Error('The group has not arrived.');
    core.getCurrentContent();
    const above = owner.createGroup();
    group.extend(above);
    const wrong: string[] = [];
    function look(): void {
      const knowsParent = groupChainOf(other, group.id).includes(above.id);
      if (core && isComplete(core) !== knowsParent) wrong.push(`parent known: ${knowsParent}`);
    }
    core.subscribe(look, false);
    receive(group.id);
    receive(above.id);
    while (!groupChainOf(other, group.id).includes(above.id)) {
      await nextTask();
      look();
    }
    expect(wrong).toEqual([]);
    expect(isComplete(core)).toBe(true);
  },
);
