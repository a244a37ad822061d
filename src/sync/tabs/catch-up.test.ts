import type { RawCoID } from 'cojson';
import { expect, it } from 'vitest';
import { silentLogger } from '../../base/logger.ts';
import { createPacer } from '../../base/pacer.ts';
import { createFakeTasks } from '../../../test/support/platform/fake-tasks.ts';
import { createAgentNode } from '../../../test/support/sync/stock-relay.ts';
import { createTestLadder } from '../../../test/support/sync/test-ladder.ts';
import type { Recalled } from '../delivery/ladder.ts';
import { createCatchUp } from './catch-up.ts';
import { createOtherTabs } from './other-tabs.ts';

const recalled: Recalled = { sinceMs: 1, need: { a: 1 }, confirmed: new Map(), generations: new Map() };
const owed = (...ids: readonly RawCoID[]) => ({
  byID: new Map(ids.map((id) => [id, recalled])),
  unfilled: new Set<string>(),
});

it('counts what others owe over many tasks, from every reading', async () => {
  const { clock, ladder } = createTestLadder();
  const tasks = createFakeTasks();
  const node = await createAgentNode();
  let nowMs = 0;
  const catchUp = createCatchUp({
    node,
    ladder,
    readDebts: () => Promise.resolve(owed()),
    clock,
    others: createOtherTabs(node.currentSessionID),
    pacer: createPacer({ nowMs: () => nowMs++, nextTask: tasks.nextTask }),
    logger: silentLogger,
    contentImport: { fromStorage() {} },
  });
  const ids = Array.from({ length: 1_000 }, (_, at): RawCoID => `co_z${at}`);
  catchUp.count(owed(...ids));
  expect(ladder.pending.size).toBeLessThan(10);
  // Of a reading that began earlier, or later.
  catchUp.count(owed('co_zOther'));
  expect(await tasks.runAll()).toBeGreaterThan(100);
  expect([...ladder.pending.keys()]).toEqual([...ids, 'co_zOther']);
  catchUp.close();
});
