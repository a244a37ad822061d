import { EventEmitter } from 'node:events';
import { silentLogger } from '../../../src/base/logger.ts';
import { createRelayNode } from '../../../src/engine/create-node.ts';
import { serveConnection } from '../../../src/relay/client/client-connection.ts';
import type { ConnectionOptions } from '../../../src/relay/client/connection-options.ts';
import { createReadTurns } from '../../../src/relay/client/reading/read-turns.ts';
import { createSubscriberIndex } from '../../../src/relay/client/subscriber-index.ts';
import { createPresenceRooms } from '../../../src/relay/presence/presence-rooms.ts';
import { readLimits } from '../../../src/relay/config/limits.ts';
import { createFakeClock } from '../../../src/testing/fake-clock.ts';
import { plentyOfMemory } from './plenty-of-memory.ts';
import { crypto } from './stock-client.ts';

const run = (_: unknown, then: () => void) => then();

/** A client's socket without a network. `emit('close')` ends it. */
export function createStubSocket(sent: string[] = []) {
  return Object.assign(new EventEmitter(), {
    ...{ readyState: 1, OPEN: 1, bufferedAmount: 0 },
    send: (text: string) => void sent.push(text),
    ...{ ping() {}, pause() {}, resume() {}, close() {}, terminate() {} },
  });
}

/** A client's connection at a real node, over a socket without a network and without a storage. */
export function serveStub(options: Partial<ConnectionOptions> = {}) {
  const sent: string[] = [];
  const socket = createStubSocket(sent);
  const node = createRelayNode(crypto);
  const clock = createFakeClock();
  const connection = serveConnection({
    ...{ id: 'client-1', socket, incoming: undefined, node, limits: readLimits() },
    storage: {
      ...{ refusal: () => undefined, afterCommit: run, onceWritten: run },
      readContent: () => Promise.resolve(undefined),
    } as Partial<ConnectionOptions['storage']> as ConnectionOptions['storage'],
    measure: { received() {}, sent() {}, refused() {}, refusedContent() {} },
    subscribers: createSubscriberIndex(node),
    handled: { from: () => undefined },
    turns: createReadTurns(),
    memory: plentyOfMemory(),
    admission: { mayName: () => true },
    beginnings: { read: () => undefined, heldBack: () => undefined },
    restrictions: { isTakenDown: () => false, blockOf: () => undefined, barredBy: () => undefined },
    presence: createPresenceRooms({ isTakenDown: () => false, isBarred: () => false, clock, publish() {} }),
    hello: {} as ConnectionOptions['hello'],
    clock,
    random: () => 0.5,
    logger: silentLogger,
    ...{ notFound() {}, challenged() {}, address: '', ended() {} },
    signInLimits: { signInFailed() {}, signInRefusal: () => undefined, countLookup: () => undefined },
    ...options,
  });
  return { connection, socket, sent, node, clock };
}
