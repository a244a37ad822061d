import { beforeEach } from 'vitest';
import { patchLists } from '../../../src/engine/fixes/patch-lists.ts';
import { patchTieOrder } from '../../../src/engine/fixes/tie-order.ts';

patchTieOrder();
patchLists();

// The tests expect edits of one millisecond in the order in which they arrived. Ours is the same on all devices.
const { now } = Date;
let lastMs = 0;
Date.now = () => (lastMs = Math.max(lastMs + 1, now()));

beforeEach(({ task, skip }) => {
  if (task.name.startsWith('chunks transactions when')) skip('It stores in SQLite, which is not installed.');
});
