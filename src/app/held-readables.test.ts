import { afterAll, beforeAll, expect, it } from 'vitest';
import { collectGarbage } from '../../test/support/collect-garbage.ts';
import { openRelay } from '../../test/support/relay/test-relay.ts';
import { createPeople } from '../../test/support/session/people.ts';
import { createTestSessions, type TestSessions } from '../../test/support/session/test-sessions.ts';
import { until } from '../../test/support/until.ts';
import type { Readable } from '../base/readable.ts';
import type { Relay } from '../relay/index.ts';
import type { Session } from '../session/session.ts';

let relay: Relay;
let sessions: TestSessions;
let alice: Session;
let bob: Session;
const { person } = createPeople(() => sessions);
beforeAll(async () => {
  relay = await openRelay({ storage: 'memory:' });
  sessions = await createTestSessions();
  [alice, bob] = [await person({ url: relay.url }), await person({ url: relay.url })];
  for (const { sync } of [alice, bob]) await sync.whenConfirmed();
});
afterAll(async () => {
  await sessions.end();
  await relay.close();
});

/** A map of Alice, which Bob may read. */
async function share() {
  const group = alice.node.createGroup();
  group.addMember(await alice.load(bob.accountID), 'reader');
  const map = group.createMap({ title: 'ours' });
  await alice.sync.whenConfirmed();
  return map;
}

/** Until an object that was made after what the test looks at has been collected. */
async function collect(): Promise<void> {
  const collected = new WeakRef({});
  await until(() => {
    collectGarbage();
    return !collected.deref();
  });
}

it('[WATCH-6] what is subscribed to stays current, also if only the subscriber is held', async () => {
  const map = await share();
  const { id } = await alice.files.write(map, new Blob(['some bytes']));
  const questions: (() => Readable<unknown>)[] = [
    () => bob.watch(map.id),
    () => bob.watchAll([map.id]),
    () => bob.members(map.id),
    () => bob.presence(map.id),
    () => bob.files.watch(id),
  ];
  const seen = questions.map(() => [] as unknown[]);
  const ends = questions.map((question, at) => question().subscribe((value) => void seen[at]?.push(value)));
  const first = questions.map((question) => question().current);
  await until(() => first.every((value, at) => seen[at]?.at(-1) !== value));
  await until(() => ['on', 'ready'].every((state) => JSON.stringify(seen).includes(`"state":"${state}"`)));
  await collect();
  expect(questions.map((question) => question().current)).toEqual(seen.map((values) => values.at(-1)));
  for (const end of ends) end();
});

it('[PRES-7] what one call of presence shows, another one changes and undoes', async () => {
  const { id } = await share();
  const others = alice.presence(id);
  const end = others.subscribe(() => {});
  const untilShown = (...states: readonly string[]) =>
    until(() => expect(others.current.others.map(({ state }) => state)).toEqual(states));
  bob.presence(id).set('alone');
  await untilShown('alone');
  await collect();
  bob.presence(id).set(undefined);
  await untilShown();
  const endOfBob = bob.presence(id).subscribe(() => {});
  bob.presence(id).set('first');
  await untilShown('first');
  await collect();
  bob.presence(id).set('second');
  await untilShown('second');
  await collect();
  bob.presence(id).set(undefined);
  await untilShown();
  endOfBob();
  end();
});
