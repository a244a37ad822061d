import type { LocalNode, RawCoMap } from 'cojson';
import { expect, it, onTestFinished } from 'vitest';
import { openTwoNodes } from '../../../test/support/engine/session-nodes.ts';
import { until } from '../../../test/support/until.ts';
import { createReadable } from '../../base/readable.ts';
import { offerConfirmations, type Confirmations, type RelayPresence } from '../../sync/confirmations.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import type { PresenceFrame } from '../../wire/frames.ts';
import type { CollaborationParts } from '../app-parts.ts';
import type { Names } from '../names/create-names.ts';
import { createPresence } from './create-presence.ts';

/** Its clock does not move. */
function openPresence(node: LocalNode) {
  const sent: PresenceFrame[] = [];
  let received: Parameters<RelayPresence['follow']>[0]['received'] = () => {};
  const presence: RelayPresence = {
    offer: () => 'on',
    follow: (on) => void ({ received } = on),
    send: (frame) => void sent.push(frame),
  };
  const fake = createFakeClock();
  const sync = createReadable({}) as unknown as SyncPeers;
  offerConfirmations(sync, { presence } as Confirmations);
  const parts = {
    ...{ node, load: (id: RawCoMap['id']) => node.load(id), subtle: crypto.subtle },
    sync,
    clock: { ...fake, nowMs: Date.now },
  };
  const names = { view: () => ({ nameOf: () => undefined, close() {} }) };
  const calls = createPresence(parts as unknown as CollaborationParts, names as unknown as Names);
  onTestFinished(calls.close);

  function show({ id }: RawCoMap) {
    const shown = calls.presence(id);
    onTestFinished(shown.subscribe(() => {}));
    return { id, set: shown.set, states: () => shown.current.others.map(({ state }) => state) };
  }

  return { show, sent, clock: fake, receive: (frame: PresenceFrame) => received('relay', frame) };
}

it('[PRES-13] a flood in one room takes no checks of the frames of another', async () => {
  const { owner, other, group, map: loud, exchange } = await openTwoNodes();
  group.addMember(other.expectCurrentAccount('test'), 'reader');
  const quiet = group.createMap({ title: 'quiet' });
  exchange();
  const [ofOwner, ofOther] = [openPresence(owner), openPresence(other)];
  const [loudAtOwner, quietAtOwner] = [ofOwner.show(loud), ofOwner.show(quiet)];
  const [loudAtOther, quietAtOther] = [ofOther.show(loud), ofOther.show(quiet)];

  async function makeFrame({ set, id }: typeof loudAtOther, state: number): Promise<PresenceFrame> {
    ofOther.sent.length = 0;
    set(state);
    return until(() => {
      ofOther.clock.advance(50);
      const frame = ofOther.sent.find((one) => one.id === id);
      if (!frame) throw new Error('Nothing was sent.');
      return frame;
    });
  }

  const frames: PresenceFrame[] = [];
  for (let state = 1; state <= 300; state++) frames.push(await makeFrame(loudAtOther, state));
  for (const frame of frames) ofOwner.receive(frame);
  await until(() => expect(loudAtOwner.states()[0]).toBeGreaterThanOrEqual(150));

  ofOther.sent.length = 0;
  quietAtOther.set(1);
  await until(() => {
    ofOther.clock.advance(50);
    for (const frame of ofOther.sent.splice(0)) if (frame.id === quiet.id) ofOwner.receive(frame);
    expect(quietAtOwner.states()).toEqual([1]);
  });
  expect(loudAtOwner.states()[0]).toBeLessThan(200);
});
