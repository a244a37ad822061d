import type { JsonValue, LocalNode, RawCoMap } from 'cojson';
import { expect, it, onTestFinished } from 'vitest';
import { openTwoNodes } from '../../../test/support/engine/session-nodes.ts';
import { until } from '../../../test/support/until.ts';
import { systemClock } from '../../base/clock.ts';
import { nextTask } from '../../base/next-task.ts';
import type { PresenceFrame } from '../../wire/frames.ts';
import type { CollaborationParts } from '../app-parts.ts';
import { createPresenceRoom } from './presence-room.ts';
import { createSeals, type Seals } from './seal.ts';

/** What the room sends is in `sent`, and reaches nobody. `allOpened` waits until all that it has received is handled. */
function openRoom(node: LocalNode, map: RawCoMap) {
  const sent: PresenceFrame[] = [];
  const opened: Promise<unknown>[] = [];
  const seals = createSeals(crypto.subtle, (length) => node.crypto.randomBytes(length));
  function open(...given: Parameters<Seals['open']>): Promise<string | undefined> {
    const text = seals.open(...given);
    opened.push(text);
    return text;
  }
  const room = createPresenceRoom({
    ...{ id: map.id, node, seals: { ...seals, open } },
    load: (() => node.load(map.id)) as CollaborationParts['load'],
    names: { view: () => ({ nameOf: () => undefined, close() {} }) },
    relays: { offer: () => 'on', send: (frame) => void sent.push(frame) },
    queue: { add: (send) => send(), remove() {}, close() {} },
    nowMs: Date.now,
    clock: systemClock,
    mayVerify: () => true,
    mayEnter: () => true,
    entered() {},
    left() {},
  });
  onTestFinished(room.presence.subscribe(() => {}));
  const shown = () => room.presence.current.others.map(({ state }) => state);
  const allOpened = () => Promise.all(opened).then(nextTask);
  return { room, sent, shown, allOpened };
}

/** Shows a state, and resolves with the frame that the room sends of it. */
async function sendFrom(
  { room, sent }: ReturnType<typeof openRoom>,
  state: JsonValue,
): Promise<PresenceFrame> {
  const before = sent.length;
  room.presence.set(state);
  return until(() => {
    const frame = sent[before];
    if (!frame) throw new Error('Nothing was sent.');
    return frame;
  });
}

it('[PRES-7] shows no session that has left while its last state was opened', async () => {
  const { owner, other, group, map, exchange } = await openTwoNodes();
  group.addMember(other.expectCurrentAccount('test'), 'reader');
  exchange();
  const [ofOwner, ofOther] = [openRoom(owner, map), openRoom(other, map)];
  await until(() => ofOther.sent.length > 0);
  const send = (state: JsonValue) => sendFrom(ofOther, state);
  const receive = (frame: PresenceFrame) => ofOwner.room.received('relay', frame);
  receive(await send('first'));
  await until(() => expect(ofOwner.shown()).toEqual(['first']));
  const last = await send('last');
  const { id, from } = last;
  receive(last);
  receive({ maia: 'presence', id, from, gone: true });
  await ofOwner.allOpened();
  expect(ofOwner.shown()).toEqual([]);
  // Nobody can repeat it.
  receive(last);
  await ofOwner.allOpened();
  expect(ofOwner.shown()).toEqual([]);
  receive(await send('back'));
  await until(() => expect(ofOwner.shown()).toEqual(['back']));
});

it('[PRES-9] shows a removed member nothing more, also not what was sent before the removal', async () => {
  const { owner, other, group, map, exchange } = await openTwoNodes();
  const account = other.expectCurrentAccount('test');
  group.addMember(account, 'reader');
  exchange();
  const [ofOwner, ofOther] = [openRoom(owner, map), openRoom(other, map)];
  await until(() => ofOwner.sent.length > 0 && ofOther.sent.length > 0);
  ofOther.room.received('relay', await sendFrom(ofOwner, 'first'));
  await until(() => expect(ofOther.shown()).toEqual(['first']));
  const late = await sendFrom(ofOwner, 'late');
  group.removeMember(account);
  exchange();
  await until(() => expect(ofOther.room.presence.current.state).toBe('waiting'));
  expect(ofOther.shown()).toEqual([]);
  ofOther.room.received('relay', late);
  await ofOther.allOpened();
  expect(ofOther.shown()).toEqual([]);
});
