import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { LocalNode } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { createWebSocketPeer } from 'cojson-transport-ws';
import { WebSocket } from 'ws';
import { createRandom } from '../../../src/base/seeded-random.ts';
import { mutatedMessage, randomMessage } from '../../support/relay/random-frames.ts';
import type { Attack, Content } from './attack.ts';
import { dialBare, sendOn, upgrade } from './sockets.ts';

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
let idCount = 0;

/** A new ID, of a CoValue that does not exist. */
function unknownID(): `co_z${string}` {
  let id = '';
  for (let rest = ++idCount; id.length < 24; rest = Math.floor(rest / 58)) id += alphabet.charAt(rest % 58);
  return `co_z${id}`;
}

const loadFlood: Attack = async ({ url }, isStopped, did) => {
  const frame = () =>
    Array.from({ length: 200 }, () =>
      JSON.stringify({ action: 'load', id: unknownID(), header: false, sessions: {} }),
    ).join('\n');
  await Promise.all([
    sendOn(url, isStopped, frame, did),
    sendOn(url, isStopped, frame, did),
    sendOn(url, isStopped, frame, did, (socket) => socket.pause()),
  ]);
};

const randomFrames: Attack = async ({ url, targets }, isStopped, did) => {
  const random = createRandom(20261120);
  const parts = {
    load: ['id', 'header', 'sessions'],
    known: ['id', 'header', 'sessions', 'isCorrection', 'asDependencyOf'],
    content: ['id', 'header', 'priority', 'new', 'expectContentUntil'],
    done: ['id'],
    reconcile: ['id', 'values'],
    'reconcile-ack': ['id'],
  };
  const kinds = Object.entries(parts);
  const frame = () => {
    const [action, names] = kinds[Math.floor(random() * kinds.length)] ?? ['done', []];
    const target = targets[Math.floor(random() * targets.length)];
    return action === 'content' && target && random() < 0.5
      ? mutatedMessage(target, random)
      : randomMessage(action, names, random);
  };
  await Promise.all(Array.from({ length: 4 }, () => sendOn(url, isStopped, frame, did)));
};

/** Repeats `act` in `count` parallel loops. */
async function repeat(count: number, isStopped: () => boolean, act: (index: number) => Promise<void>) {
  await Promise.all(
    Array.from({ length: count }, async () => {
      for (let index = 0; !isStopped(); index++) await act(index);
    }),
  );
}

const churn: Attack = ({ url }, isStopped, did) =>
  repeat(8, isStopped, async (index) => {
    const socket = await dialBare(url);
    if (index % 4 > 0) {
      socket.write(upgrade);
      await once(socket, 'data');
    }
    socket.resetAndDestroy();
    did();
  });

const giantFrame: Attack = ({ url }, isStopped, did) =>
  repeat(2, isStopped, async () => {
    const socket = await dialBare(url);
    socket.write(upgrade);
    await once(socket, 'data');
    const header = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]);
    header.writeBigUInt64BE(1_000_000_000n, 2);
    socket.resume().write(Buffer.concat([header, Buffer.alloc(100_000, 'x')]));
    await once(socket, 'close');
    did();
  });

const slowHandshakes: Attack = async ({ url }, isStopped, did) => {
  const sockets = await Promise.all(Array.from({ length: 500 }, () => dialBare(url)));
  for (const socket of sockets) socket.write(upgrade.slice(0, 60));
  for (let index = 0; !isStopped(); index++) {
    sockets[index % sockets.length]?.write('x');
    did();
    await wait(1);
  }
  for (const socket of sockets) socket.resetAndDestroy();
};

function forge(target: Content, change: (session: string, after: number) => [string, number]): string {
  const forged = Object.entries(target.new).map(([session, content]) => {
    const [author, after] = change(session, content.after + content.newTransactions.length);
    const newTransactions = content.newTransactions.slice(0, 1);
    return [author, { ...content, after, newTransactions }];
  });
  return JSON.stringify({ ...target, new: Object.fromEntries(forged) as Content['new'] });
}

const ghostAuthor: Attack = async ({ url, targets }, isStopped, did) => {
  const frame = () =>
    targets
      .flatMap((target) => [target, { ...target, id: unknownID() }])
      .map((target) => forge(target, () => [`${unknownID()}_session_z1111`, 0]))
      .join('\n');
  await Promise.all([sendOn(url, isStopped, frame, did), sendOn(url, isStopped, frame, did)]);
};

/** Correct except for the signature, and placed as the next transaction. */
const falseSignatures: Attack = async ({ url, targets }, isStopped, did) => {
  const counts = new Map<string, number>();
  const note = (id: string, session: string, count: number) =>
    counts.set(id + session, Math.max(count, counts.get(id + session) ?? 0));
  const frame = () =>
    targets
      .map((target) => forge(target, (session, after) => [session, counts.get(target.id + session) ?? after]))
      .join('\n');
  await Promise.all(
    [1, 2].map(() =>
      sendOn(url, isStopped, frame, did, (socket) => {
        for (const { id } of targets) {
          socket.send(JSON.stringify({ action: 'load', id, header: false, sessions: {} }));
        }
        socket.on('message', (data: Buffer) => {
          for (const line of data.toString('utf8').split('\n')) {
            const { action, id = '', new: added = {} } = JSON.parse(line) as Partial<Content>;
            if (action !== 'content') continue;
            for (const [session, { after, newTransactions }] of Object.entries(added)) {
              note(id, session, after + newTransactions.length);
            }
          }
        });
      }),
    ),
  );
};

const atItsByteLimit: Attack = ({ url }, isStopped, did) => {
  const frame = Buffer.from(JSON.stringify({ maia: 'x', padding: 'x'.repeat(100_000) }));
  return sendOn(url, isStopped, () => frame, did);
};

/** A stock client that edits without waiting for acknowledgements. */
const fastWriter: Attack = async ({ url }, isStopped, did) => {
  const crypto = await WasmCrypto.create();
  const { node } = await LocalNode.withNewlyCreatedAccount({ creationProps: { name: 'Fast' }, crypto });
  const socket = new WebSocket(`${url}/sync`, { perMessageDeflate: false });
  node.syncManager.addPeer(createWebSocketPeer({ id: 'relay', websocket: socket, role: 'server' }));
  const group = node.createGroup();
  let map = group.createMap();
  const acknowledged = () => {
    const peer = Object.values(node.syncManager.peers)[0];
    const known = peer?.getKnownState(map.id)?.sessions[node.currentSessionID];
    return known ?? 0;
  };
  let made = 0;
  while (!isStopped()) {
    if (made > 5_000) [map, made] = [group.createMap(), 0];
    for (let count = 0; count < 50 && socket.bufferedAmount < 100_000; count++) {
      map.set(`key${made % 10}`, ++made, 'trusting');
    }
    if (acknowledged() > 0) did();
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.terminate();
  await node.gracefulShutdown();
};

export const attacks = {
  'loads of what nobody has': loadFlood,
  'random and mutated frames': randomFrames,
  'connections opened and dropped': churn,
  'frames of 1 GB announced': giantFrame,
  '500 slow handshakes': slowHandshakes,
  'content by authors who are nowhere': ghostAuthor,
  'false signatures': falseSignatures,
  'a client at its byte limit': atItsByteLimit,
  'a client that writes as fast as it can': fastWriter,
} satisfies Readonly<Record<string, Attack>>;

export type AttackName = keyof typeof attacks;
