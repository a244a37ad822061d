import type { RawCoList, RawCoMap } from 'cojson';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPeople } from '../../../test/support/session/people.ts';
import { createTestSessions, type TestSessions } from '../../../test/support/session/test-sessions.ts';
import { until } from '../../../test/support/until.ts';
import type { Session } from '../../session/session.ts';

let sessions: TestSessions;
let ana: Session;
let mara: Session;
let map: RawCoMap;
let list: RawCoList;

const { connected } = createPeople(() => sessions);

/** Mara edits offline what Ana has removed her from. */
beforeEach(async () => {
  sessions = await createTestSessions();
  ana = await connected();
  mara = await sessions.signedUp();
  const group = ana.node.createGroup();
  map = group.createMap({ text: 'Soap' });
  list = group.createList(['Rope']);
  const { link } = await ana.share(map);
  await ana.sync.whenConfirmed();
  await mara.acceptInvite(link);
  const text = await mara.load(map.id);
  const items = await mara.load<RawCoList>(list.id);
  const members = ana.members(map);
  sessions.onEnd(members.subscribe(() => {}));
  await until(() => expect(members.current.members).toHaveLength(2));
  mara.sync.pause();
  await members.remove(mara.accountID);
  text.set('text', 'Green soap');
  text.set('done', true, 'trusting');
  text.delete('text');
  items.append('Knots');
  mara.sync.resume();
});
afterEach(() => sessions.end());

/** Subscribes until the test ends. */
function changesOf(session: Session, id: string): () => readonly unknown[] {
  const edits = session.notCounted(id);
  sessions.onEnd(edits.subscribe(() => {}));
  return () => edits.current.flatMap(({ changes }) => changes);
}

const ofMap = [
  { op: 'set', key: 'text', value: 'Green soap' },
  { op: 'set', key: 'done', value: true },
  { op: 'del', key: 'text' },
];

test('[WATCH-12] the author has what an edit wanted that does not count, of maps and lists', async () => {
  const inMap = changesOf(mara, map.id);
  const inList = changesOf(mara, list.id);
  await until(() => expect(inMap()).toEqual(ofMap));
  await until(() => expect(inList()).toMatchObject([{ op: 'app', value: 'Knots' }]));
  expect(new Set(mara.notCounted(map).current.map(({ reason }) => reason))).toEqual(
    new Set(['not-a-member-then']),
  );
});

test('[WATCH-12] another device of the author has it, too, and nobody else', async () => {
  await expect(mara.sync.whenConfirmed()).rejects.toMatchObject({ code: 'EDIT_NOT_COUNTED' });
  const phone = await sessions.signedIn();
  const onPhone = changesOf(phone, map.id);
  await until(() => expect(onPhone()).toEqual(ofMap));
  const ofAna = changesOf(ana, map.id);
  await until(() => expect(ana.node.getLoaded(map.id)?.core.verifiedTransactions).toHaveLength(4));
  expect(ofAna()).toEqual([]);
});

test('[WATCH-12] what does not count stays there when the account may write again, until the CoValue is deleted', async () => {
  const inMap = changesOf(mara, map.id);
  await until(() => expect(inMap()).toEqual(ofMap));
  const { link } = await ana.share(map);
  await ana.sync.whenConfirmed();
  await mara.acceptInvite(link);
  const text = await mara.load(map.id);
  text.set('text', 'Blue soap');
  await until(() => expect(map.get('text')).toBe('Blue soap'));
  expect(inMap()).toEqual(ofMap);
  map.core.deleteCoValue();
  await until(() => expect(inMap()).toEqual([]));
});

test('[WATCH-12] an invalid ID throws, and nothing is kept of a CoValue that is not here', () => {
  expect(() => mara.notCounted('list')).toThrow(
    expect.objectContaining({ code: 'MESSAGE_INVALID' }) as Error,
  );
  expect(mara.notCounted('co_zNobodyHasThis').current).toEqual([]);
});
