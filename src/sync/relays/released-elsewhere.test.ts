import { LocalNode, type RawCoMap } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { beforeEach, expect, it } from 'vitest';
import { createTestLadder } from '../../../test/support/sync/test-ladder.ts';
import { localCounts } from '../../engine/covalue-lookup.ts';
import type { KnownCounts } from '../../engine/known-counts.ts';
import type { Ladder } from '../delivery/ladder.ts';
import { needOf, noEdits } from '../delivery/pending-edits.ts';
import { endReleasedElsewhere } from './released-elsewhere.ts';

let node: LocalNode;
let map: RawCoMap;
let ladder: Ladder;
/** What the disk and the ledger have of the map. */
let stored: KnownCounts;
let owed: KnownCounts;
let isUnreadable: boolean;
let isIntact: boolean;
let meanwhile: () => void;
let reads: number;
let found: ReturnType<typeof endReleasedElsewhere>;

const session = 'co_zAna_session_z1';

beforeEach(async () => {
  const crypto = await WasmCrypto.create();
  const secret = crypto.newRandomAgentSecret();
  node = new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
  map = node.createGroup().createMap({ word: 'mine' });
  ({ ladder } = createTestLadder());
  [stored, owed, isUnreadable, isIntact, reads] = [{}, {}, false, true, 0];
  meanwhile = () => {};
  found = endReleasedElsewhere({
    node,
    ladder,
    states: {
      read: (ids) => {
        reads++;
        return isUnreadable
          ? Promise.reject(new DOMException('no data', 'UnknownError'))
          : Promise.resolve(new Map(ids.map((id) => [id, { counts: stored, signatures: {} }])));
      },
      async *ids() {},
    },
    ledger: { isIntact: () => Promise.resolve(isIntact) },
    readDebts() {
      meanwhile();
      const recalled = { sinceMs: 0, need: owed, confirmed: new Map(), generations: new Map() };
      return Promise.resolve({ byID: new Map([[map.id, recalled]]) });
    },
  });
});

const pending = () => needOf(ladder.pending.get(map.id) ?? noEdits);
const settled = () => new Promise((resolve) => setTimeout(resolve));
const recall = (need: KnownCounts) =>
  ladder.recalled(map.id, { sinceMs: 0, need, confirmed: new Map(), generations: new Map() });

it('ends what neither the disk, memory nor the ledger has', async () => {
  recall({ [session]: 3 });
  found(map.id);
  await settled();
  expect(ladder.pending.size).toBe(0);
});

it('keeps what one of them has', async () => {
  const here = localCounts(node, map.id);
  stored = { [`${session}stored`]: 1 };
  owed = { [session]: 2 };
  recall({ ...here, ...stored, [session]: 3 });
  found(map.id);
  await settled();
  expect(pending()).toEqual({ ...here, ...stored, ...owed });
});

it('keeps everything if the disk cannot be read, or the edits change meanwhile, and looks again', async () => {
  recall({ [session]: 3 });
  isUnreadable = true;
  found(map.id);
  await settled();
  expect(pending()).toEqual({ [session]: 3 });
  isUnreadable = false;
  meanwhile = () => ladder.savedElsewhere(map.id, { [session]: 4 });
  found(map.id);
  await settled();
  expect(pending()).toEqual({ [session]: 4 });
  meanwhile = () => {};
  found(map.id);
  found(map.id);
  await settled();
  expect([pending(), reads]).toEqual([{}, 3]);
});

it('keeps everything if the database was emptied, so that edits may be lost', async () => {
  recall({ [session]: 3 });
  isIntact = false;
  found(map.id);
  await settled();
  expect(pending()).toEqual({ [session]: 3 });
});
