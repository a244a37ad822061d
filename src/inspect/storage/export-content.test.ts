import { mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import type { LocalNode, RawAccountID, RawCoID } from 'cojson';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { accountSecrets } from '../../../test/secrets/account-secrets.ts';
import { findSecrets } from '../../../test/secrets/find-secrets.ts';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import { createTestSessions } from '../../../test/support/session/test-sessions.ts';
import { giveFakeDevice, type FakeDevice } from '../../../test/support/storage/fake-device.ts';
import { createFakeSync, unconfirmedEdits, type FakeSync } from '../../../test/support/sync/fake-sync.ts';
import { createAgentNode } from '../../../test/support/sync/stock-relay.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createInspector } from '../create-inspector.ts';
import type { Inspector } from '../inspector.ts';
import type { ContentEnd, ContentHead, ContentLine } from './content-file.ts';
import { until } from '../../../test/support/until.ts';

vi.setConfig({ testTimeout: 60_000 });

const startMs = 1_700_000_000_000;
let node: LocalNode;
let sync: FakeSync;
let device: FakeDevice;
let inspector: Inspector;

beforeEach(async () => {
  node = await createAccountNode();
  device = giveFakeDevice(node);
  sync = createFakeSync(node, startMs);
  inspector = createInspector(sync, { clock: createFakeClock(startMs) });
});
afterEach(() => inspector.close());

interface Exported {
  readonly text: string;
  readonly head: ContentHead;
  readonly coValues: readonly (ContentLine & { readonly kind: 'covalue' })[];
  readonly unreadable: readonly (ContentLine & { readonly kind: 'unreadable' })[];
  readonly end: ContentEnd;
}

async function exported(which: 'unsynced' | 'all', from = inspector): Promise<Exported> {
  const texts: string[] = [];
  for await (const line of from.controls.exportContent(which)) {
    expect(line).toMatch(/^\{[^\n]*\}\n$/);
    texts.push(line);
  }
  const [head, ...lines] = texts.map((line) => JSON.parse(line) as unknown);
  const all = lines as readonly ContentLine[];
  const end = all.at(-1);
  if (end?.kind !== 'end') throw new Error('The last line is the end.');
  return {
    text: texts.join(''),
    head: head as ContentHead,
    coValues: all.filter((line) => line.kind === 'covalue'),
    unreadable: all.filter((line) => line.kind === 'unreadable'),
    end,
  };
}

/** A node without keys that has received only these lines. */
async function freshNodeOf({ coValues }: Exported): Promise<LocalNode> {
  const fresh = await createAgentNode();
  for (const content of coValues.flatMap((line) => line.content)) {
    fresh.syncManager.handleNewContent(content, 'import');
  }
  return fresh;
}

const loadedIDs = (of: LocalNode) =>
  [...of.allCoValues()].flatMap(({ id, verified }) => (verified ? id : [])).toSorted();
const idsOf = ({ coValues }: Exported) => coValues.map(({ id }) => id).toSorted();
const stateOf = (of: LocalNode, id: string) => of.getCoValue(id as RawCoID).knownState();

describe('all of it', () => {
  it('[PANEL-10] gives a new node the same known states', async () => {
    const group = node.createGroup();
    const map = group.createMap({ title: 'Crew list' }, null, 'private');
    for (let n = 0; n < 5; n++) map.set('long', `${n}`.repeat(60_000), 'private');
    const stream = group.createBinaryStream();
    stream.startBinaryStream({ mimeType: 'image/png' });
    const ids = loadedIDs(node);
    // The map is stored in part, the group not at all, and the other account's CoValues only on the device.
    const before = map.core.knownState();
    device.keep(
      node,
      ids.filter((id) => id !== group.id),
    );
    map.set('more', 'beyond', 'private');
    expect(map.core.knownState()).not.toEqual(before);
    const elsewhere = (await createAccountNode()).createGroup();
    const other = elsewhere.createMap({ a: 1 }, null, 'trusting');
    const otherIDs = loadedIDs(other.core.node);
    device.keep(other.core.node, otherIDs);

    const file = await exported('all');
    expect(file.head).toEqual({
      ...{ maia: 'content', v: 1, which: 'all', of: 'device', exportedAtMs: startMs },
      ...{ kernel: file.head.kernel, accountID: node.getCurrentAccountOrAgentID() },
    });
    expect(idsOf(file)).toEqual([...ids, ...otherIDs].toSorted());
    expect(file.end).toEqual({
      ...{ kind: 'end', coValues: ids.length + otherIDs.length, unreadable: 0, leftOut: 0 },
    });
    const fresh = await freshNodeOf(file);
    for (const id of ids) {
      await until(() => expect([id, stateOf(fresh, id)]).toEqual([id, stateOf(node, id)]));
    }
    for (const id of otherIDs) {
      await until(() => expect([id, stateOf(fresh, id)]).toEqual([id, stateOf(other.core.node, id)]));
    }
  });

  it('starts each CoValue with its header, in messages for a relay', async () => {
    const map = node.createGroup().createMap({ a: 1 }, null, 'private');
    device.keep(node, [map.id]);
    const { coValues } = await exported('all');
    const [line] = coValues.filter(({ id }) => id === map.id);
    expect(line?.content).toEqual(JSON.parse(JSON.stringify(map.core.newContentSince())));
  });

  it('contains loaded content for a node without storage, and is marked so', async () => {
    const plain = await createAccountNode();
    const own = createInspector(createFakeSync(plain, startMs));
    onTestFinished(() => own.close());
    const file = await exported('all', own);
    expect(file.head.of).toBe('memory');
    expect(idsOf(file)).toEqual(loadedIDs(plain));
  });

  it('contains only the deletion of a deleted CoValue', async () => {
    const map = node.createGroup().createMap({ word: 'gone' }, null, 'trusting');
    device.keep(node, [map.id]);
    map.core.deleteCoValue();
    const { coValues } = await exported('all');
    const [line] = coValues.filter(({ id }) => id === map.id);
    const sessions = line?.content.flatMap((content) => Object.keys(content.new)) ?? [];
    expect(sessions).toHaveLength(1);
    expect(sessions[0]).toMatch(/\$$/);
  });
});

describe('what is unsynced', () => {
  it('includes edits of this tab, other tabs and earlier runs, loaded or not', async () => {
    const [mine, theirs, done] = [1, 2, 3].map((n) => node.createGroup().createMap({ n }));
    if (!mine || !theirs || !done) throw new Error('three maps');
    device.keep(node, [theirs.id, done.id]);
    device.unconfirmed.add(theirs.id);
    sync.setUnsynced(unconfirmedEdits(1).map((edit) => ({ ...edit, id: mine.id })));
    const file = await exported('unsynced');
    expect(idsOf(file)).toEqual([mine.id, theirs.id].toSorted());
    expect(file.end).toMatchObject({ coValues: 2, unreadable: 0 });
    expect(device.reads).not.toContain(done.id);
  });
});

describe('what cannot be read', () => {
  it('gets a line that quotes nothing, and the export continues', async () => {
    const maps = [1, 2, 3].map((n) => node.createGroup().createMap({ n }));
    const elsewhere = (await createAccountNode()).createGroup();
    device.keep(elsewhere.core.node, [elsewhere.id]);
    device.keep(
      node,
      maps.map(({ id }) => id),
    );
    device.broken.add(elsewhere.id);
    const file = await exported('all');
    expect(file.unreadable).toEqual([
      { kind: 'unreadable', id: elsewhere.id, reason: 'Cannot read it from this device (DataError).' },
    ]);
    expect(file.end.unreadable).toBe(1);
    expect(idsOf(file)).toEqual(loadedIDs(node));
  });

  it('gets a line if its header is missing', async () => {
    device.keep(node, ['co_zNothing']);
    const { unreadable } = await exported('all');
    expect(unreadable).toEqual([
      { kind: 'unreadable', id: 'co_zNothing', reason: 'Its header is not on this device.' },
    ]);
  });

  it('gets one line for the whole device if the device is unreadable', async () => {
    device.broken.add('all');
    const file = await exported('all');
    expect(file.unreadable).toHaveLength(1);
    expect(file.unreadable[0]?.reason).toContain('database (DataError)');
    expect(idsOf(file)).toEqual(loadedIDs(node));
  });
});

it('reads page by page, and stops when the iteration ends', async () => {
  const maps = Array.from({ length: 100 }, (_, n) => node.createGroup().createMap({ n }));
  device.keep(
    node,
    maps.map(({ id }) => id),
  );
  let lines = 0;
  for await (const line of inspector.controls.exportContent('all')) {
    expect(line).toBeTruthy();
    if (++lines === 3) break;
  }
  expect(device.reads.length).toBeLessThan(50);
  const { length } = device.reads;
  await new Promise((resolve) => setImmediate(resolve));
  expect(device.reads).toHaveLength(length);
});

describe('secrets', () => {
  it('are excluded: keys, seed and passkey entries; private content is encrypted', async () => {
    const sessions = await createTestSessions();
    onTestFinished(() => sessions.end());
    const session = await sessions.signedUp({ sync: { url: sessions.relay.url }, name: 'Ana' });
    const map = session.node.createGroup().createMap({ word: 'between us' }, null, 'private');
    const phrase = await session.revealRecoveryPhrase();
    const own = createInspector(session);
    onTestFinished(() => own.close());

    const file = await exported('all', own);
    expect(file.coValues.map(({ id }) => id)).toContain(map.id);
    expect(file.coValues.map(({ id }) => id)).toContain(session.accountID as RawAccountID);
    // The passkey's entry.
    expect(file.end.leftOut).toBe(1);
    expect(file.text).not.toContain('maia/keyring/v1');
    expect(file.text).not.toContain('between us');
    expect(file.text).not.toMatch(/sealerSecret_z|signerSecret_z|keySecret_z/);
    const secrets = await accountSecrets('Ana', mnemonicToEntropy(phrase, wordlist));
    expect(findSecrets(secrets, [{ place: 'export', content: file.text }])).toEqual([]);
    // Proves that the search finds a secret that is present.
    const planted = `${file.text}${session.node.agentSecret}`;
    expect(findSecrets(secrets, [{ place: 'export', content: planted }])).not.toEqual([]);
  });
});
